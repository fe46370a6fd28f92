#pragma once
// Else this module and Swift's Glibc both declare what is in the system's headers, and which one counts is chance.
#pragma clang module import SwiftGlibc
#include <seccomp.h>

static inline uint32_t varve_seccomp_errno(uint16_t number) { return SCMP_ACT_ERRNO(number); }
static inline uint32_t varve_seccomp_trace(uint16_t number) { return SCMP_ACT_TRACE(number); }
