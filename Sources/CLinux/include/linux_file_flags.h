// What chattr(1) sets: flags of an open file or folder. man 2 FS_IOC_SETFLAGS
#pragma once
#include <stdint.h>

enum { LINUX_FILE_IMMUTABLE = 0x10, LINUX_FILE_APPEND = 0x20 };

int linux_get_file_flags(int fd, uint32_t *flags);
int linux_set_file_flags(int fd, uint32_t flags);
