// Threads that compute, and that several contexts use by turns.

#ifndef FRESHET_THREADS_H
#define FRESHET_THREADS_H

#include "freshet_llama.h"

#ifdef __cplusplus
extern "C" {
#endif

// Starts `count` threads less the caller's own. Between two computations they look out for the next one for a while
// before they sleep: contexts that each had their own would be in each other's way even when they take turns. A single one,
// or none to be had, is as if there were no such threads. NULL where memory is missing.
freshet_threads * _Nullable freshet_threads_new(int32_t count);

// Ends them. No context that was made with them may be alive.
void freshet_threads_free(freshet_threads * _Nonnull threads);

#ifdef __cplusplus
}
#endif

#endif
