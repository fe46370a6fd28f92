#define _GNU_SOURCE
#include "linux_killed.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// System calls after which the file system is as before.
static int changes_nothing(unsigned long call) {
    static const unsigned short calls[] = {
        SYS_read, SYS_pread64, SYS_close, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_lseek,
        SYS_mmap, SYS_munmap, SYS_mprotect, SYS_brk, SYS_madvise, SYS_futex, SYS_getrandom, SYS_getdents64,
        SYS_readlinkat, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_sched_yield, SYS_getpid, SYS_gettid, SYS_fcntl,
        SYS_faccessat, SYS_dup, SYS_mremap, SYS_geteuid, SYS_clock_gettime, SYS_llistxattr, SYS_listxattr,
        SYS_lgetxattr, SYS_getxattr, SYS_fgetxattr, SYS_flistxattr,
#ifdef __x86_64__
        SYS_stat, SYS_lstat, SYS_access, SYS_readlink,
#endif
    };
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i] == call) return 1;
    return 0;
}

// Waits for the child, at most that many milliseconds.
static int next_stop(pid_t child, int *status, int most) {
    for (int waited = 0; waited < most;) {
        pid_t found = waitpid(child, status, __WALL | WNOHANG);
        if (found == child) return 0;
        if (found < 0 && errno != EINTR) return -1;
        static __thread int idle;
        if (++idle % 64) continue;  // the child is usually a few microseconds away
        poll(0, 0, 1);
        waited++;
    }
    errno = ETIMEDOUT;
    return -1;
}

static int trace(pid_t child, long nth, long *changes) {
    // In the kernel it may wait for a disk that is still busy with what others have written.
    enum { quick = 10000, whole = 60000, slow = 600000 };
    int status, most = quick;
    if (next_stop(child, &status, most)) return -1;
    if (ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) return -1;
    // One that is not to be killed goes at full speed: until it ends it has the descriptors, and locks, of all other tests.
    int is_whole = nth == LONG_MAX;
    if (is_whole) most = whole, *changes = 1;
    long signal = 0;
    while (!ptrace(is_whole ? PTRACE_CONT : PTRACE_SYSCALL, child, 0, signal) && !next_stop(child, &status, most)) {
        if (WIFEXITED(status)) {
            errno = EPROTO;
            return WEXITSTATUS(status) ? -1 : 0;
        }
        if (WIFSIGNALED(status)) {
            errno = EPROTO;
            return -1;
        }
        signal = 0;
        if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
            signal = WSTOPSIG(status);
            continue;
        }
        struct __ptrace_syscall_info info;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info) < 0) return -1;
        int is_entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
        most = is_entry && info.entry.nr != SYS_futex ? slow : quick;
        if (is_entry && !changes_nothing(info.entry.nr) && ++*changes == nth) return 1;
    }
    return -1;
}

static int run_once(void (*body)(void *), void *context, long nth, long *changes) {
    pid_t child = fork();
    if (child < 0) return -1;
    if (!child) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) _exit(1);
        raise(SIGSTOP);
        body(context);
        _exit(0);
    }
    int result = trace(child, nth, changes), error = errno, status;
    kill(child, SIGKILL);
    waitpid(child, &status, __WALL);
    errno = error;
    return result;
}

int linux_run_killed(void (*body)(void *), void *context, long nth) {
    for (int left = 3;; left--) {
        long changes = 0;
        int result = run_once(body, context, nth, &changes);
        // It waits for a lock that another thread had, which is not in the copy. Nothing is changed yet: another copy will do.
        if (result >= 0 || errno != ETIMEDOUT || changes || left == 1) return result;
    }
}
