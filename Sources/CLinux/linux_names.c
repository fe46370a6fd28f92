#define _GNU_SOURCE
#include "linux_names.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int linux_rename(const char *from, const char *to, unsigned int flags) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

int linux_open_nameless(const char *folder, unsigned int mode) {
    return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
}

int linux_link_descriptor(int fd, const char *path) {
    char from[32];
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}
