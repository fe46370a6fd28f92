// Names of files beyond POSIX: two exchanged, none replaced, none at first.
#pragma once

enum { LINUX_RENAME_NOREPLACE = 1, LINUX_RENAME_EXCHANGE = 2 };

// man 2 renameat2
int linux_rename(const char *from, const char *to, unsigned int flags);
// A file without a name in the folder `folder`, open for reading and writing. man 2 open: O_TMPFILE
int linux_open_nameless(const char *folder, unsigned int mode);
// Gives an open file a name. man 2 linkat: AT_SYMLINK_FOLLOW
int linux_link_descriptor(int fd, const char *path);
