// libbtrfs: reading send streams, and its own version. The rest of btrfs is ioctls: linux_btrfs.h of CLinux.
#pragma once
// Else this module and Swift's Glibc both declare what is in the system's headers, and which one counts is chance.
#pragma clang module import SwiftGlibc
#include <btrfs/send-stream.h>
#include <btrfs/version.h>

enum { varve_libbtrfs_version = BTRFS_LIB_VERSION };
