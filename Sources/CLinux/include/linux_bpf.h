// Programs of the kernel's own small machine. man 2 bpf
#pragma once
#include <stdint.h>

// Loads `count` instructions as a program that decides about devices, and attaches it to the cgroup v2 whose folder
// `group` is open, beside those that are there; it goes with the group.
int linux_bpf_devices(const uint64_t *instructions, uint32_t count, int group);
