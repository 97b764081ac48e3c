// Vectors that stand for whole texts, computed by a model's layers without its choice of a next token.
//
// An *embedder* is a context of its own kind: it remembers nothing from one call to the next. Like a context it belongs
// to one thread at a time, has one owner, who frees it, and must not outlive its model.

#ifndef FRESHET_EMBEDDING_H
#define FRESHET_EMBEDDING_H

#include "freshet_llama.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct freshet_embedder freshet_embedder;

// How the vectors of a text's tokens become one: llama.cpp's numbers.
typedef enum freshet_pooling {
    // Their mean.
    FRESHET_POOLING_MEAN = 1,
    // The first one.
    FRESHET_POOLING_CLS = 2,
    // The last one.
    FRESHET_POOLING_LAST = 3,
} freshet_pooling;

// Makes an embedder for texts of together at most `params.context_length` tokens a call, and at most
// `params.max_sequences` of them.
//
// `reads_whole`: every token sees the whole text, so that all texts of a call are computed at once, in buffers for so many
// tokens. Otherwise a token sees those before it, the texts are computed in pieces of `params.micro_batch` tokens, and
// the first token alone (FRESHET_POOLING_CLS) is refused: it would know nothing of the text.
// NULL on failure, with nothing left in memory.
freshet_embedder * _Nullable freshet_embedder_new(freshet_model * _Nonnull model, freshet_context_params params,
                                                  bool reads_whole, freshet_pooling pooling,
                                                  freshet_error * _Nonnull error);
void freshet_embedder_free(freshet_embedder * _Nonnull embedder);

// The numbers of a vector.
int32_t freshet_embedder_width(const freshet_embedder * _Nonnull embedder);

// Computes the vectors of `count` texts. `tokens` holds the first one's, the second one's and so on; text i has
// `lengths[i]` tokens, at least one. `vectors` gets a vector for each text, one after the other.
// FRESHET_OK, or another code with `error` filled and `vectors` undefined; the embedder can be used again.
freshet_error_code freshet_embedder_compute(freshet_embedder * _Nonnull embedder, const int32_t * _Nonnull tokens,
                                            const int32_t * _Nonnull lengths, int32_t count, float * _Nonnull vectors,
                                            freshet_error * _Nonnull error);

#ifdef __cplusplus
}
#endif

#endif
