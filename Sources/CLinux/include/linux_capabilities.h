// Capabilities of this thread alone. man 7 capabilities, man 2 capset
#pragma once

enum { LINUX_CAP_SYS_RESOURCE = 24 };

// Takes one of the first 32 out of the effective ones, for good: for threads that end afterwards.
int linux_give_up_capability(int capability);
