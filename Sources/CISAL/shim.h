#pragma once
// Else this module and Swift's Glibc both declare what is in the system's headers, and which one counts is chance.
#pragma clang module import SwiftGlibc
#include <isa-l/crc64.h>
#include <isa-l/igzip_lib.h>

// The level, and the bytes of memory that it works on.
enum { VARVE_ISAL_LEVEL = 3, VARVE_ISAL_WORK = ISAL_DEF_LVL3_DEFAULT };
