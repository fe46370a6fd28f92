// System calls without a wrapper in Swift's Glibc.
#pragma once
#include <sys/types.h>

int linux_pivot_root(const char *new_root, const char *put_old);
int linux_pidfd_open(pid_t pid, unsigned int flags);
int linux_pidfd_send_signal(int pidfd, int signal);
int linux_syncfs(int fd);
int linux_personality(unsigned long persona);
