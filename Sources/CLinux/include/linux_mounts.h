// What mounting and loop devices need besides Swift's Glibc.
#pragma once
#include <stdint.h>

// mount(2) with `folder` as working directory, in a thread with a working directory of its own: other threads keep theirs.
int linux_mount_from(const char *folder, const char *source, const char *target, const char *type,
                     unsigned long flags, const char *data);

// Makes the mount that `fd` is the root of, and all below it, read-only. man 2 mount_setattr: AT_RECURSIVE; Linux 5.12
int linux_mounts_read_only(int fd);

// A copy, attached nowhere, of the mount that `path` is on in the mount namespace `ns`; no link at its end is followed. The
// process, which must have one thread, is in its own namespace afterwards, at its root. man 2 open_tree
int linux_mount_of(int ns, const char *path);

// Attaches such a copy. man 2 move_mount
int linux_attach_mount(int mount, const char *target);

// Attaches the file behind `backing` to a free loop device that goes away with its last user; returns its descriptor and
// writes its number.
int linux_loop_attach(int backing, int read_only, int *number);

// Writes `f_type` of statfs(2) for `path`.
int linux_statfs_type(const char *path, uint32_t *magic);
