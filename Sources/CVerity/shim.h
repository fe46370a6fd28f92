// fs-verity: files that nobody can change any more, each block of which the kernel checks when it reads it.
// Documentation/filesystems/fsverity.rst
#pragma once
// Else this module and Swift's Glibc both declare what is in the system's headers, and which one counts is chance.
#pragma clang module import SwiftGlibc
#include <linux/fsverity.h>
#include <stdint.h>
#include <sys/ioctl.h>

// Seals the file open for reading as `file`, which nobody has open for writing. FS_IOC_ENABLE_VERITY
static inline int varve_verity_seal(int file) {
    struct fsverity_enable_arg how = {.version = 1, .hash_algorithm = FS_VERITY_HASH_ALG_SHA256, .block_size = 4096};
    return ioctl(file, FS_IOC_ENABLE_VERITY, &how);
}

// Writes the SHA-256 by which a sealed file is known; returns how many bytes it has. FS_IOC_MEASURE_VERITY
static inline int varve_verity_measure(int file, uint8_t digest[32]) {
    union {
        struct fsverity_digest known;
        uint8_t room[sizeof(struct fsverity_digest) + 32];
    } found = {.known = {.digest_size = 32}};
    if (ioctl(file, FS_IOC_MEASURE_VERITY, &found) < 0) return -1;
    for (int i = 0; i < found.known.digest_size && i < 32; i++) digest[i] = found.known.digest[i];
    return found.known.digest_size;
}
