// Runs code in a child process that is killed just before its n-th system call: what a `kill -9` at that moment leaves.
#pragma once

// Returns 1 if the child was killed, 0 if it ended before (status 0), -1 with errno if it could not be run or failed.
// Calls that change nothing (reads, memory, locks) are not counted. For programs without other threads, or for tests:
// the child has only the calling thread, so a lock that another thread held stays taken; it is given up after 10 s.
int linux_run_killed(void (*body)(void *), void *context, long nth);
