// Mounts that show files under other owners, and acting as another owner with all rights.
#pragma once
#include <stdint.h>
#include <sys/types.h>

// A copy, attached nowhere, of the mount that `path` in `dir` is on, from there on downwards; with `below` also of what is
// mounted below. An empty path is `dir` itself. man 2 open_tree
int linux_copy_mount(int dir, const char *path, int below);

// Shows the files of such a copy under the ids that the user namespace `ns` gives them. man 2 mount_setattr: Linux 5.12
int linux_map_mount(int mount, int ns);

// Makes what the calling thread makes from now on `user`'s and `group`'s, and keeps its rights, which leaving 0 takes away.
// man 2 setfsuid
int linux_make_as(uid_t user, gid_t group);

enum { LINUX_NEWUSER = 0x10000000 };
