#define _GNU_SOURCE
#include "linux_block.h"
#include <errno.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

int linux_look(const char *path, struct linux_file *file) {
    struct stat status;
    if (stat(path, &status)) return -1;
    *file = (struct linux_file){status.st_dev, status.st_rdev, status.st_ino};
    return 0;
}

int linux_loop_shows(int loop, int file) {
    struct stat status;
    struct loop_info64 info;
    if (fstat(file, &status)) return -1;
    if (ioctl(loop, LOOP_GET_STATUS64, &info)) return errno == ENXIO || errno == ENOTTY ? 0 : -1;
    // The kernel's encoding of a device number: the low 8 bits of the minor, the major's 12, the rest of the minor.
    unsigned major = (info.lo_device >> 8) & 0xfff, minor = (info.lo_device & 0xff) | ((info.lo_device >> 12) & 0xfff00);
    return info.lo_inode == status.st_ino && major == major(status.st_dev) && minor == minor(status.st_dev);
}

int linux_loop_resize(int loop) { return ioctl(loop, LOOP_SET_CAPACITY, 0); }

int linux_block_size(int device, uint64_t *bytes) { return ioctl(device, BLKGETSIZE64, bytes); }

int linux_block_discard(int device, uint64_t start, uint64_t length) {
    uint64_t range[2] = {start, length};
    return ioctl(device, BLKDISCARD, range);
}

int linux_grow_ext4(int folder, uint64_t bytes) {
    struct statfs status;
    if (fstatfs(folder, &status)) return -1;
    uint64_t blocks = bytes / (uint64_t)status.f_bsize;
    return ioctl(folder, _IOW('f', 16, uint64_t), &blocks);
}

// fs/xfs/libxfs/xfs_fs.h, whose header is no part of the kernel's own: the geometry's fourth form.
struct xfs_geometry {
    uint32_t block_size, rt_extent_size, group_blocks, group_count, log_blocks, sector_size, inode_size, max_percent;
    uint64_t data_blocks, rest[30];
};
struct xfs_growth {
    uint64_t data_blocks;
    uint32_t max_percent;
};

int linux_grow_xfs(int folder, uint64_t bytes) {
    // Larger than what XFS_IOC_FSGEOMETRY_V1 (112 bytes) writes.
    struct xfs_geometry geometry = {0};
    if (ioctl(folder, _IOC(_IOC_READ, 'X', 100, 112), &geometry)) return -1;
    struct xfs_growth growth = {bytes / geometry.block_size, geometry.max_percent};
    if (growth.data_blocks <= geometry.data_blocks) return 0;
    return ioctl(folder, _IOW('X', 110, struct xfs_growth), &growth);
}
