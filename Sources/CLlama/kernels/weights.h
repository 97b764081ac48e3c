#pragma once

// Weights of each type, and how a panel is made of them. For products.cpp alone, and what AVX-512 it needs.
//
// Each type's `unpack` writes the k blocks of the rows `top ..< top + rows`, at most 16, to a panel. Beyond the last
// row it may write whatever it likes.

#include "transpose.h"

#include "ggml-cpu-impl.h"
#include "repack.h"
#include "simd-mappings.h"

#include <algorithm>
#include <cstring>

namespace {

constexpr int height = 16;         // rows of a panel
constexpr int length = 32;         // columns of a block
constexpr int fours  = length / 4; // registers for a block

static_assert(QK4_0 == length && QK8_0 == length && QK_K == 8 * length, "every type is read in the same blocks");

// One block of 16 rows. A weight is `scale * column - minimum`: VPDPBUSD takes the columns without a sign.
struct PanelBlock {
    __m512i columns[fours]; // 4i ..< 4i + 4 of each row
    __m512  scales;
    __m512  minima;
};

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

} // namespace
