/* Turns signals into bytes of a pipe.
 *
 * This is C because a signal handler may run at any instruction of any thread, where almost nothing is allowed; Swift
 * gives no promise about what its code does between two statements. Blocking the signals and waiting for them would
 * need no handler, but OpenBLAS starts threads before main runs, and a signal is delivered to whatever thread does not block
 * it. */
#ifndef FRESHET_SIGNALS_H
#define FRESHET_SIGNALS_H

/* From now on `number`, when it comes, is written as one byte to `descriptor`, a pipe that does not block. A signal
 * that the parent has chosen to ignore, as nohup does, stays ignored. One descriptor serves all signals; it must stay
 * open. */
void freshet_forward_signal(int number, int descriptor);

#endif
