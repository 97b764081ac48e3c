#include "freshet_signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t target = -1;

/* Calls only write, which is allowed here, and leaves errno as the interrupted code had it. */
static void forward(int number) {
    int before = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(target, &byte, 1);
    (void)written; /* a full pipe holds signals enough */
    errno = before;
}

void freshet_forward_signal(int number, int descriptor) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_IGN) return;
    target = descriptor;
    memset(&action, 0, sizeof action);
    action.sa_handler = forward;
    action.sa_flags = SA_RESTART; /* code that knows nothing of signals need not notice them */
    sigaction(number, &action, NULL);
}
