// The least that generating a text with llama.cpp can cost: a loop of its decoder and its own sampler, and nothing
// else.
//
// It is what `freshet bench` lays beside an answer that went the whole way, through engine, sampler, text and stream,
// to tell what that way costs. It is in C++ because anything else would be measured with it.

#ifndef FRESHET_BARE_LOOP_H
#define FRESHET_BARE_LOOP_H

#include "freshet_llama.h"

#ifdef __cplusplus
extern "C" {
#endif

// What the loop took, in seconds.
typedef struct freshet_bare_loop_time {
    // From before the prompt to after the last token.
    double total;
    // The part of it that was sampling.
    double sampling;
} freshet_bare_loop_time;

// Computes a prompt and generates `count` tokens behind it, in a context that is made for the purpose, and warmed up
// with one token, before the time is taken. The sampler is llama.cpp's chain with its programs' defaults: the 40 best
// tokens, top-p 0.95, min-p 0.05, temperature 0.8 and a draw with `seed`. A token that ends generation does not end the
// loop.
//
// `params` are those of an engine's context; what may interrupt one is asked before each token here, and breaks the
// loop off with FRESHET_ERROR_INTERRUPTED. `prompt` holds at least one token, and no more than the batch capacity. A
// call blocks for as long as it computes.
// FRESHET_OK with `time` filled, or another code with `error` filled; nothing is left in memory.
freshet_error_code freshet_bare_loop(freshet_model * _Nonnull model, freshet_context_params params,
                                     const int32_t * _Nonnull prompt, int32_t prompt_count, int32_t count,
                                     uint32_t seed, freshet_bare_loop_time * _Nonnull time,
                                     freshet_error * _Nonnull error);

#ifdef __cplusplus
}
#endif

#endif
