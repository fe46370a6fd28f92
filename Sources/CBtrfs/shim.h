#pragma once
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <btrfs/send-stream.h>
