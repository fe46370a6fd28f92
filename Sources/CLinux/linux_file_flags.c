#define _GNU_SOURCE
#include "linux_file_flags.h"
#include <linux/fs.h>
#include <sys/ioctl.h>

// The ioctl's number says long, but every file system reads and writes an int.
int linux_get_file_flags(int fd, uint32_t *flags) {
    int value = 0;
    if (ioctl(fd, FS_IOC_GETFLAGS, &value)) return -1;
    *flags = (uint32_t)value;
    return 0;
}

int linux_set_file_flags(int fd, uint32_t flags) {
    int value = (int)flags;
    return ioctl(fd, FS_IOC_SETFLAGS, &value);
}
