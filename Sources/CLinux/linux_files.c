#define _GNU_SOURCE
#include "linux_files.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static int openat2(int dir, const char *path, uint64_t flags, uint64_t resolve) {
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve | RESOLVE_NO_MAGICLINKS};
    // EAGAIN: something was renamed while `..` was resolved; a storm of renames must not hold us for ever.
    for (int tries = 0;; tries++) {
        int fd = syscall(SYS_openat2, dir, path, &how, sizeof how);
        if (fd != -1 || errno != EAGAIN || tries == 1000) return fd;
    }
}

int linux_open_in_root(int dir, const char *path, uint64_t flags) {
    return openat2(dir, path, flags, RESOLVE_IN_ROOT);
}

int linux_open_beneath(int dir, const char *path, uint64_t flags) {
    return openat2(dir, path, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int linux_open_same_mount(int dir, const char *name, uint64_t flags) {
    int fd = openat2(dir, name, flags | O_NOFOLLOW, RESOLVE_NO_XDEV);
    return fd == -1 && errno == ENOSYS ? openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC) : fd;
}

int linux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int linux_ficlone(int to, int from) { return ioctl(to, FICLONE, from); }

ssize_t linux_copy_file_range(int from, int64_t *from_offset, int to, int64_t *to_offset, size_t length) {
    return copy_file_range(from, from_offset, to, to_offset, length, 0);
}

int64_t linux_seek_data(int fd, int64_t offset) { return lseek(fd, offset, SEEK_DATA); }
int64_t linux_seek_hole(int fd, int64_t offset) { return lseek(fd, offset, SEEK_HOLE); }

int linux_first_extent(int fd, uint64_t *physical) {
    _Alignas(struct fiemap) char room[sizeof(struct fiemap) + sizeof(struct fiemap_extent)] = {0};
    struct fiemap *map = (struct fiemap *)room;
    map->fm_length = FIEMAP_MAX_OFFSET;
    map->fm_flags = FIEMAP_FLAG_SYNC;
    map->fm_extent_count = 1;
    if (ioctl(fd, FS_IOC_FIEMAP, map) == -1) return -1;
    if (map->fm_mapped_extents == 0) return errno = ENODATA, -1;
    *physical = map->fm_extents[0].fe_physical;
    return 0;
}

// The l*xattr calls take paths only; through /proc the folder is still the one that `dir` holds open.
enum { PATH = 32 + 256 };
static const char *entry(char buffer[PATH], int dir, const char *name) {
    snprintf(buffer, PATH, *name ? "/proc/self/fd/%d/%s" : "/proc/self/fd/%d/.", dir, name);
    return buffer;
}

ssize_t linux_list_xattrs(int dir, const char *name, char *list, size_t size) {
    char path[PATH];
    return llistxattr(entry(path, dir, name), list, size);
}

ssize_t linux_get_xattr(int dir, const char *name, const char *key, void *value, size_t size) {
    char path[PATH];
    return lgetxattr(entry(path, dir, name), key, value, size);
}

int linux_set_xattr(int dir, const char *name, const char *key, const void *value, size_t size) {
    char path[PATH];
    return lsetxattr(entry(path, dir, name), key, value, size, 0);
}

int linux_fset_xattr(int fd, const char *key, const void *value, size_t size) {
    return fsetxattr(fd, key, value, size, 0);
}

int linux_remove_xattr(int dir, const char *name, const char *key) {
    char path[PATH];
    return lremovexattr(entry(path, dir, name), key);
}

int linux_set_times(int dir, const char *name, int64_t atime, long atime_ns, int64_t mtime, long mtime_ns) {
    struct timespec times[2] = {{atime, atime_ns}, {mtime, mtime_ns}};
    return *name ? utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) : futimens(dir, times);
}

dev_t linux_makedev(unsigned int major, unsigned int minor) { return makedev(major, minor); }
unsigned int linux_major(dev_t device) { return major(device); }
unsigned int linux_minor(dev_t device) { return minor(device); }
