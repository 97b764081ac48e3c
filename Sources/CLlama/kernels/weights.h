#pragma once

// Weights of each type, and how a panel is made of them. For products.cpp alone, and what AVX-512 it needs.
//
// Each type's `unpack` writes the k blocks of the rows `top ..< top + rows`, at most 16, to a panel. Beyond the last
// row it may write whatever it likes.

#include "transpose.h"

#include "ggml-cpu-impl.h"
#include "quants.h"
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

} // namespace
