#pragma once

// Tokens of each type. For products.cpp alone, and what AVX-512 it needs.
//
// The first `grouped` tokens, a multiple of four, are interleaved by four, eight bytes of each in turn; the others are
// plain. `four` and `one` say where the bytes of a block are, of four tokens or of one, and the surveys what they stand
// for: their scale, and that times their sum.

#include "weights.h"

namespace {

struct TokensQ8_0 {
    const char * start;
    int64_t      stride; // bytes from one token to the next, also of those that are interleaved
    int64_t      grouped;

    const block_q8_0x4 & group(int64_t token, int64_t block) const {
        return reinterpret_cast<const block_q8_0x4 *>(start + token * stride)[block];
    }
    const block_q8_0 & plain(int64_t token, int64_t block) const {
        return reinterpret_cast<const block_q8_0 *>(start + token * stride)[block];
    }
    const int8_t * four(int64_t token, int64_t block) const { return group(token, block).qs; }
    const int8_t * one(int64_t token, int64_t block) const { return plain(token, block).qs; }

    void survey_four(int64_t token, int64_t block, float * scales, float * sums) const {
        const block_q8_0x4 & from  = group(token, block);
        const __m512i        ones  = _mm512_set1_epi8(1);
        const __m512i        first = _mm512_dpbusd_epi32(_mm512_setzero_si512(), ones, _mm512_loadu_si512(from.qs));
        const __m512i        all   = _mm512_dpbusd_epi32(first, ones, _mm512_loadu_si512(from.qs + 64));
        const __m256i pairs = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
        const __m128i each  = _mm_hadd_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
        const __m128  scale = _mm_cvtph_ps(_mm_loadl_epi64((const __m128i *) from.d));
        _mm_storeu_ps(scales, scale);
        _mm_storeu_ps(sums, _mm_mul_ps(scale, _mm_cvtepi32_ps(each)));
    }
    void survey_one(int64_t token, int64_t block, float * scale, float * sum) const {
        const block_q8_0 & from = plain(token, block);
        const __m256i      all  = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_set1_epi8(1),
                                                      _mm256_loadu_si256((const __m256i *) from.qs));
        *scale = GGML_CPU_FP16_TO_FP32(from.d);
        *sum   = *scale * _mm512_reduce_add_epi32(_mm512_zextsi256_si512(all));
    }
};

struct TokensQ8_K {
    const char * start;
    int64_t      stride;
    int64_t      grouped;

    const block_q8_Kx4 & group(int64_t token, int64_t block) const {
        return reinterpret_cast<const block_q8_Kx4 *>(start + token * stride)[block / 8];
    }
    const block_q8_K & plain(int64_t token, int64_t block) const {
        return reinterpret_cast<const block_q8_K *>(start + token * stride)[block / 8];
    }
    const int8_t * four(int64_t token, int64_t block) const { return group(token, block).qs + block % 8 * 4 * length; }
    const int8_t * one(int64_t token, int64_t block) const { return plain(token, block).qs + block % 8 * length; }

    // There are sums of 16 columns each, interleaved by four.
    void survey_four(int64_t token, int64_t block, float * scales, float * sums) const {
        const block_q8_Kx4 & from = group(token, block);
        for (int i = 0; i < 4; ++i) {
            const int16_t * halves = from.bsums + block % 8 / 2 * 16 + i * 4 + block % 2 * 2;
            scales[i]              = from.d[i];
            sums[i]                = from.d[i] * (halves[0] + halves[1]);
        }
    }
    void survey_one(int64_t token, int64_t block, float * scale, float * sum) const {
        const block_q8_K & from   = plain(token, block);
        const int16_t *    halves = from.bsums + block % 8 * 2;
        *scale                    = from.d;
        *sum                      = from.d * (halves[0] + halves[1]);
    }
};

} // namespace
