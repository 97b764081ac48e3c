// Writing GGUF files through ggml's own writer, and numbers into ggml's types through its own quantiser.
//
// There is one noun: a *gguf* is a file's header in the making, its metadata and the table of its tensors. It is an
// opaque handle with one owner, who frees it, and belongs to one thread at a time. The tensors' data is not in it: the
// caller writes the header and after it each tensor's rows, at the place that the header gives them.
//
// Keys, names and texts are UTF-8 and end in a zero byte. A function that can fail takes a freshet_error and answers
// false; the header is then as it was. See freshet_llama.h for how errors and exceptions pass.

#ifndef FRESHET_GGUF_H
#define FRESHET_GGUF_H

#include "freshet_llama.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct freshet_gguf freshet_gguf;

// An empty header; NULL without memory for it.
freshet_gguf * _Nullable freshet_gguf_new(freshet_error * _Nonnull error);
void freshet_gguf_free(freshet_gguf * _Nonnull gguf);

// Sets a key to a value; one that was there is replaced.
bool freshet_gguf_set_bool(freshet_gguf * _Nonnull gguf, const char * _Nonnull key, bool value,
                           freshet_error * _Nonnull error);
bool freshet_gguf_set_uint32(freshet_gguf * _Nonnull gguf, const char * _Nonnull key, uint32_t value,
                             freshet_error * _Nonnull error);
bool freshet_gguf_set_float32(freshet_gguf * _Nonnull gguf, const char * _Nonnull key, float value,
                              freshet_error * _Nonnull error);
bool freshet_gguf_set_text(freshet_gguf * _Nonnull gguf, const char * _Nonnull key, const char * _Nonnull value,
                           freshet_error * _Nonnull error);
bool freshet_gguf_set_int32s(freshet_gguf * _Nonnull gguf, const char * _Nonnull key,
                             const int32_t * _Nonnull values, size_t count, freshet_error * _Nonnull error);
// `texts` holds `count` texts, one after the other, each with its zero byte.
bool freshet_gguf_set_texts(freshet_gguf * _Nonnull gguf, const char * _Nonnull key, const char * _Nonnull texts,
                            size_t count, freshet_error * _Nonnull error);

// Adds a tensor of 1 to 4 dimensions, the fastest first, after those that are there. `type` is its number in GGUF
// files. Refused: a name that is taken or longer than 63 bytes, a dimension below 1, rows that are no whole number of
// the type's blocks, and a type that freshet_quantize does not write.
bool freshet_gguf_add_tensor(freshet_gguf * _Nonnull gguf, const char * _Nonnull name, uint32_t type,
                             const int64_t * _Nonnull dimensions, uint32_t dimension_count,
                             freshet_error * _Nonnull error);

// Where a tensor's data begins, in bytes after the header, and how long it is; 0 for an index out of range. Between
// tensors lie less than 32 bytes of padding.
size_t freshet_gguf_tensor_offset(const freshet_gguf * _Nonnull gguf, size_t index);
size_t freshet_gguf_tensor_size(const freshet_gguf * _Nonnull gguf, size_t index);

// Writes the header with the padding after it, and returns its length. SIZE_MAX on failure, with `error` filled.
size_t freshet_gguf_header(const freshet_gguf * _Nonnull gguf, char * _Nullable buffer, size_t capacity,
                           freshet_error * _Nonnull error);

// Writes rows of numbers in a tensor's type and returns the bytes written, which must fit into `capacity`. SIZE_MAX on
// failure, with `error` filled. Any number of threads may call it at once.
size_t freshet_quantize(uint32_t type, const float * _Nonnull values, int64_t row_count, int64_t row_length,
                        void * _Nonnull buffer, size_t capacity, freshet_error * _Nonnull error);

#ifdef __cplusplus
}
#endif

#endif
