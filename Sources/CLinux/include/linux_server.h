// Starts a program that serves a file system through /dev/fuse.
#pragma once
#include <sys/types.h>

// Starts `path` in a session of its own: `folder` is its working directory, `device` its descriptor 3, `lock` its
// descriptor 4, `log` takes both outputs, /dev/null is its input; no other descriptor, no environment, no signal blocked.
// Returns its pid (`man 3 posix_spawn`).
pid_t linux_spawn_server(const char *path, char *const arguments[], const char *folder, int device, int lock, int log);
