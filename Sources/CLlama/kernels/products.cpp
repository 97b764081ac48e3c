// Products of quantised weights with several tokens at once, compiled into ggml's CPU backend (CMakeLists.txt). For
// AVX-512 with VNNI; elsewhere every question is answered with false.
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

    template <typename Tokens> void take(const Tokens & tokens, int64_t first, int64_t count, int64_t k) {
        this->first = first;
        this->count = count;
        scales.resize(count * k);
        sums.resize(count * k);
        int64_t token = first;
        for (; token < std::min(first + count, tokens.grouped); token += 4) {
            for (int64_t block = 0; block < k; ++block) {
                const int64_t at = block * count + token - first;
                tokens.survey_four(token, block, &scales[at], &sums[at]);
            }
        }
        for (; token < first + count; ++token) {
            for (int64_t block = 0; block < k; ++block) {
                const int64_t at = block * count + token - first;
                tokens.survey_one(token, block, &scales[at], &sums[at]);
            }
        }
    }
};

// Multiplies a panel with `Count` tokens from `token` on. Four products are in flight at a time, since each of the
// eight steps of one waits for the step before.
template <int Count, bool Grouped, typename Tokens>
void multiply(const PanelBlock * panel, int64_t k, const Tokens & tokens, const Survey & survey, int64_t token,
              float * to, int64_t to_stride, __mmask16 rows) {
    static_assert(!Grouped || Count % 4 == 0, "a group is not divided");
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
            const int8_t * bytes = Grouped ? tokens.four(token + first, block) : tokens.one(token + first, block);
            const int64_t  next  = Grouped ? 8 : tokens.stride;
            __m512i        products[flight];
            for (__m512i & product : products) {
                product = _mm512_setzero_si512();
            }
#pragma GCC unroll 8
            for (int column = 0; column < fours; ++column) {
#pragma GCC unroll 4
                for (int i = 0; i < flight; ++i) {
                    const int place = Grouped ? column / 2 * 32 + column % 2 * 4 : 4 * column;
                    int32_t   four;
                    memcpy(&four, bytes + i * next + place, sizeof four);
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
template <typename Weights, typename Tokens>
void multiply_all(const Weights & weights, int64_t begin, int64_t end, int64_t k, const Tokens & tokens, int64_t number,
                  float * to, int64_t to_stride) {
    // As large as the longest row was, for as long as the thread lives.
    static thread_local std::vector<PanelBlock> panel;
    static thread_local Survey                  survey;
    panel.resize(k);

    for (int64_t first = 0; first < number; first += slab) {
        const int64_t limit   = std::min(first + slab, number);
        const int64_t grouped = std::min(limit, tokens.grouped);
        survey.take(tokens, first, limit - first, k);
        for (int64_t top = begin; top < end; top += height) {
            const int64_t   rows  = std::min<int64_t>(end - top, height);
            const __mmask16 mask  = (1u << rows) - 1;
            int64_t         token = first;
            weights.unpack(top, rows, k, panel.data());

            // As many at a time as there are registers for, then fewer.
            const auto take = [&](auto multiply, int64_t count, int64_t limit) {
                for (; token + count <= limit; token += count) {
                    float * const at = to + token * to_stride + top - begin;
                    multiply(panel.data(), k, tokens, survey, token, at, to_stride, mask);
                }
            };
            take(multiply<16, true, Tokens>, 16, grouped);
            take(multiply<8, true, Tokens>, 8, grouped);
            take(multiply<4, true, Tokens>, 4, grouped);
            take(multiply<16, false, Tokens>, 16, limit);
            take(multiply<8, false, Tokens>, 8, limit);
            take(multiply<4, false, Tokens>, 4, limit);
            take(multiply<2, false, Tokens>, 2, limit);
            take(multiply<1, false, Tokens>, 1, limit);
        }
    }
}

} // namespace

bool freshet_product(const ggml_compute_params * params, int type, int token_type, int64_t m, int64_t n, int64_t k,
                     const void * A, int64_t lda, const void * B, int64_t ldb, float * C, int64_t ldc) {
    // Fewer tokens are not worth the unpacking.
    if (n < 4 || token_type != GGML_TYPE_Q8_0 || !freshet_kernels_are_on()) {
        return false;
    }
    const int64_t    panels = (m + height - 1) / height;
    const int64_t    begin  = panels * params->ith / params->nth * height;
    const int64_t    end    = std::min(panels * (params->ith + 1) / params->nth * height, m);
    const TokensQ8_0 tokens = {static_cast<const char *>(B), ldb * (int64_t) sizeof(block_q8_0), 0};
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

bool freshet_interleaved_product(ggml_type type, int64_t m, int64_t n, int64_t columns, const void * A, const void * B,
                                 int64_t stride, float * C, int64_t ldc) {
    if (n < 2 || !freshet_kernels_are_on()) {
        return false;
    }
    const auto *  bytes   = static_cast<const char *>(B);
    const int64_t grouped = n / 4 * 4;
    switch (type) {
        case GGML_TYPE_Q4_0:
            multiply_all(WeightsQ4_0x8{static_cast<const block_q4_0x8 *>(A)}, 0, m, columns / length,
                         TokensQ8_0{bytes, stride, grouped}, n, C, ldc);
            return true;
        case GGML_TYPE_Q4_K:
            multiply_all(WeightsQ4_Kx8{static_cast<const block_q4_Kx8 *>(A)}, 0, m, columns / length,
                         TokensQ8_K{bytes, stride, grouped}, n, C, ldc);
            return true;
        default:
            return false;
    }
}

#else

bool freshet_product(const ggml_compute_params *, int, int, int64_t, int64_t, int64_t, const void *, int64_t,
                     const void *, int64_t, float *, int64_t) {
    return false;
}

bool freshet_interleaved_product(ggml_type, int64_t, int64_t, int64_t, const void *, const void *, int64_t, float *,
                                 int64_t) {
    return false;
}

#endif
