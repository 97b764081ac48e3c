#pragma once

#include "ggml.h"

struct ggml_compute_params;

// What ggml's CPU backend asks before it goes its own way. Each returns false, with everything as it was, for what it
// is not made for. Every thread of ggml's pool calls it with its own `params`, and all get the same answer.
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

// The same for a thread's own rows of weights, m of them and `columns` long, as llama.cpp interleaves rows by eight
// when it loads a model, and tokens of the type that goes with them, `stride` bytes apart and interleaved by four as
// far as there are four. For Q4_0 (block_q4_0x8, block_q8_0x4) and Q4_K (block_q4_Kx8, block_q8_Kx4).
bool freshet_interleaved_product(ggml_type type, int64_t m, int64_t n, int64_t columns, const void * A, const void * B,
                                 int64_t stride, float * C, int64_t ldc);
