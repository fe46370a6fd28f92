// man 2 fallocate: room for a file, without writing it, and holes in it. Swift's Glibc leaves it out.
#pragma once
#include <stdint.h>

enum { LINUX_FALLOC_KEEP_SIZE = 1, LINUX_FALLOC_PUNCH_HOLE = 2, LINUX_FALLOC_COLLAPSE_RANGE = 8 };

int linux_fallocate(int fd, int mode, int64_t offset, int64_t length);
