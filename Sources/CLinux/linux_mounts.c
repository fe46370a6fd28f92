#define _GNU_SOURCE
#include "linux_mounts.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

struct mount_call {
    const char *folder, *source, *target, *type, *data;
    unsigned long flags;
    int error;
};

int linux_mounts_read_only(int fd) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    return mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes);
}

static void *mount_from(void *argument) {
    struct mount_call *call = argument;
    // CLONE_FS: the working directory is shared with the other threads until we leave.
    int failed = unshare(CLONE_FS) || chdir(call->folder)
        || mount(call->source, call->target, call->type, call->flags, call->data);
    call->error = failed ? errno : 0;
    return NULL;
}

int linux_mount_from(const char *folder, const char *source, const char *target, const char *type,
                     unsigned long flags, const char *data) {
    struct mount_call call = {folder, source, target, type, data, flags, 0};
    pthread_t thread;
    int error = pthread_create(&thread, NULL, mount_from, &call);
    if (!error) {
        pthread_join(thread, NULL);
        error = call.error;
    }
    errno = error;
    return error ? -1 : 0;
}

int linux_loop_attach(int backing, int read_only, int *number) {
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0) return -1;
    int device = -1;
    // Somebody else may take the free device between the two calls: then ask for another.
    for (int attempt = 0; attempt < 64 && device < 0; attempt++) {
        *number = ioctl(control, LOOP_CTL_GET_FREE);
        if (*number < 0) break;
        char path[32];
        snprintf(path, sizeof path, "/dev/loop%d", *number);
        device = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
        if (device < 0) break;
        struct loop_config config = {.fd = (unsigned)backing};
        config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0);
        if (!ioctl(device, LOOP_CONFIGURE, &config)) break;
        int error = errno;
        close(device);
        device = -1;
        errno = error;
        if (error != EBUSY) break;
    }
    int error = errno;
    close(control);
    errno = error;
    return device;
}

int linux_statfs_type(const char *path, uint32_t *magic) {
    struct statfs status;
    if (statfs(path, &status)) return -1;
    *magic = (uint32_t)status.f_type;
    return 0;
}

int linux_mount_of(int ns, const char *path) {
    int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (own < 0) return -1;
    int copy = -1;
    if (setns(ns, CLONE_NEWNS) == 0) {
        copy = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
        int error = errno;
        // Without its own namespace there is nothing that it could do right.
        if (setns(own, CLONE_NEWNS) != 0) _exit(1);
        errno = error;
    }
    int error = errno;
    close(own);
    errno = error;
    return copy;
}

int linux_attach_mount(int mount, const char *target) {
    return move_mount(mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS);
}
