#define _GNU_SOURCE
#include "linux_btrfs.h"
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <string.h>
#include <sys/ioctl.h>

// Newer than the headers of some distributions.
enum { QUOTA_ENABLE_SIMPLE = 4, QGROUP_STATUS_SIMPLE = 1 << 3, INCOMPAT_SIMPLE_QUOTA = 1 << 16 };

static int copy_name(char *target, size_t size, const char *name) {
    size_t length = strlen(name);
    if (length >= size) return errno = ENAMETOOLONG, -1;
    memcpy(target, name, length + 1);
    return 0;
}

static int by_name(int folder, unsigned long request, const char *name) {
    struct btrfs_ioctl_vol_args arguments = {0};
    if (copy_name(arguments.name, sizeof arguments.name, name)) return -1;
    return ioctl(folder, request, &arguments);
}

int linux_btrfs_describe(int subvolume, struct linux_btrfs_subvolume *found) {
    struct btrfs_ioctl_get_subvol_info_args arguments = {0};
    // Some kernels return 1: what their last search returned.
    if (ioctl(subvolume, BTRFS_IOC_GET_SUBVOL_INFO, &arguments) < 0) return -1;
    found->id = arguments.treeid;
    memcpy(found->uuid, arguments.uuid, sizeof found->uuid);
    memcpy(found->parent_uuid, arguments.parent_uuid, sizeof found->parent_uuid);
    return 0;
}

int linux_btrfs_create(int folder, const char *name) { return by_name(folder, BTRFS_IOC_SUBVOL_CREATE, name); }
int linux_btrfs_destroy(int folder, const char *name) { return by_name(folder, BTRFS_IOC_SNAP_DESTROY, name); }

int linux_btrfs_snapshot(int folder, const char *name, int source, int read_only) {
    struct btrfs_ioctl_vol_args_v2 arguments = {.fd = source, .flags = read_only ? BTRFS_SUBVOL_RDONLY : 0};
    if (copy_name(arguments.name, sizeof arguments.name, name)) return -1;
    return ioctl(folder, BTRFS_IOC_SNAP_CREATE_V2, &arguments);
}

int linux_btrfs_set_read_only(int subvolume, int read_only) {
    uint64_t flags;
    if (ioctl(subvolume, BTRFS_IOC_SUBVOL_GETFLAGS, &flags) < 0) return -1;
    flags = read_only ? flags | BTRFS_SUBVOL_RDONLY : flags & ~BTRFS_SUBVOL_RDONLY;
    return ioctl(subvolume, BTRFS_IOC_SUBVOL_SETFLAGS, &flags);
}

// The first item of a tree whose key is not below `*key` and that has the same object and type; `*key` becomes its own.
// Its data are at least `least` and at most `most` bytes, those that do not fit are left out.
static int next_item(int folder, uint64_t tree, struct btrfs_key *key, void *data, size_t least, size_t most) {
    struct btrfs_ioctl_search_args arguments = {0};
    arguments.key.tree_id = tree;
    arguments.key.min_objectid = arguments.key.max_objectid = key->objectid;
    arguments.key.min_type = arguments.key.max_type = key->type;
    arguments.key.min_offset = key->offset;
    arguments.key.max_offset = arguments.key.max_transid = UINT64_MAX;
    arguments.key.nr_items = 1;
    if (ioctl(folder, BTRFS_IOC_TREE_SEARCH, &arguments) < 0) return -1;
    if (!arguments.key.nr_items) return errno = ENOENT, -1;
    struct btrfs_ioctl_search_header header;
    memcpy(&header, arguments.buf, sizeof header);
    key->offset = header.offset;
    if (header.len < least) return errno = EIO, -1;
    if (most) memcpy(data, arguments.buf + sizeof header, header.len < most ? header.len : most);
    return 0;
}

int linux_btrfs_open(int folder, uint64_t subvolume, uint64_t inode) {
    struct btrfs_key key = {.objectid = inode, .type = BTRFS_INODE_ITEM_KEY};
    uint64_t generation;  // an inode's first field
    if (next_item(folder, subvolume, &key, &generation, sizeof generation, sizeof generation)) return -1;
    // fs/btrfs/export.h; unchanged, since NFS clients keep it.
    struct { uint64_t inode, subvolume; uint32_t generation; } __attribute__((packed)) body = {
        inode, subvolume, (uint32_t)le64toh(generation)};
    _Alignas(struct file_handle) char room[sizeof(struct file_handle) + sizeof body];
    struct file_handle *handle = (struct file_handle *)room;
    handle->handle_bytes = sizeof body;
    handle->handle_type = 0x4d;  // FILEID_BTRFS_WITHOUT_PARENT
    memcpy(handle->f_handle, &body, sizeof body);
    return open_by_handle_at(folder, handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int is_there(int folder, uint64_t tree, struct btrfs_key key) {
    uint64_t exact = key.offset;
    if (next_item(folder, tree, &key, NULL, 0, 0)) return errno == ENOENT ? 0 : -1;
    return !exact || key.offset == exact;
}

int linux_btrfs_nested(int folder, uint64_t id, uint64_t *nested, uint64_t *parent, char name[256]) {
    struct btrfs_key key = {.objectid = id, .type = BTRFS_ROOT_REF_KEY};
    struct { struct btrfs_root_ref place; char name[256]; } __attribute__((packed)) item = {0};
    if (next_item(folder, BTRFS_ROOT_TREE_OBJECTID, &key, &item, sizeof item.place, sizeof item - 1)) return -1;
    *nested = key.offset;
    *parent = le64toh(item.place.dirid);
    memcpy(name, item.name, sizeof item.name);
    return 0;
}

int linux_btrfs_is_linked(int folder, uint64_t id) {
    struct btrfs_key key = {.objectid = id, .type = BTRFS_ROOT_BACKREF_KEY};
    return id == BTRFS_FS_TREE_OBJECTID ? 1 : is_there(folder, BTRFS_ROOT_TREE_OBJECTID, key);
}

int linux_btrfs_is_left(int folder, uint64_t id) {
    return is_there(folder, BTRFS_ROOT_TREE_OBJECTID, (struct btrfs_key){.objectid = id, .type = BTRFS_ROOT_ITEM_KEY});
}

int linux_btrfs_sync(int folder) { return ioctl(folder, BTRFS_IOC_SYNC); }

int linux_btrfs_block_size(int folder, uint32_t *bytes) {
    struct btrfs_ioctl_fs_info_args arguments = {0};
    if (ioctl(folder, BTRFS_IOC_FS_INFO, &arguments) < 0) return -1;
    *bytes = arguments.nodesize;
    return 0;
}

int linux_btrfs_send(int subvolume, uint64_t older, int output) {
    struct btrfs_ioctl_send_args arguments = {
        .send_fd = output, .parent_root = older, .flags = BTRFS_SEND_FLAG_NO_FILE_DATA};
    return ioctl(subvolume, BTRFS_IOC_SEND, &arguments);
}

int linux_btrfs_paths(int subvolume, uint64_t inode, char paths[4096]) {
    _Alignas(struct btrfs_data_container) char room[4096];
    struct btrfs_data_container *found = (struct btrfs_data_container *)room;
    struct btrfs_ioctl_ino_path_args arguments = {.inum = inode, .size = sizeof room, .fspath = (uintptr_t)room};
    if (ioctl(subvolume, BTRFS_IOC_INO_PATHS, &arguments) < 0) return -1;
    if (found->elem_missed) return errno = EOVERFLOW, -1;
    for (uint32_t i = 0; i < found->elem_cnt; i++) {
        const char *path = (const char *)found->val + found->val[i];
        size_t size = strlen(path) + 1;
        memcpy(paths, path, size);
        paths += size;
    }
    return (int)found->elem_cnt;
}

int linux_btrfs_quota(int folder) {
    struct btrfs_key key = {.type = BTRFS_QGROUP_STATUS_KEY};
    struct btrfs_qgroup_status_item status;
    if (next_item(folder, BTRFS_QUOTA_TREE_OBJECTID, &key, &status, sizeof status, sizeof status))
        return errno == ENOENT ? LINUX_BTRFS_QUOTA_OFF : -1;
    if (!(le64toh(status.flags) & BTRFS_QGROUP_STATUS_FLAG_ON)) return LINUX_BTRFS_QUOTA_OFF;
    return le64toh(status.flags) & QGROUP_STATUS_SIMPLE ? LINUX_BTRFS_QUOTA_SIMPLE : LINUX_BTRFS_QUOTA_CLASSIC;
}

int linux_btrfs_set_quota(int folder, int mode) {
    static const int commands[] = {BTRFS_QUOTA_CTL_DISABLE, BTRFS_QUOTA_CTL_ENABLE, QUOTA_ENABLE_SIMPLE};
    struct btrfs_ioctl_quota_ctl_args arguments = {.cmd = (uint64_t)commands[mode]};
    return ioctl(folder, BTRFS_IOC_QUOTA_CTL, &arguments);
}

int linux_btrfs_knows_simple_quota(int folder) {
    struct btrfs_ioctl_feature_flags flags;
    if (ioctl(folder, BTRFS_IOC_GET_FEATURES, &flags) < 0) return -1;
    return (flags.incompat_flags & INCOMPAT_SIMPLE_QUOTA) != 0;
}

int linux_btrfs_wait_for_quota(int folder) { return ioctl(folder, BTRFS_IOC_QUOTA_RESCAN_WAIT); }

int linux_btrfs_limit(int folder, uint64_t group, uint64_t bytes) {
    // All ones take a limit away: that of other engines is on what is referred to, the image included.
    struct btrfs_ioctl_qgroup_limit_args arguments = {.qgroupid = group, .lim = {
        .flags = BTRFS_QGROUP_LIMIT_MAX_RFER | BTRFS_QGROUP_LIMIT_MAX_EXCL,
        .max_rfer = UINT64_MAX, .max_excl = bytes ? bytes : UINT64_MAX}};
    return ioctl(folder, BTRFS_IOC_QGROUP_LIMIT, &arguments);
}

int linux_btrfs_next_limit(int folder, uint64_t *group, uint64_t *flags) {
    struct btrfs_key key = {.type = BTRFS_QGROUP_LIMIT_KEY, .offset = *group + 1};
    struct btrfs_qgroup_limit_item limit;
    if (next_item(folder, BTRFS_QUOTA_TREE_OBJECTID, &key, &limit, sizeof limit, sizeof limit)) return -1;
    *group = key.offset;
    *flags = le64toh(limit.flags);
    return 0;
}

int linux_btrfs_has_group(int folder, uint64_t group) {
    return is_there(folder, BTRFS_QUOTA_TREE_OBJECTID,
                    (struct btrfs_key){.type = BTRFS_QGROUP_INFO_KEY, .offset = group});
}

int linux_btrfs_remove_group(int folder, uint64_t group) {
    struct btrfs_ioctl_qgroup_create_args arguments = {.create = 0, .qgroupid = group};
    return ioctl(folder, BTRFS_IOC_QGROUP_CREATE, &arguments);
}
