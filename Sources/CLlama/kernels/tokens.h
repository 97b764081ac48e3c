#pragma once

// Tokens as ggml quantises them. For products.cpp alone, and what AVX-512 it needs.

#include "weights.h"

namespace {

struct TokensQ8_0 {
    const block_q8_0 * start;
    int64_t            stride; // blocks from one token to the next

    const int8_t * bytes(int64_t token, int64_t block) const { return start[token * stride + block].qs; }

    // What a block's bytes stand for: their scale, and that times their sum.
    void survey(int64_t token, int64_t block, float * scale, float * sum) const {
        const block_q8_0 & from = start[token * stride + block];
        const __m256i      all  = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_set1_epi8(1),
                                                      _mm256_loadu_si256((const __m256i *) from.qs));
        *scale = GGML_CPU_FP16_TO_FP32(from.d);
        *sum   = *scale * _mm512_reduce_add_epi32(_mm512_zextsi256_si512(all));
    }
};

} // namespace
