// Inodes by number, and file systems that are to have on their device what they have in memory: ioctls and file
// handles.
#pragma once
#include <stdint.h>
#include <sys/types.h>

// Opens a block device for reading past the page cache. man 2 open: O_DIRECT
int linux_open_direct(const char *path);

// Writes all metadata of the ext4 below `folder` to their place, out of the journal; nothing stops.
// EXT4_IOC_CHECKPOINT, Linux 5.14
int linux_checkpoint_ext4(int folder);

// Freezes the file system below `folder` and thaws it at once, which writes all of it to its place. man 2 ioctl_fs:
// FIFREEZE. A child process does it, which goes on if the caller is killed: else whoever writes there would hang.
// Fails with EBUSY where somebody else keeps it frozen for a second; if it `takes_over`, it is thawed then.
int linux_freeze_and_thaw(int folder, int takes_over);

// Thaws the file system below `folder`; EINVAL where it is not frozen.
int linux_thaw(int folder);

// Opens the folder with this number and generation in the file system below `folder`, wherever it is; ESTALE if there
// is none. man 2 open_by_handle_at; the handles of ext4 (fs/ext4/namei.c) and xfs (fs/xfs/xfs_export.h).
int linux_open_ext4_folder(int folder, uint32_t number, uint32_t generation);
int linux_open_xfs_folder(int folder, uint64_t number, uint32_t generation);

// 64 inodes of xfs, one after the other. XFS_IOC_INUMBERS, Linux 5.4
struct linux_xfs_chunk {
    uint64_t first, allocated;
    uint8_t count, version, padding[6];
};
// The chunks from inode `start` on, at most `room`; returns how many.
int linux_xfs_chunks(int folder, uint64_t start, struct linux_xfs_chunk *chunks, uint32_t room);
