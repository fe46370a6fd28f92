#define _GNU_SOURCE
#include "linux_idmap.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

int linux_copy_mount(int dir, const char *path, int below) {
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (*path ? 0 : AT_EMPTY_PATH);
    return open_tree(dir, path, flags | (below ? AT_RECURSIVE : 0));
}

int linux_map_mount(int mount, int ns) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)ns};
    return mount_setattr(mount, "", AT_EMPTY_PATH, &attributes, sizeof attributes);
}

int linux_make_as(uid_t user, gid_t group) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2];
    // They return what was before, and refuse in silence.
    syscall(SYS_setfsgid, group);
    syscall(SYS_setfsuid, user);
    if (syscall(SYS_setfsgid, -1) != (long)group || syscall(SYS_setfsuid, -1) != (long)user) return errno = EPERM, -1;
    if (syscall(SYS_capget, &header, sets)) return -1;
    sets[0].effective = sets[0].permitted;
    sets[1].effective = sets[1].permitted;
    return (int)syscall(SYS_capset, &header, sets);
}
