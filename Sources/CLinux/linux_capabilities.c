#define _GNU_SOURCE
#include "linux_capabilities.h"
#include <linux/capability.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

int linux_give_up_capability(int capability) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data)) return -1;
    data[0].effective &= ~(UINT32_C(1) << capability);
    return (int)syscall(SYS_capset, &header, data);
}
