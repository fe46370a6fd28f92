#define _GNU_SOURCE
#include "linux_server.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

static pid_t spawn(const char *path, char *const arguments[], const char *folder, const int from[4]) {
    char *const environment[] = {NULL};
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
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    for (int i = 0; i < 4; i++) posix_spawn_file_actions_adddup2(&actions, from[i], i + 1);
    posix_spawn_file_actions_addclosefrom_np(&actions, 5);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    pid_t pid = -1;
    int failure = posix_spawn(&pid, path, &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    errno = failure;
    return failure ? -1 : pid;
}

pid_t linux_spawn_server(const char *path, char *const arguments[], const char *folder, int device, int lock, int log) {
    // Out of the way of the numbers they get: a dup2 must not overwrite what the next one reads.
    int from[4] = {log, log, device, lock};
    int copies[4] = {-1, -1, -1, -1};
    pid_t pid = 0;
    for (int i = 0; i < 4 && pid >= 0; i++) {
        copies[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 8);
        if (copies[i] < 0) pid = -1;
    }
    if (pid >= 0) pid = spawn(path, arguments, folder, copies);
    int error = errno;
    for (int i = 0; i < 4; i++)
        if (copies[i] >= 0) close(copies[i]);
    errno = error;
    return pid;
}
