// man 2 eventfd: Swift's Glibc leaves it out.
#pragma once
#include <sys/eventfd.h>
