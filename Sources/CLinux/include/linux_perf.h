// Counters of the kernel's perf, for this thread and all threads and programs that it starts from then on.
#pragma once
#include <stdint.h>

// man 2 perf_event_open. Nanoseconds on a processor.
int linux_perf_task_clock(void);
// How often a tracepoint is passed; its number is in tracefs, events/…/id.
int linux_perf_tracepoint(uint64_t number);
