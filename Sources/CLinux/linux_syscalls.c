#include "linux_syscalls.h"
#include <sys/syscall.h>
#include <unistd.h>

int linux_pivot_root(const char *new_root, const char *put_old) { return syscall(SYS_pivot_root, new_root, put_old); }
int linux_pidfd_open(pid_t pid, unsigned int flags) { return syscall(SYS_pidfd_open, pid, flags); }
int linux_pidfd_send_signal(int pidfd, int signal) { return syscall(SYS_pidfd_send_signal, pidfd, signal, 0, 0); }
int linux_syncfs(int fd) { return syscall(SYS_syncfs, fd); }
int linux_personality(unsigned long persona) { return syscall(SYS_personality, persona); }
