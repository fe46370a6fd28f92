#define _GNU_SOURCE
#include "linux_fallocate.h"
#include <fcntl.h>

int linux_fallocate(int fd, int mode, int64_t offset, int64_t length) { return fallocate(fd, mode, offset, length); }
