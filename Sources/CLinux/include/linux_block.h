// Block devices, and file systems on them that grow while they are mounted: the ioctls that Swift's Glibc can't see.
#pragma once
#include <stdint.h>
#include <sys/types.h>

// What is at `path`, links followed. Swift sees one `struct stat` in every C module that includes it, and mixes them up.
struct linux_file {
    dev_t device, special;
    ino_t inode;
};
int linux_look(const char *path, struct linux_file *file);

// 1 if the loop device open as `loop` shows the file open as `file`, 0 if another or none. man 4 loop: LOOP_GET_STATUS64
int linux_loop_shows(int loop, int file);
// Tells the loop device that its file has another size now. man 4 loop: LOOP_SET_CAPACITY
int linux_loop_resize(int loop);

// The size of a block device, in bytes. BLKGETSIZE64
int linux_block_size(int device, uint64_t *bytes);
// Gives the blocks back to what is below. BLKDISCARD
int linux_block_discard(int device, uint64_t start, uint64_t length);

// Grows the mounted ext4 or xfs of which `folder` is a folder to `bytes`, its device's size; one that has that size is
// left alone. EXT4_IOC_RESIZE_FS; XFS_IOC_FSGROWFSDATA
int linux_grow_ext4(int folder, uint64_t bytes);
int linux_grow_xfs(int folder, uint64_t bytes);
