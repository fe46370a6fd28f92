// man 2 signalfd: Swift's Glibc leaves it out.
#pragma once
#include <sys/signalfd.h>
