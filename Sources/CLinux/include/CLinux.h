// What Swift's Glibc module cannot see: raw system calls, variadic calls, ioctl numbers and kernel structs.
// One header a topic; two reasons to be here: Swift's Glibc can't see it, or it must not be Swift
// (code between clone and exec). No header defines _GNU_SOURCE: it would change types under Swift's Glibc.
#pragma once
#include "linux_block.h"
#include "linux_bpf.h"
#include "linux_btrfs.h"
#include "linux_capabilities.h"
#include "linux_eventfd.h"
#include "linux_fallocate.h"
#include "linux_file_flags.h"
#include "linux_idmap.h"
#include "linux_inodes.h"
#include "linux_killed.h"
#include "linux_mounts.h"
#include "linux_names.h"
#include "linux_netlink.h"
#include "linux_path_xattr.h"
#include "linux_perf.h"
#include "linux_process.h"
#include "linux_quota.h"
#include "linux_files.h"
#include "linux_syscalls.h"
#include "linux_signalfd.h"
