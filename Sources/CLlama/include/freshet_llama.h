// Freshet's view of llama.cpp: the whole of it.
//
// There are two nouns. A *model* is weights, metadata and vocabulary: immutable once loaded, usable from any thread,
// and it must outlive its contexts. A *context* is the memory of running sequences and the buffers to compute with: it
// belongs to one thread at a time. Each is an opaque handle with one owner, who frees it.
//
// Why this is in C: llama.cpp passes structures by value that change with every version, aborts or throws C++
// exceptions where a caller needs an answer, and writes to the terminal. None of that passes this header: no type of
// llama.cpp, no C++, no exception. A function that can fail takes a freshet_error and says what memory looks like
// after.
//
// Text is UTF-8 with an explicit length and is never assumed to end in a zero byte, unless said otherwise. A function
// that fills a buffer returns the length that is needed, which may be more than it was given: call it again with more.

#ifndef FRESHET_LLAMA_H
#define FRESHET_LLAMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if !defined(__clang__)
#define _Nonnull
#define _Nullable
#endif

typedef struct freshet_model freshet_model;
typedef struct freshet_context freshet_context;
// Threads that several contexts compute with; see freshet_threads.h.
typedef struct freshet_threads freshet_threads;

// ---------------------------------------------------------------------------------------------------------- Errors

typedef enum freshet_error_code {
    FRESHET_OK = 0,
    // The caller's callback asked to stop.
    FRESHET_ERROR_INTERRUPTED = 1,
    // The file is of an architecture, or a version, that this llama.cpp does not know.
    FRESHET_ERROR_UNSUPPORTED = 2,
    // The file is damaged or incomplete.
    FRESHET_ERROR_DAMAGED = 3,
    // Memory could not be had.
    FRESHET_ERROR_OUT_OF_MEMORY = 4,
    // The context has no room for the batch.
    FRESHET_ERROR_NO_ROOM = 5,
    // The chat template is missing, cannot be parsed, or refuses the conversation.
    FRESHET_ERROR_TEMPLATE = 6,
    // Anything else; the message is what llama.cpp said.
    FRESHET_ERROR_OTHER = 7,
    // It would have taken more steps, memory or stack than it may.
    FRESHET_ERROR_EXHAUSTED = 8,
} freshet_error_code;

// Filled by a failing call, untouched by a successful one. `message` ends in a zero byte.
typedef struct freshet_error {
    freshet_error_code code;
    char message[1024];
} freshet_error;

// ------------------------------------------------------------------------------------------------------ The library

// A log line of llama.cpp. `level` is 1 debug, 2 info, 3 warning, 4 error. Lines arrive without their line end, from
// whatever thread is at work; `text` is valid during the call.
typedef void (*freshet_log_callback)(int32_t level, const char * _Nonnull text, size_t length, void * _Nullable data);

// Prepares llama.cpp. To be called once, before anything else; later calls change nothing.
void freshet_start(void);

// Whether OpenBLAS is part of this build, so that a context can be told to use it. After freshet_start.
bool freshet_has_blas(void);

// Writes the names and values of what ggml's code for the processor was built for and finds there, as in
// "AVX2=1 LLAMAFILE=1", and returns the length. After freshet_start.
size_t freshet_processor_features(char * _Nullable buffer, size_t capacity);

// Sends log lines to `callback` from now on; NULL drops them. They never go to the process's output by themselves.
// A thread that was already on its way may still call the one before.
void freshet_set_log(freshet_log_callback _Nullable callback, void * _Nullable data);

// -------------------------------------------------------------------------------------------------------- The model

// Called with 0…1 as the weights are read. Answer false to give up.
typedef bool (*freshet_progress_callback)(float progress, void * _Nullable data);

typedef struct freshet_model_params {
    // Map the file into memory rather than copy it.
    bool use_mmap;
    // Interleave the rows of quantised weights as the processor's kernels like them best, in a copy.
    bool use_repack;
    // Ask the system for large pages for what is copied. It may not have any.
    bool use_huge_pages;
    // Read only vocabulary and metadata; no context can be made of such a model.
    bool vocab_only;
    freshet_progress_callback _Nullable progress;
    void * _Nullable progress_data;
} freshet_model_params;

// Loads a GGUF file. `path` ends in a zero byte. NULL on failure, with nothing left in memory.
// The file's header must have been checked before: llama.cpp aborts the process on some malformed ones.
freshet_model * _Nullable freshet_model_load(const char * _Nonnull path, freshet_model_params params,
                                             freshet_error * _Nonnull error);
void freshet_model_free(freshet_model * _Nonnull model);

typedef struct freshet_model_info {
    // 0 for a model without a tokenizer.
    int32_t vocabulary_count;
    int32_t trained_context_length;
    uint64_t parameter_count;
    // Bytes of all tensors.
    uint64_t byte_count;
    // The model can continue a text token by token: it has a decoder, needs no encoder, and is no diffusion model.
    bool can_generate;
    // The layers' results for a text's tokens can be had: it is no encoder with a decoder behind it, and no draft model
    // that lives on another's results.
    bool can_embed;
    // Numbers of such a result.
    int32_t embedding_width;
    // The memory of a sequence can be cut at any token. False for a recurrent model, also in part, whose state stands
    // for all tokens at once.
    bool can_truncate;
    // The state of a piece of a sequence can be taken out and put back: false where memory is recurrent or a window.
    bool can_save;
    // Numbers that a token's keys, and its values, have in the memory of all layers together. An estimate where layers
    // differ.
    uint64_t key_count;
    uint64_t value_count;
    // Bytes that lay in large pages when loading ended; 0 unless they were asked for.
    uint64_t huge_page_bytes;
} freshet_model_info;

freshet_model_info freshet_model_get_info(const freshet_model * _Nonnull model);

// ---------------------------------------------------------------------------------------------------- The vocabulary

// The token that begins every text; -1 when the vocabulary has none.
int32_t freshet_vocab_bos(const freshet_model * _Nonnull model);
// A token that ends generation. False for a token out of range.
bool freshet_vocab_is_eog(const freshet_model * _Nonnull model, int32_t token);
// A token that is no text, such as a turn's mark. False for a token out of range.
bool freshet_vocab_is_control(const freshet_model * _Nonnull model, int32_t token);

// Writes the tokens of a text, and returns their number. INT32_MIN on failure, with `error` filled.
// `add_special`: add the tokens that the model wants around a text. `parse_special`: read marks such as "<s>" in the
// text as the tokens they name, instead of as plain characters. `text` may be NULL when `length` is 0.
int32_t freshet_vocab_tokenize(const freshet_model * _Nonnull model, const char * _Nullable text, size_t length,
                               bool add_special, bool parse_special, int32_t * _Nullable tokens, int32_t capacity,
                               freshet_error * _Nonnull error);

// Writes a token's bytes, which may be part of a character, and returns their number; 0 for a token out of range.
// `special`: give control tokens their names instead of nothing.
size_t freshet_vocab_piece(const freshet_model * _Nonnull model, int32_t token, bool special, char * _Nullable buffer,
                           size_t capacity);

// ------------------------------------------------------------------------------------------------------ The context

typedef enum freshet_cache_type {
    FRESHET_CACHE_F16 = 0,
    FRESHET_CACHE_Q8_0 = 1,
    FRESHET_CACHE_Q4_0 = 2,
} freshet_cache_type;

typedef struct freshet_context_params {
    // Tokens that all sequences together may hold.
    uint32_t context_length;
    // Tokens that one decode may take.
    uint32_t batch_capacity;
    // Tokens that are computed at once.
    uint32_t micro_batch;
    // Sequences are numbered from 0 to below this; at most 255.
    uint32_t max_sequences;
    // How keys and values are kept. A quantised value type needs flash attention.
    freshet_cache_type key_type;
    freshet_cache_type value_type;
    // 1 on, 0 off, -1 as llama.cpp thinks best for the model.
    int32_t flash_attention;
    // Threads for one token, and for many.
    int32_t threads;
    int32_t batch_threads;
    // Those threads, which must outlive the context: several contexts may compute with them in turn. NULL makes new ones
    // for every computation.
    freshet_threads * _Nullable pool;
    // Let OpenBLAS compute products of many tokens with weights that are not repacked. Nothing where it is not built
    // in.
    bool use_blas;
    // Asked many times during a decode, on its thread; answer true to break it off. May be NULL.
    bool (* _Nullable should_interrupt)(void * _Nullable data);
    void * _Nullable interrupt_data;
} freshet_context_params;

// NULL on failure, with nothing left in memory.
freshet_context * _Nullable freshet_context_new(freshet_model * _Nonnull model, freshet_context_params params,
                                                freshet_error * _Nonnull error);
void freshet_context_free(freshet_context * _Nonnull context);

// The number of tokens that fit; llama.cpp may round it up.
uint32_t freshet_context_length(const freshet_context * _Nonnull context);

// Computes `count` tokens, at most the batch capacity. Element i is `tokens[i]` at `positions[i]` of sequence
// `sequences[i]`; where `outputs[i]` is not 0 its logits are kept.
//   FRESHET_OK                   the tokens are in memory, and the logits asked for can be read
//   FRESHET_ERROR_NO_ROOM        memory is as it was before the call
//   FRESHET_ERROR_INTERRUPTED    memory holds a part of the batch: ask freshet_context_next_position
//   FRESHET_ERROR_OUT_OF_MEMORY, FRESHET_ERROR_OTHER
//                                likewise; forget the sequences before the next decode
freshet_error_code freshet_context_decode(freshet_context * _Nonnull context, const int32_t * _Nonnull tokens,
                                          const int32_t * _Nonnull positions, const int32_t * _Nonnull sequences,
                                          const uint8_t * _Nonnull outputs, int32_t count,
                                          freshet_error * _Nonnull error);

// The logits of batch element `index`, one for each token of the vocabulary; NULL when none were asked for.
// Valid until the next decode.
const float * _Nullable freshet_context_logits(freshet_context * _Nonnull context, int32_t index);

// The position after the last one that a sequence holds: 0 for an empty sequence.
int32_t freshet_context_next_position(const freshet_context * _Nonnull context, int32_t sequence);

// Whether a sequence ends before `position` and holds all that a token there looks back at. llama.cpp lets new tokens
// take the cells of a sliding window that lie out of sight of their sequence's end, also in a cache of full size; what
// was cut or shared before that end may then miss them.
bool freshet_context_can_continue(const freshet_context * _Nonnull context, int32_t sequence, int32_t position);

// Lets the sequence `to`, which is empty, hold the first `length` tokens of `from` too, without a copy. For a model
// that cannot truncate, all of them.
void freshet_context_share(freshet_context * _Nonnull context, int32_t from, int32_t to, int32_t length);

// Whether positions can be taken out of the middle of a sequence.
bool freshet_context_can_shift(const freshet_context * _Nonnull context);

// Takes the positions from `begin` to before `end` out of a sequence and moves what follows down; no other sequence may
// hold any of it. False, with nothing changed, when this model cannot.
bool freshet_context_shift(freshet_context * _Nonnull context, int32_t sequence, int32_t begin, int32_t end);

// Writes the state of a sequence's positions from `begin` to before `end`, and returns the length; 0 when it cannot be
// had. Nothing is written when the capacity is less than that.
size_t freshet_context_save(freshet_context * _Nonnull context, int32_t sequence, int32_t begin, int32_t end,
                            uint8_t * _Nullable buffer, size_t capacity);

// The version of such states' layout. Those of another are not understood.
uint32_t freshet_state_version(void);

// The versions of the libraries that compute such states, as they are loaded. What another one computes for the same
// tokens may differ. Constant text.
const char * _Nonnull freshet_llama_version(void);
const char * _Nonnull freshet_ggml_version(void);

// Puts such a state behind the tokens of a sequence that ends at `begin`. False, with nothing changed, when it is not
// that of these positions in such a context, or there is no room.
bool freshet_context_load(freshet_context * _Nonnull context, int32_t sequence, int32_t begin, int32_t end,
                          const uint8_t * _Nonnull state, size_t length);

// Forgets what a sequence holds from `position` on. False when this model cannot be cut back there; the sequence is
// then as it was. Position 0 always works.
bool freshet_context_truncate(freshet_context * _Nonnull context, int32_t sequence, int32_t position);

#ifdef __cplusplus
}
#endif

#endif
