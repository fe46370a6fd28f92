/* What a process may do where it runs, as lines of `kind name: finding`; built statically, run by features.sh.
 *
 * Each thing is tried by a child of its own, with arguments that do no harm where it works.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child: what a call fails with, or `ok`; a signal, if it ends by that. */
static const char *in_child(long (*act)(long, long), long first, long second) {
    static char text[32];
    pid_t child = fork();
    if (child == 0) {
        alarm(2);
        long result = act(first, second);
        _exit(result < 0 ? errno : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) snprintf(text, sizeof text, "signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) == 0) strcpy(text, "ok");
    else snprintf(text, sizeof text, "%s", strerrorname_np(WEXITSTATUS(status)));
    return text;
}

static long any_call(long number, long unused) { return syscall(number, -1L, -1L, -1L, -1L, -1L, -1L); }

/* Not those that end the process, wait for ever, copy it with its memory, bother the whole machine or leave something there. */
static void calls(void) {
    static const int left_out[] = {SYS_rt_sigreturn, SYS_pause, SYS_fork, SYS_vfork, SYS_exit, SYS_exit_group, SYS_rt_sigsuspend, SYS_vhangup, SYS_sync,
                                   SYS_shmget, SYS_semget, SYS_msgget};
    for (long number = 0; number < 480; number++) {
        int skip = 0;
        for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) skip |= number == left_out[i];
        if (!skip) printf("call %ld: %s\n", number, in_child(any_call, number, 0));
    }
}

static long a_socket(long family, long type) { return socket(family, type, 0); }
static long a_personality(long value, long unused) { return syscall(SYS_personality, value); }
static long an_unshare(long flag, long unused) { return unshare(flag); }
static long a_clone(long flag, long unused) {
    long pid = syscall(SYS_clone, flag | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) _exit(0);
    return pid;
}
static long an_ioctl(long request, long unused) { return ioctl(0, request, ""); }
static long a_keyring(long which, long unused) { return syscall(SYS_keyctl, 0, which, 0); }

static void arguments(void) {
    for (int family = 0; family < 46; family++) {
        printf("socket %d stream: %s\n", family, in_child(a_socket, family, SOCK_STREAM));
        printf("socket %d raw: %s\n", family, in_child(a_socket, family, SOCK_RAW));
    }
    static const struct { const char *name; long flag; } spaces[] = {
        {"mount", CLONE_NEWNS}, {"user", CLONE_NEWUSER}, {"net", CLONE_NEWNET}, {"pid", CLONE_NEWPID}, {"uts", CLONE_NEWUTS}, {"ipc", CLONE_NEWIPC}, {"cgroup", CLONE_NEWCGROUP},
        {"time", 0x80}, {"files", CLONE_FILES},
    };
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        printf("unshare %s: %s\n", spaces[i].name, in_child(an_unshare, spaces[i].flag, 0));
        if (i < 7) printf("clone %s: %s\n", spaces[i].name, in_child(a_clone, spaces[i].flag, 0));
    }
    static const long values[] = {0, 8, 0x20000, 0x20008, 0xffffffff, 0x40000};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) printf("personality %lx: %s\n", values[i], in_child(a_personality, values[i], 0));
    printf("ioctl TIOCSTI: %s\n", in_child(an_ioctl, 0x5412, 0));
    for (long which = -5; which < 0; which++) printf("keyring %ld: %s\n", which, in_child(a_keyring, which, 0));
}

static long a_node(long mode, long number) {
    char path[64];
    snprintf(path, sizeof path, "%s/node-%d", mode >> 20 ? "/dev/shm" : "/tmp", getpid());
    long result = mknod(path, mode & 0xfffff, number);
    unlink(path);
    return result;
}

static long open_node(long mode, long number) {
    char path[64];
    snprintf(path, sizeof path, "/dev/features-%d", getpid());
    if (mknod(path, mode, number) != 0) return -1;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    int reason = errno;
    unlink(path);
    errno = reason;
    return fd;
}

static void devices(void) {
    static const int characters[][2] = {{1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {1, 11}, {4, 0}, {4, 64}, {5, 0}, {5, 1}, {5, 2}, {7, 0},
        {10, 1}, {10, 200}, {10, 229}, {10, 232}, {10, 237}, {13, 63}, {21, 0}, {29, 0}, {89, 0}, {136, 0}, {136, 7}, {195, 0}, {226, 0}};
    static const int blocks[][2] = {{1, 0}, {7, 0}, {8, 0}, {11, 0}, {43, 0}, {252, 0}, {253, 0}, {254, 0}, {259, 0}};
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++)
        printf("open c %d:%d: %s\n", characters[i][0], characters[i][1], in_child(open_node, S_IFCHR | 0600, makedev(characters[i][0], characters[i][1])));
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        printf("open b %d:%d: %s\n", blocks[i][0], blocks[i][1], in_child(open_node, S_IFBLK | 0600, makedev(blocks[i][0], blocks[i][1])));
    printf("mknod c: %s\n", in_child(a_node, S_IFCHR | 0600, makedev(10, 130)));
    printf("mknod b: %s\n", in_child(a_node, S_IFBLK | 0600, makedev(8, 0)));
    printf("mknod p: %s\n", in_child(a_node, S_IFIFO | 0600, 0));
    printf("mknod whiteout: %s\n", in_child(a_node, S_IFCHR | 0600, 0));
}

static const char *opens(const char *path, int flags) {
    int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return strerrorname_np(errno);
    close(fd);
    return "ok";
}

/* Whether each file can be opened, and what a folder lists; nothing is read or written. */
static void files(const char *folder, int depth) {
    DIR *list = opendir(folder);
    if (!list) return (void)printf("folder %s: %s\n", folder, strerrorname_np(errno));
    int count = 0;
    for (struct dirent *entry; (entry = readdir(list));) {
        if (entry->d_name[0] == '.' || (depth == 0 && atoi(entry->d_name) > 0)) continue;
        count++;
        char path[400];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (lstat(path, &status) != 0 || S_ISLNK(status.st_mode)) continue;
        if (S_ISDIR(status.st_mode) && depth < 5) files(path, depth + 1);
        else if (!S_ISDIR(status.st_mode)) {
            printf("read %s: %s\n", path, opens(path, O_RDONLY));
            printf("write %s: %s\n", path, opens(path, O_WRONLY));
        }
    }
    closedir(list);
    if (depth && !count) printf("folder %s: empty\n", folder);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 1 << 16);
    calls();
    arguments();
    devices();
    files("/proc", 0);
    static const char *const others[] = {"/sys/firmware", "/sys/kernel/security", "/sys/devices/virtual/powercap", "/sys/power", "/sys/fs/cgroup"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) files(others[i], 4);
    static const char *const single[] = {"/sys/kernel/uevent_helper", "/sys/kernel/uevent_seqnum", "/sys/kernel/profiling", "/sys/module/kernel/parameters/panic", "/etc/hosts",
        "/etc/resolv.conf", "/etc/hostname", "/etc/passwd", "/new-file"};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        printf("write %s: %s\n", single[i], opens(single[i], i > 7 ? O_WRONLY | O_CREAT : O_WRONLY));
    return 0;
}
