#define _GNU_SOURCE
#include "linux_crash.h"
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void tell(const char *text) { (void)!write(STDERR_FILENO, text, strlen(text)); }

static void tell_hex(unsigned long number) {
    char text[2 + 16 + 1], *digit = text + sizeof text - 1;
    *digit = 0;
    do *--digit = "0123456789abcdef"[number & 15]; while (number >>= 4);
    *--digit = 'x';
    *--digit = '0';
    tell(digit);
}

// Only what may be called in a handler (man 7 signal-safety); backtrace was called before, so that it loads nothing.
static void crashed(int signal, siginfo_t *info, void *context) {
    (void)context;
    char thread[16] = "";
    prctl(PR_GET_NAME, thread);
    tell("fatal: ended by signal SIG");
    tell(sigabbrev_np(signal));
    if (info->si_code > 0) {
        tell(" at the address ");
        tell_hex((unsigned long)info->si_addr);
    }
    tell(" in the thread \"");
    tell(thread);
    tell("\"; this is a fault of the program itself, please report it with these lines"
         " (addr2line -Cfe PROGRAM +OFFSET names them):\n");
    void *calls[64];
    backtrace_symbols_fd(calls, backtrace(calls, 64), STDERR_FILENO);
    // It was reset (SA_RESETHAND), and waits for the end of this handler.
    raise(signal);
}

void linux_tell_of_crash(void) {
    void *call[1];
    backtrace(call, 1);
    struct sigaction action = {.sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}
