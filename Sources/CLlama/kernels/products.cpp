// Products of quantised weights with several tokens at once, compiled into ggml's CPU backend (CMakeLists.txt). For
// AVX-512 with VNNI; elsewhere every question is answered with false.
//
// A register holds the same four columns of 16 rows of weights, so one VPDPBUSD does its part of 16 products, and
// nothing has to be added up across a register. The weights are brought into that order on the way: a panel of 16 rows
// is unpacked once for up to `slab` tokens, and stays in the nearest caches while they are multiplied with it. It is
// the blocking of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication"
// (doi:10.1145/1356052.1356053).
#include "kernels.h"
#include "transpose.h"

#include "ggml-cpu-impl.h"
#include "repack.h"
#include "simd-mappings.h"

#include <algorithm>
#include <cstring>
#include <vector>

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__)

namespace {

constexpr int     height = 16;         // rows of a panel
constexpr int     length = 32;         // columns of a block
constexpr int     fours  = length / 4; // registers for a block
constexpr int64_t slab   = 128;        // tokens that share an unpacked panel

static_assert(QK4_0 == length && QK8_0 == length && QK_K == 8 * length, "every type is read in the same blocks");

// One block of 16 rows. A weight is `scale * column - minimum`: VPDPBUSD takes the columns without a sign.
struct PanelBlock {
    __m512i columns[fours]; // 4i ..< 4i + 4 of each row
    __m512  scales;
    __m512  minima;
};

// ---- Weights --------------------------------------------------------------------------------------------------------
// Each type's `unpack` writes the k blocks of the rows `top ..< top + rows`, at most 16, to a panel. Beyond the last
// row it may write whatever it likes.

// The columns of a block, made larger by `bias` where they had a sign.

inline __m256i columns(const block_q8_0 & from) {
    return _mm256_xor_si256(_mm256_loadu_si256((const __m256i *) from.qs), _mm256_set1_epi8(-128));
}

inline __m256i columns(const uint8_t (&nibbles)[length / 2]) {
    const __m128i bytes = _mm_loadu_si128((const __m128i *) nibbles);
    return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(bytes, 4), bytes), _mm256_set1_epi8(0x0F));
}

inline __m256i columns(const block_q4_0 & from) { return columns(from.qs); }

inline __m256i columns(const block_q5_0 & from) {
    __mmask32 fifth;
    memcpy(&fifth, from.qh, sizeof fifth);
    return _mm256_mask_add_epi8(columns(from.qs), fifth, columns(from.qs), _mm256_set1_epi8(16));
}

template <typename Block> constexpr float bias = 0;
template <> constexpr float               bias<block_q4_0> = 8;
template <> constexpr float               bias<block_q5_0> = 16;
template <> constexpr float               bias<block_q8_0> = 128;

// Rows as they are in the file.
template <typename Block> struct PlainWeights {
    const Block * blocks;
    int64_t       stride; // blocks from one row to the next

    void unpack(int64_t top, int64_t rows, int64_t k, PanelBlock * panel) const {
        const Block * starts[height];
        for (int64_t i = 0; i < height; ++i) {
            starts[i] = blocks + (top + std::min(i, rows - 1)) * stride;
        }
        for (int64_t block = 0; block < k; block += 2) {
            const bool   is_last = block + 1 == k;
            float_vector two[height]; // this block of a row, and the next
            for (int i = 0; i < height; ++i) {
                const Block & next = starts[i][is_last ? block : block + 1];
                // The next panel's rows are as many short streams, which the processor does not foresee by itself.
                __builtin_prefetch(starts[i] + height * stride + block);
                two[i] = (float_vector) _mm512_inserti64x4(_mm512_castsi256_si512(columns(starts[i][block])),
                                                           columns(next), 1);
            }
            transpose(two);
            for (int i = 0; i < (is_last ? 1 : 2); ++i) {
                PanelBlock & to = panel[block + i];
                memcpy(to.columns, two + i * fours, sizeof to.columns);
                alignas(32) ggml_half scales[height];
                for (int row = 0; row < height; ++row) {
                    scales[row] = starts[row][block + i].d;
                }
                to.scales = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *) scales));
                to.minima = _mm512_mul_ps(to.scales, _mm512_set1_ps(bias<Block>));
            }
        }
    }
};

// llama.cpp interleaves the bytes of eight rows, eight at a time, when it loads a model. These are the nibbles of such
// a stretch of 16 rows, for each row: of its first four bytes, and of its last.
struct Nibbles {
    __m512i low[2], high[2];

    Nibbles(const void * upper, const void * lower, __m512i flipped) {
        const __m512i even  = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        const __m512i above = _mm512_xor_si512(_mm512_loadu_si512(upper), flipped);
        const __m512i below = _mm512_xor_si512(_mm512_loadu_si512(lower), flipped);
        for (int i = 0; i < 2; ++i) {
            const __m512i from  = _mm512_add_epi32(even, _mm512_set1_epi32(i));
            const __m512i bytes = _mm512_permutex2var_epi32(above, from, below);
            low[i]              = _mm512_and_si512(bytes, _mm512_set1_epi8(0x0F));
            high[i]             = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), _mm512_set1_epi8(0x0F));
        }
    }
};

inline __m512 floats(const ggml_half * upper, const ggml_half * lower) {
    const __m256i first = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *) upper));
    return _mm512_cvtph_ps(_mm256_inserti128_si256(first, _mm_loadu_si128((const __m128i *) lower), 1));
}

struct WeightsQ4_0x8 {
    const block_q4_0x8 * blocks; // all of eight rows, then those of the next eight

    void unpack(int64_t top, int64_t rows, int64_t k, PanelBlock * panel) const {
        const block_q4_0x8 * upper = blocks + top / 8 * k;
        const block_q4_0x8 * lower = rows > 8 ? upper + k : upper;
        for (int64_t block = 0; block < k; ++block) {
            PanelBlock & to = panel[block];
            for (int half = 0; half < 2; ++half) {
                // llama.cpp has turned 0 ..< 16 into -8 ..< 8.
                const Nibbles nibbles(upper[block].qs + 64 * half, lower[block].qs + 64 * half,
                                      _mm512_set1_epi8((char) 0x88));
                for (int i = 0; i < 2; ++i) {
                    to.columns[2 * half + i]             = nibbles.low[i];
                    to.columns[2 * half + i + fours / 2] = nibbles.high[i];
                }
            }
            to.scales = floats(upper[block].d, lower[block].d);
            to.minima = _mm512_mul_ps(to.scales, _mm512_set1_ps(bias<block_q4_0>));
        }
    }
};

struct WeightsQ4_Kx8 {
    const block_q4_Kx8 * blocks;

    // The scales and minima of eight rows for one block of 32, which llama.cpp keeps in six bits each.
    struct SixBits {
        uint64_t scales, minima;

        explicit SixBits(const uint8_t * packed) {
            uint32_t words[3];
            memcpy(words, packed, sizeof words);
            const auto join = [&](uint32_t first, uint32_t rest) {
                return (uint64_t) ((rest & 0x0F0F0F0F) | (first >> 2 & 0x30303030)) << 32 | (first & 0x3F3F3F3F);
            };
            scales = join(words[0], words[2]);
            minima = join(words[1], words[2] >> 4);
        }
    };

    void unpack(int64_t top, int64_t rows, int64_t k, PanelBlock * panel) const {
        const int64_t        count = k * length / QK_K;
        const block_q4_Kx8 * upper = blocks + top / 8 * count;
        const block_q4_Kx8 * lower = rows > 8 ? upper + count : upper;
        const auto           whole = [](uint64_t above, uint64_t below) {
            return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_set_epi64x((int64_t) below, (int64_t) above)));
        };
        for (int64_t i = 0; i < count; ++i) {
            const __m512 scale   = floats(upper[i].d, lower[i].d);
            const __m512 minimum = floats(upper[i].dmin, lower[i].dmin);
            for (int block = 0; block < QK_K / length; ++block) {
                PanelBlock &  to = panel[i * QK_K / length + block];
                const SixBits above(upper[i].scales + 12 * block), below(lower[i].scales + 12 * block);
                to.scales = _mm512_mul_ps(scale, whole(above.scales, below.scales));
                to.minima = _mm512_mul_ps(minimum, whole(above.minima, below.minima));
            }
            // The low nibbles of 32 bytes are one block, the high ones the next.
            for (int stretch = 0; stretch < QK_K / 16; ++stretch) {
                const Nibbles nibbles(upper[i].qs + 64 * stretch, lower[i].qs + 64 * stretch, _mm512_setzero_si512());
                PanelBlock *  to = panel + i * QK_K / length + stretch / 4 * 2;
                for (int j = 0; j < 2; ++j) {
                    to[0].columns[stretch % 4 * 2 + j] = nibbles.low[j];
                    to[1].columns[stretch % 4 * 2 + j] = nibbles.high[j];
                }
            }
        }
    }
};

// ---- Tokens ---------------------------------------------------------------------------------------------------------
// The first `grouped` tokens, a multiple of four, are interleaved by four, eight bytes of each in turn; the others are
// plain. `four` and `one` say where the bytes of a block are, of four tokens or of one, and the surveys what they stand
// for: their scale, and that times their sum.

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

// ---- Products -------------------------------------------------------------------------------------------------------

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
