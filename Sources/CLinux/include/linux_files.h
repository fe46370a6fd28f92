// Files by descriptor: what Swift's Glibc does not show of openat2, reflinks, extended attributes and device numbers.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Resolved below `dir` as if that were the root, through no magic link. man 2 openat2: RESOLVE_IN_ROOT|NO_MAGICLINKS
int linux_open_in_root(int dir, const char *path, uint64_t flags);
// The same, but through no symbolic link at all.
int linux_open_beneath(int dir, const char *path, uint64_t flags);
// Not what is mounted on `name`, and no link. man 2 openat2: RESOLVE_NO_XDEV; before Linux 5.6 also what is mounted there.
int linux_open_same_mount(int dir, const char *name, uint64_t flags);

// A pipe whose ends no other program gets. man 2 pipe2: O_CLOEXEC
int linux_pipe(int ends[2]);

int linux_ficlone(int to, int from);
ssize_t linux_copy_file_range(int from, int64_t *from_offset, int to, int64_t *to_offset, size_t length);
int64_t linux_seek_data(int fd, int64_t offset);
int64_t linux_seek_hole(int fd, int64_t offset);
// Where on its disk a file's first bytes are, in bytes. Documentation/filesystems/fiemap.rst
int linux_first_extent(int fd, uint64_t *physical);

// Extended attributes of `name` in the folder `dir`, links not followed; an empty name means `dir` itself.
ssize_t linux_list_xattrs(int dir, const char *name, char *list, size_t size);
ssize_t linux_get_xattr(int dir, const char *name, const char *key, void *value, size_t size);
int linux_set_xattr(int dir, const char *name, const char *key, const void *value, size_t size);
int linux_fset_xattr(int fd, const char *key, const void *value, size_t size);
int linux_remove_xattr(int dir, const char *name, const char *key);

// Modification time, and an access time that is not before it; links not followed; an empty name means `dir` itself.
int linux_set_times(int dir, const char *name, int64_t atime, long atime_ns, int64_t mtime, long mtime_ns);
dev_t linux_makedev(unsigned int major, unsigned int minor);
unsigned int linux_major(dev_t device);
unsigned int linux_minor(dev_t device);
