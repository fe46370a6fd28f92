// Processes, namespaces, terminals and sockets that carry descriptors.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// clone3(2) with copied memory, like fork(2); only for single-threaded programs. Flags that include CLONE_PARENT take
// no exit signal, as the kernel wants it. The new process is in the cgroup v2 whose folder `group` is open; -1: in its
// parent's.
pid_t linux_clone(uint64_t flags, int group);

// unshare(2); with threads, of the calling one alone.
int linux_unshare(int flags);

int linux_setns(int fd, int flags);

// close_range(2): marks every descriptor from `first` on close-on-exec.
int linux_cloexec_from(unsigned int first);
// close_range(2): closes the descriptors from `first` to `last`.
int linux_close_range(unsigned int first, unsigned int last);

// keyctl(2), KEYCTL_JOIN_SESSION_KEYRING: a new keyring without a name.
int linux_new_session_keyring(void);

// The stacks of threads that begin from now on and name no size of their own. man 3 pthread_setattr_default_np
int linux_set_thread_stack(size_t bytes);

// How many files this process may have open, and of another process. man 2 prlimit: RLIMIT_NOFILE
int linux_get_open_files(uint64_t *soft, uint64_t *hard);
int linux_set_open_files(pid_t pid, uint64_t soft, uint64_t hard);

// prctl(2), the options that take at most two numbers.
int linux_prctl(int option, unsigned long second, unsigned long third);

// Starts a program in a session of its own, in `folder` (NULL: here), with /dev/null as descriptor 0, the `count` (at most
// 8) `descriptors` as 1, 2, … and no other one, `environment` (which ends with NULL) and no signal blocked; returns its
// pid (`man 3 posix_spawn`).
pid_t linux_spawn(const char *path, char *const arguments[], char *const environment[], const char *folder,
                  int input, const int *descriptors, int count);

// One message of a SOCK_SEQPACKET or the next bytes of a stream, with at most one descriptor (-1: none).
ssize_t linux_send(int socket, const void *bytes, size_t count, int descriptor);
ssize_t linux_receive(int socket, void *bytes, size_t count, int *descriptor);

// The other end of a pseudoterminal, found through the master: no path is looked up (ioctl TIOCGPTPEER).
int linux_terminal_peer(int master);
int linux_set_window(int terminal, uint16_t rows, uint16_t columns);
// Gives `to` the size of the terminal `from`; fails where that is none.
int linux_copy_window(int from, int to);
int linux_make_controlling(int terminal);

// Real, effective and saved id of this thread alone: single-threaded programs only.
int linux_set_user(uid_t id);
int linux_set_group(gid_t id);

// No signal ignored, handled or blocked, those that the C library keeps for itself among them: posix_spawn leaves them
// ignored.
void linux_reset_signals(void);

// Sets the interface `lo` of this network namespace up.
int linux_loopback_up(void);

// seccomp(2): from now on `program`, `bytes` of struct sock_filter, is asked at each system call of this process.
int linux_seccomp(const void *program, size_t bytes, unsigned int flags);

// A memory file that nothing can change any more after linux_seal.
int linux_memory_file(const char *name);
int linux_seal(int file);
// 1 or 0.
int linux_is_sealed(int file);

// Namespace flags of clone3(2), setns(2), unshare(2).
enum {
    LINUX_NEWNS = 0x00020000, LINUX_NEWCGROUP = 0x02000000, LINUX_NEWUTS = 0x04000000, LINUX_NEWIPC = 0x08000000,
    LINUX_NEWPID = 0x20000000, LINUX_NEWNET = 0x40000000, LINUX_NEWTIME = 0x00000080,
    LINUX_CLONE_PARENT = 0x00008000
};

// prctl(2) options.
enum {
    LINUX_PR_SET_PDEATHSIG = 1, LINUX_PR_SET_DUMPABLE = 4, LINUX_PR_SET_KEEPCAPS = 8, LINUX_PR_SET_NAME = 15,
    LINUX_PR_CAPBSET_READ = 23,
    LINUX_PR_CAPBSET_DROP = 24, LINUX_PR_SET_NO_NEW_PRIVS = 38, LINUX_PR_SET_CHILD_SUBREAPER = 36,
    LINUX_PR_CAP_AMBIENT = 47, LINUX_PR_CAP_AMBIENT_RAISE = 2, LINUX_PR_CAP_AMBIENT_CLEAR_ALL = 4
};
