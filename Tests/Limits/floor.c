// What the kernel takes for a container: namespaces, a tree of overlay and the usual mounts, masks, the seccomp filter,
// and a program that ends at once. No JSON, no daemon, no control groups, nobody who watches: a small C program's time.
//
//     floor LOWER UPPER WORK MERGED [FILTER]      prints milliseconds
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sock_fprog filter;

static void need(int result, const char *what) {
    if (result >= 0) return;
    dprintf(2, "%s: %s\n", what, strerror(errno));
    _exit(99);
}

static void mount_parts(void) {
    unsigned long closed = MS_NOSUID | MS_NOEXEC | MS_NODEV;
    need(mount("proc", "proc", "proc", closed, 0), "proc");
    need(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"), "dev");
    static const struct { const char *path; int major, minor; } nodes[] = {
        {"dev/null", 1, 3}, {"dev/zero", 1, 5}, {"dev/full", 1, 7}, {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
    };
    for (int i = 0; i < 6; i++) need(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)), nodes[i].path);
    const char *folders[] = {"dev/pts", "dev/shm", "dev/mqueue"};
    for (int i = 0; i < 3; i++) need(mkdir(folders[i], 0755), folders[i]);
    need(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"), "devpts");
    need(mount("shm", "dev/shm", "tmpfs", closed, "mode=1777,size=67108864"), "shm");
    need(mount("mqueue", "dev/mqueue", "mqueue", closed, 0), "mqueue");
    need(mount("sysfs", "sys", "sysfs", closed | MS_RDONLY, 0), "sysfs");
}

static void mask(void) {
    const char *files[] = {"proc/kcore", "proc/keys", "proc/timer_list", "proc/interrupts"};
    const char *folders[] = {"proc/acpi", "proc/scsi", "sys/firmware"};
    const char *kept[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};
    // Not every kernel has each of them.
    for (int i = 0; i < 4; i++) mount("dev/null", files[i], 0, MS_BIND, 0);
    for (int i = 0; i < 3; i++) mount("tmpfs", folders[i], "tmpfs", MS_RDONLY, "size=0k");
    for (int i = 0; i < 5; i++)
        if (mount(kept[i], kept[i], 0, MS_BIND | MS_REC, 0) == 0)
            mount(0, kept[i], 0, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0);
}

static void child(const char *options, const char *merged) {
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    need(ioctl(any, SIOCSIFFLAGS, &lo), "lo");
    need(sethostname("floor", 5), "host name");
    need(mount(0, "/", 0, MS_REC | MS_SLAVE, 0), "slave");
    need(mount("overlay", merged, "overlay", 0, options), "overlay");
    need(chdir(merged), "chdir");
    mount_parts();
    mask();
    need(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    need(umount2(".", MNT_DETACH), "umount");
    need(chdir("/"), "chdir /");
    if (filter.len) need(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter), "seccomp");
    execl("/bin/true", "true", (char *)0);
    need(-1, "exec");
}

static void read_filter(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    need(file, path);
    off_t size = lseek(file, 0, SEEK_END);
    filter.filter = malloc(size);
    need(pread(file, filter.filter, size, 0), path);
    filter.len = size / sizeof(struct sock_filter);
    close(file);
}

int main(int count, char **words) {
    if (count < 5) return 2;
    char options[4096];
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s", words[1], words[2], words[3]);
    if (count > 5) read_filter(words[5]);
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    struct clone_args how = {
        .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP,
        .exit_signal = SIGCHLD,
    };
    long pid = syscall(SYS_clone3, &how, sizeof how);
    need(pid, "clone3");
    if (pid == 0) child(options, words[4]);
    int status;
    need(waitpid(pid, &status, 0), "wait");
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.3f\n", (ended.tv_sec - began.tv_sec) * 1e3 + (ended.tv_nsec - began.tv_nsec) / 1e6);
    return status != 0;
}
