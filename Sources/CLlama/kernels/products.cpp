// Products of several tokens with quantised weights that lie as in their file, because they are mapped into memory or
// are no multiple of 16 rows; packed.cpp has the others. Compiled into ggml's CPU backend (CMakeLists.txt). For AVX-512
// with VNNI; elsewhere every question is answered with false.
//
// A register holds the same four columns of 16 rows of weights, so one VPDPBUSD does its part of 16 products, and
// nothing has to be added up across a register. The weights are brought into that order on the way: a panel of 16 rows
// is unpacked once for up to `slab` tokens, and stays in the nearest caches while they are multiplied with it. It is
// the blocking of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication"
// (doi:10.1145/1356052.1356053).
#include "kernels.h"

#include <algorithm>
#include <vector>

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__)

#include "tokens.h"
#include "weights.h"

namespace {

constexpr int64_t slab = 128; // tokens that share an unpacked panel

// The surveys of a slab of tokens, block after block of all of them.
struct Survey {
    int64_t            first, count;
    std::vector<float> scales, sums;

    void take(const TokensQ8_0 & tokens, int64_t first, int64_t count, int64_t k) {
        this->first = first;
        this->count = count;
        scales.resize(count * k);
        sums.resize(count * k);
        for (int64_t token = first; token < first + count; ++token) {
            for (int64_t block = 0; block < k; ++block) {
                const int64_t at = block * count + token - first;
                tokens.survey(token, block, &scales[at], &sums[at]);
            }
        }
    }
};

// Multiplies a panel with `Count` tokens from `token` on. Four products are in flight at a time, since each of the
// eight steps of one waits for the step before.
template <int Count>
void multiply(const PanelBlock * panel, int64_t k, const TokensQ8_0 & tokens, const Survey & survey, int64_t token,
              float * to, int64_t to_stride, __mmask16 rows) {
    constexpr int flight = Count < 4 ? Count : 4;

    __m512 totals[Count];
    for (__m512 & total : totals) {
        total = _mm512_setzero_ps();
    }
    for (int64_t block = 0; block < k; ++block) {
        const PanelBlock & weights = panel[block];
        const float *      scales  = &survey.scales[block * survey.count + token - survey.first];
        const float *      sums    = &survey.sums[block * survey.count + token - survey.first];
#pragma GCC unroll 4
        for (int first = 0; first < Count; first += flight) {
            __m512i products[flight];
            for (__m512i & product : products) {
                product = _mm512_setzero_si512();
            }
#pragma GCC unroll 8
            for (int column = 0; column < fours; ++column) {
#pragma GCC unroll 4
                for (int i = 0; i < flight; ++i) {
                    int32_t four;
                    memcpy(&four, tokens.bytes(token + first + i, block) + 4 * column, sizeof four);
                    products[i] = _mm512_dpbusd_epi32(products[i], weights.columns[column], _mm512_set1_epi32(four));
                }
            }
#pragma GCC unroll 4
            for (int i = 0; i < flight; ++i) {
                const __m512 scale = _mm512_mul_ps(weights.scales, _mm512_set1_ps(scales[first + i]));
                __m512 &     total = totals[first + i];
                total = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products[i]), scale, total);
                total = _mm512_fnmadd_ps(weights.minima, _mm512_set1_ps(sums[first + i]), total);
            }
        }
    }
    for (int i = 0; i < Count; ++i) {
        _mm512_mask_storeu_ps(to + i * to_stride, rows, totals[i]);
    }
}

// `to[j * to_stride + i - begin]` becomes the product of row i, in `begin ..< end`, and token j, in `0 ..< number`.
template <typename Weights>
void multiply_all(const Weights & weights, int64_t begin, int64_t end, int64_t k, const TokensQ8_0 & tokens,
                  int64_t number, float * to, int64_t to_stride) {
    // As large as the longest row was, for as long as the thread lives.
    static thread_local std::vector<PanelBlock> panel;
    static thread_local Survey                  survey;
    panel.resize(k);

    for (int64_t first = 0; first < number; first += slab) {
        const int64_t limit = std::min(first + slab, number);
        survey.take(tokens, first, limit - first, k);
        for (int64_t top = begin; top < end; top += height) {
            const int64_t   rows  = std::min<int64_t>(end - top, height);
            const __mmask16 mask  = (1u << rows) - 1;
            int64_t         token = first;
            weights.unpack(top, rows, k, panel.data());

            // As many at a time as there are registers for, then fewer.
            const auto take = [&](auto multiply, int64_t count) {
                for (; token + count <= limit; token += count) {
                    float * const at = to + token * to_stride + top - begin;
                    multiply(panel.data(), k, tokens, survey, token, at, to_stride, mask);
                }
            };
            take(multiply<16>, 16);
            take(multiply<8>, 8);
            take(multiply<4>, 4);
            take(multiply<2>, 2);
            take(multiply<1>, 1);
        }
    }
}

} // namespace

bool freshet_product(const ggml_compute_params * params, int type, int token_type, int64_t m, int64_t n, int64_t k,
                     const void * A, int64_t lda, const void * B, int64_t ldb, float * C, int64_t ldc) {
    // One token is not worth the unpacking.
    if (n < 2 || token_type != GGML_TYPE_Q8_0 || !freshet_kernels_are_on()) {
        return false;
    }
    const int64_t    panels = (m + height - 1) / height;
    const int64_t    begin  = panels * params->ith / params->nth * height;
    const int64_t    end    = std::min(panels * (params->ith + 1) / params->nth * height, m);
    const TokensQ8_0 tokens = {static_cast<const block_q8_0 *>(B), ldb};
    const auto       take   = [&](const auto & weights) {
        multiply_all(weights, begin, end, k, tokens, n, C + begin, ldc);
        return true;
    };
    switch (type) {
        case GGML_TYPE_Q4_0: return take(PlainWeights<block_q4_0>{static_cast<const block_q4_0 *>(A), lda});
        case GGML_TYPE_Q5_0: return take(PlainWeights<block_q5_0>{static_cast<const block_q5_0 *>(A), lda});
        case GGML_TYPE_Q8_0: return take(PlainWeights<block_q8_0>{static_cast<const block_q8_0 *>(A), lda});
        default:             return false;
    }
}

#else

bool freshet_product(const ggml_compute_params *, int, int, int64_t, int64_t, int64_t, const void *, int64_t,
                     const void *, int64_t, float *, int64_t) {
    return false;
}

#endif
