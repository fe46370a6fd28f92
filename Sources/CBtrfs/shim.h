// libbtrfs: reading send streams, and its own version. The rest of btrfs is ioctls: linux_btrfs.h of CLinux.
#pragma once
#include <btrfs/send-stream.h>
#include <btrfs/version.h>

enum { varve_libbtrfs_version = BTRFS_LIB_VERSION };
