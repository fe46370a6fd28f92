#include "linux_path_xattr.h"
#include <sys/types.h>
#include <sys/xattr.h>

long linux_path_getxattr(const char *path, const char *name, void *value, size_t size) {
    return lgetxattr(path, name, value, size);
}

int linux_path_setxattr(const char *path, const char *name, const void *value, size_t size) {
    return lsetxattr(path, name, value, size, 0);
}
