// llama.cpp's own sampler chain, for tests and benchmarks to compare Freshet's with. It is no part of what ships.
//
// There is one noun: an *oracle*, a chain of llama.cpp's sampler stages. It is an opaque handle with one owner, who
// frees it, and belongs to one thread at a time. Stages are added in the order in which they are to act.
//
// Why this is in C: the stages are llama.cpp's, and its chain is built from objects that are freed by their chain.

#ifndef SAMPLER_ORACLE_H
#define SAMPLER_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct freshet_oracle freshet_oracle;

// One token that the chain left over.
typedef struct freshet_oracle_candidate {
    int32_t token;
    float logit;
    // The softmax of the logits that are left, computed in double.
    float probability;
} freshet_oracle_candidate;

// A chain without stages for `vocabulary_size` tokens; NULL when memory could not be had.
//
// `model_path`, which ends in a zero byte, names a sound model whose vocabulary is loaded for DRY's breakers; NULL
// loads none. The oracle has llama.cpp load it for itself, so that no handle of Freshet's need pass its boundary.
freshet_oracle * _Nullable freshet_oracle_new(int32_t vocabulary_size, const char * _Nullable model_path);
void freshet_oracle_free(freshet_oracle * _Nonnull oracle);

// Each adds a stage at the end and answers whether it could; when not, the chain is as before.
bool freshet_oracle_add_logit_bias(freshet_oracle * _Nonnull oracle, const int32_t * _Nullable tokens,
                                   const float * _Nullable biases, int32_t count);
// A grammar in GBNF, which is to be sound: llama.cpp's reader of grammars does not end with some others. The oracle must
// have a model's vocabulary. Accepting a token that the grammar refuses ends the process.
bool freshet_oracle_add_grammar(freshet_oracle * _Nonnull oracle, const char * _Nonnull grammar);
bool freshet_oracle_add_penalties(freshet_oracle * _Nonnull oracle, int32_t last_n, float repeat, float frequency,
                                  float presence);
// `breakers` are texts that end in a zero byte. There can only be some where the oracle has a model's vocabulary.
bool freshet_oracle_add_dry(freshet_oracle * _Nonnull oracle, float multiplier, float base, int32_t allowed_length,
                            int32_t last_n, const char * _Nonnull const * _Nullable breakers, size_t breaker_count);
bool freshet_oracle_add_top_n_sigma(freshet_oracle * _Nonnull oracle, float n);
bool freshet_oracle_add_top_k(freshet_oracle * _Nonnull oracle, int32_t k);
bool freshet_oracle_add_typical_p(freshet_oracle * _Nonnull oracle, float p, size_t min_keep);
bool freshet_oracle_add_top_p(freshet_oracle * _Nonnull oracle, float p, size_t min_keep);
bool freshet_oracle_add_min_p(freshet_oracle * _Nonnull oracle, float p, size_t min_keep);
bool freshet_oracle_add_xtc(freshet_oracle * _Nonnull oracle, float probability, float threshold, size_t min_keep,
                            uint32_t seed);
bool freshet_oracle_add_temperature(freshet_oracle * _Nonnull oracle, float temperature, float range, float exponent);
// The last three choose a token, so one of them ends the chain.
bool freshet_oracle_add_mirostat(freshet_oracle * _Nonnull oracle, int32_t version, float tau, float eta,
                                 uint32_t seed);
bool freshet_oracle_add_greedy(freshet_oracle * _Nonnull oracle);
bool freshet_oracle_add_draw(freshet_oracle * _Nonnull oracle, uint32_t seed);

// Takes a token of the sequence into the history of the stages that have one.
void freshet_oracle_accept(freshet_oracle * _Nonnull oracle, int32_t token);
// Forgets all tokens of the sequence.
void freshet_oracle_reset(freshet_oracle * _Nonnull oracle);

// Runs the chain over one logit for each token of the vocabulary, which it leaves as they are. Returns the index in
// `candidates` of the token that was chosen, or -1 when no stage chooses; `count` receives how many candidates are
// left. `candidates` has room for the whole vocabulary.
int32_t freshet_oracle_apply(freshet_oracle * _Nonnull oracle, const float * _Nonnull logits,
                             freshet_oracle_candidate * _Nonnull candidates, size_t * _Nonnull count);

// Runs the chain over one logit for each token of the vocabulary, and writes what it leaves of them to `result`: minus
// infinity for a token that it takes away. Answers whether it could.
bool freshet_oracle_filter(freshet_oracle * _Nonnull oracle, const float * _Nonnull logits, float * _Nonnull result);

// Runs the chain as llama.cpp's programs do for each token, and returns the token it chose; -1 when no stage chooses.
int32_t freshet_oracle_sample(freshet_oracle * _Nonnull oracle, const float * _Nonnull logits);

#ifdef __cplusplus
}
#endif

#endif
