#define _GNU_SOURCE
#include "linux_process.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t linux_clone(uint64_t flags, int group) {
    struct clone_args arguments = {.flags = flags, .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD};
    if (group >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = group;
    }
    pid_t pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    // Filters that can't look into its arguments forbid it with that.
    return pid < 0 && errno == ENOSYS && group < 0 ? syscall(SYS_clone, flags | arguments.exit_signal, 0, 0, 0, 0) : pid;
}

int linux_unshare(int flags) { return unshare(flags); }
int linux_setns(int fd, int flags) { return setns(fd, flags); }
int linux_close_range(unsigned int first, unsigned int last) { return syscall(SYS_close_range, first, last, 0); }
int linux_cloexec_from(unsigned int first) { return syscall(SYS_close_range, first, ~0U, 1U << 2); }
int linux_new_session_keyring(void) { return syscall(SYS_keyctl, 1, NULL); }
int linux_prctl(int option, unsigned long second, unsigned long third) { return prctl(option, second, third, 0, 0); }

int linux_set_thread_stack(size_t bytes) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    int result = pthread_attr_setstacksize(&attributes, bytes);
    if (!result) result = pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
    errno = result;
    return result ? -1 : 0;
}

int linux_get_open_files(uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (prlimit(0, RLIMIT_NOFILE, NULL, &limit)) return -1;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int linux_set_open_files(pid_t pid, uint64_t soft, uint64_t hard) {
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    return prlimit(pid, RLIMIT_NOFILE, &limit, NULL);
}

static pid_t spawn(const char *path, char *const arguments[], char *const environment[], const char *folder,
                   int input, const int *descriptors, int count) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_init(&actions);
    if (input < 0) posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    else posix_spawn_file_actions_adddup2(&actions, input, 0);
    for (int i = 0; i < count; i++) posix_spawn_file_actions_adddup2(&actions, descriptors[i], i + 1);
    posix_spawn_file_actions_addclosefrom_np(&actions, count + 1);
    if (folder) posix_spawn_file_actions_addchdir_np(&actions, folder);
    pid_t pid = -1;
    int failure = posix_spawn(&pid, path, &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    errno = failure;
    return failure ? -1 : pid;
}

pid_t linux_spawn(const char *path, char *const arguments[], char *const environment[], const char *folder,
                  int input, const int *descriptors, int count) {
    // Out of the way of the numbers they get: a dup2 must not overwrite what the next one reads.
    int copies[8], made = 0;
    pid_t pid = -1;
    if (count > 8) return errno = EINVAL, -1;
    while (made < count && (copies[made] = fcntl(descriptors[made], F_DUPFD_CLOEXEC, 9)) >= 0) made++;
    if (made == count) pid = spawn(path, arguments, environment, folder, input, copies, count);
    int error = errno;
    while (made > 0) close(copies[--made]);
    errno = error;
    return pid;
}

ssize_t linux_send(int socket, const void *bytes, size_t count, int descriptor) {
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (descriptor >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

ssize_t linux_receive(int socket, void *bytes, size_t count, int *descriptor) {
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec vector = {.iov_base = bytes, .iov_len = count};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    *descriptor = -1;
    ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (received < 0) return received;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
    return received;
}

int linux_terminal_peer(int master) {
    int unlock = 0;
    if (ioctl(master, TIOCSPTLCK, &unlock) < 0) return -1;
    return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

int linux_set_window(int terminal, uint16_t rows, uint16_t columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size);
}

int linux_copy_window(int from, int to) {
    struct winsize size;
    return ioctl(from, TIOCGWINSZ, &size) < 0 ? -1 : ioctl(to, TIOCSWINSZ, &size);
}

int linux_make_controlling(int terminal) { return ioctl(terminal, TIOCSCTTY, 0); }

void linux_reset_signals(void) {
    struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } standard = {0};
    uint64_t none = 0;
    // SIGKILL and SIGSTOP refuse; nothing else can.
    for (int number = 1; number <= 64; number++) syscall(SYS_rt_sigaction, number, &standard, NULL, sizeof none);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
}

int linux_loopback_up(void) {
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0) return -1;
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int result = ioctl(any, SIOCSIFFLAGS, &request);
    close(any);
    return result;
}

int linux_seccomp(const void *program, size_t bytes, unsigned int flags) {
    struct sock_fprog filter = {.len = (unsigned short)(bytes / sizeof(struct sock_filter)), .filter = (void *)program};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}

int linux_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }
enum { ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };
int linux_seal(int file) { return fcntl(file, F_ADD_SEALS, ALL_SEALS); }
int linux_is_sealed(int file) {
    int seals = fcntl(file, F_GET_SEALS);
    return seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS;
}

int linux_set_user(uid_t id) { return syscall(SYS_setresuid, id, id, id); }
int linux_set_group(gid_t id) { return syscall(SYS_setresgid, id, id, id); }
