#pragma once
// Else this module and Swift's Glibc both declare what is in the system's headers, and which one counts is chance.
#pragma clang module import SwiftGlibc
#include <nftables/libnftables.h>
