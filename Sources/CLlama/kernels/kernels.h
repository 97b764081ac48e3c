#pragma once

#include "ggml-backend.h"
#include "ggml.h"

#include <memory>

struct ggml_compute_params;

// What ggml's CPU backend asks before it goes its own way. Those that answer whether they did it leave everything as it
// was for what they are not made for. Every thread of ggml's pool calls with its own `params`, and all get the same answer.
//
// FRESHET_KERNELS=0 in the environment switches them off, for a comparison with llama.cpp as it is.
bool freshet_kernels_are_on();

// A GGML_OP_FLASH_ATTN_EXT (attention.cpp). Uses flash attention's own part of the plan's work memory.
bool freshet_attention(const ggml_compute_params * params, ggml_tensor * dst);

// `C[j * ldc + i]`, for i in 0..<m and j in 0..<n, becomes the product of row i of A and token j of B (products.cpp).
// Both have k blocks, of the two types (ggml_type), and lie lda and ldb blocks apart. The threads divide the rows among
// them. For Q4_0, Q5_0 and Q8_0 and tokens of Q8_0.
bool freshet_product(const ggml_compute_params * params, int type, int token_type, int64_t m, int64_t n, int64_t k,
                     const void * A, int64_t lda, const void * B, int64_t ldb, float * C, int64_t ldc);

// Weights in the order in which they are multiplied (packed.cpp), in as many bytes as they have. Of a mapped file they are
// packed as they are used, others at once; `rows` are as in the file. The product is a GGML_OP_MUL_MAT of such weights, and
// its work memory begins with `freshet_packed_work_size` bytes.
struct freshet_packed_weights;
bool                                    freshet_is_packable(const ggml_tensor * weights);
std::shared_ptr<freshet_packed_weights> freshet_pack(const ggml_tensor * weights, const void * rows);
size_t                                  freshet_packed_work_size(const ggml_tensor * product, int threads);
void freshet_packed_product(const ggml_compute_params * params, ggml_tensor * dst, freshet_packed_weights & weights);

// Memory for such weights (packed_buffer.cpp), or null for ggml's own; and what is freed together with it. From any thread.
ggml_backend_buffer_t freshet_packed_buffer(size_t size);
void                  freshet_keep(ggml_backend_buffer_t buffer, std::shared_ptr<void> object);
