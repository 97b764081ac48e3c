// How fast this machine reads memory and multiplies, for what a model asks of it: the two lines of a roofline.
//
// Both functions block for about a second and keep `threads` processors busy. They return 0 on failure, with `error`
// filled, and when `should_stop` answered true, which is asked between rounds and may be NULL.

#ifndef FRESHET_RATES_H
#define FRESHET_RATES_H

#include "freshet_llama.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef bool (*freshet_stop_callback)(void * _Nullable data);

// Bytes a second that the threads together read: the best of `rounds` passes over a buffer of `size` bytes, of which
// each thread reads a part of its own. The buffer lies in large pages where the system has them; it should be several
// times as large as the caches.
double freshet_read_bandwidth(int32_t threads, size_t size, int32_t rounds, freshet_stop_callback _Nullable should_stop,
                              void * _Nullable data, freshet_error * _Nonnull error);

// Multiplications and additions a second of ggml's product of a matrix of `rows` rows of `columns` weights with
// `tokens` vectors of 32-bit floats: the best of `rounds`. `type` is ggml's name of the weights' type, and ends in a
// zero byte; `columns` is a multiple of its block length. With `use_repack` the weights are interleaved as a model's
// would be.
double freshet_matrix_rate(const char * _Nonnull type, int32_t columns, int32_t rows, int32_t tokens, int32_t threads,
                           bool use_repack, int32_t rounds, freshet_stop_callback _Nullable should_stop,
                           void * _Nullable data, freshet_error * _Nonnull error);

#ifdef __cplusplus
}
#endif

#endif
