#include "linux_perf.h"
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

static int counter(uint32_t type, uint64_t config) {
    struct perf_event_attr attributes = {
        .type = type, .size = sizeof attributes, .config = config, .inherit = 1,
    };
    return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

int linux_perf_task_clock(void) { return counter(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK); }
int linux_perf_tracepoint(uint64_t number) { return counter(PERF_TYPE_TRACEPOINT, number); }
