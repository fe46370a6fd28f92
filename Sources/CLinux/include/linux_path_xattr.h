// Extended attributes by path, which follow no link. Swift's Glibc does not see <sys/xattr.h>.
#pragma once
#include <stddef.h>

long linux_path_getxattr(const char *path, const char *name, void *value, size_t size);
int linux_path_setxattr(const char *path, const char *name, const void *value, size_t size);
