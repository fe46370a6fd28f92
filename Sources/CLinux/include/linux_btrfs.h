// Btrfs: subvolumes, quota groups and send streams. Documentation/btrfs-ioctl.rst of btrfs-progs; linux/btrfs.h.
// `folder` is any open folder of the file system, `subvolume` the open root of one. All but the first three need root.
#pragma once
#include <stddef.h>
#include <stdint.h>

// What the kernel knows about a subvolume: its number, which is never used again, and whose snapshot it is.
struct linux_btrfs_subvolume {
    uint64_t id;
    uint8_t uuid[16], parent_uuid[16];
};

int linux_btrfs_describe(int subvolume, struct linux_btrfs_subvolume *found);
int linux_btrfs_create(int folder, const char *name);
int linux_btrfs_snapshot(int folder, const char *name, int source, int read_only);
int linux_btrfs_set_read_only(int subvolume, int read_only);
int linux_btrfs_destroy(int folder, const char *name);
// A folder of a subvolume, by their numbers, for reading: however long its path is. A subvolume's root is number 256.
int linux_btrfs_open(int folder, uint64_t subvolume, uint64_t inode);
// Writes which subvolume lies in subvolume `id`, the folder in which it does, and its name there; -1 with ENOENT if there
// is none.
int linux_btrfs_nested(int folder, uint64_t id, uint64_t *nested, uint64_t *parent, char name[256]);
// Whether the subvolume has a name, that is, was not deleted: 1 or 0.
int linux_btrfs_is_linked(int folder, uint64_t id);
// Whether the kernel still has something of the subvolume, deleted or not: 1 or 0.
int linux_btrfs_is_left(int folder, uint64_t id);
// Writes what is in memory to the disk, and has the kernel go on with deleted subvolumes.
int linux_btrfs_sync(int folder);
// Bytes of a block of metadata.
int linux_btrfs_block_size(int folder, uint32_t *bytes);

// Writes to `output` what makes the read-only subvolume out of the read-only subvolume `older`, without files' data.
int linux_btrfs_send(int subvolume, uint64_t older, int output);
// Writes all paths of an inode below the subvolume's root, each with its NUL, and returns how many. -1 with EOVERFLOW
// where there are more than the kernel tells at once (4 KiB).
int linux_btrfs_paths(int subvolume, uint64_t inode, char paths[4096]);

enum { LINUX_BTRFS_QUOTA_OFF, LINUX_BTRFS_QUOTA_CLASSIC, LINUX_BTRFS_QUOTA_SIMPLE };
int linux_btrfs_quota(int folder);
// Switches quotas on or off for the whole file system.
int linux_btrfs_set_quota(int folder, int mode);
// Whether the file system has, or ever had, simple quotas: 1 or 0. Then no kernel before 6.7 mounts it.
int linux_btrfs_knows_simple_quota(int folder);
// Waits until what was there before the quotas is counted.
int linux_btrfs_wait_for_quota(int folder);
// What only the subvolume of that number may hold, in bytes; 0: no limit. `folder` must be in another one: in a full one the
// kernel refuses this too.
int linux_btrfs_limit(int folder, uint64_t group, uint64_t bytes);
// The quota group after `*group`, and the limit's flags; -1 with ENOENT if there is none.
int linux_btrfs_next_limit(int folder, uint64_t *group, uint64_t *flags);
int linux_btrfs_has_group(int folder, uint64_t group);
int linux_btrfs_remove_group(int folder, uint64_t group);
