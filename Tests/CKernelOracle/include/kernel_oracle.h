// ggml's CPU backend, with Freshet's kernels in it, against the same sums taken one by one in double precision. It is
// no part of what ships.
//
// Why this is in C: the operations are ggml's.

#ifndef KERNEL_ORACLE_H
#define KERNEL_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A memory of `cells`, each written by one of `sequences` sequences or shared by all of them, and `tokens` that each
// belong to one sequence and see its cells up to a place of their own; all from `seed`. Lengths are in floats.
typedef struct freshet_attention_case {
    int32_t key_length, value_length;
    int32_t heads, shared_heads; // of queries, and of keys and values: each serves `heads / shared_heads`
    int32_t tokens, cells, sequences;
    int32_t key_type, value_type; // a ggml_type
    bool has_sinks, has_weights;  // cells that are seen have a bias in the mask
    int32_t threads;
    uint32_t seed;
} freshet_attention_case;

// The largest difference of a float of the result from what it ought to be, in parts of the largest that ought to be;
// infinity where a result is no number, and -1 when memory could not be had.
double freshet_oracle_attention_error(const freshet_attention_case * _Nonnull attention);

// Where weights are: as in a file; as llama.cpp lays them out when it loads a model, if it has such a layout for the type on
// this CPU; and the same from a mapped file, where it may do that later.
typedef enum freshet_weight_place {
    FRESHET_WEIGHTS_PLAIN,
    FRESHET_WEIGHTS_PACKED,
    FRESHET_WEIGHTS_MAPPED,
} freshet_weight_place;

// The same for `rows` rows of weights, `columns` long, times `tokens` tokens, the largest of `times` products in turn;
// infinity where two of them differ. The tokens' values are such that they lose nothing when the backend turns them into bytes.
double freshet_oracle_product_error(int32_t type, freshet_weight_place place, int32_t rows, int32_t columns,
                                    int32_t tokens, int32_t threads, int32_t times, uint32_t seed);

#ifdef __cplusplus
}
#endif

#endif
