// What a program says of itself when the processor or the C library ends it.
#pragma once

// From then on a fatal signal (SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT) writes to standard error which signal it
// is, in which thread, and the calls that led there; then it does what it did before. Handlers are not inherited through
// exec. (man 3 backtrace)
void linux_tell_of_crash(void);
