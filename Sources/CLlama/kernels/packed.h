#pragma once

// Weights in the order in which they are multiplied. For packed.cpp alone, and what AVX-512 it needs.
//
// Sixteen rows stand together, block by block of 32 columns, in as many bytes as they had. A block's columns are eight
// quads of four; a byte of a quad's register is one row's column, and VPDPBUSD adds a row's four products in its lane.
// Weights of fewer than eight bits have their low four bits in a nibble: those of quad q are the low nibbles of
// register q, those of quad q + 4 the high ones. Nothing is left to do to them but to take the bits apart.

#include "ggml-cpu-impl.h"
#include "quants.h"

#include <cstdint>
#include <cstring>

namespace {

constexpr int height = 16;         // rows that stand together
constexpr int length = 32;         // columns of a block
constexpr int quads  = length / 4; // registers for a block
constexpr int blocks_of_k = QK_K / length;

static_assert(QK4_0 == length && QK5_0 == length && QK8_0 == length && blocks_of_k == 8, "all are read in such blocks");

// One block of 16 rows in registers. A weight is `scale * column - minimum`: VPDPBUSD takes the columns without a sign.
// A block has one scale, or one for each of its halves.
template <int Parts> struct Panel {
    __m512i columns[quads];
    __m512  scales[Parts];
    __m512  minima[Parts];
};

typedef uint8_t Nibbles[quads / 2][64];

inline __m512i bytes(const void * from) { return _mm512_loadu_si512(from); }

inline __m512 floats(const ggml_half (&from)[height]) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) from));
}

inline __m512 floats(const uint8_t (&from)[height]) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *) from)));
}

inline __m512 floats(const int8_t (&from)[height]) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *) from)));
}

inline void take_apart(const Nibbles & from, __m512i (&columns)[quads]) {
    const __m512i nibble = _mm512_set1_epi8(0x0F);
#pragma GCC unroll 4
    for (int i = 0; i < quads / 2; ++i) {
        const __m512i both     = bytes(from[i]);
        columns[i]             = _mm512_and_si512(both, nibble);
        columns[i + quads / 2] = _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble);
    }
}

inline void add_fifths(const uint64_t (&fifths)[quads], __m512i (&columns)[quads]) {
#pragma GCC unroll 8
    for (int i = 0; i < quads; ++i) {
        columns[i] = _mm512_mask_add_epi8(columns[i], fifths[i], columns[i], _mm512_set1_epi8(16));
    }
}

inline __m128i load(const void * from) { return _mm_loadu_si128((const __m128i *) from); }

// A block of each of 16 rows, which lie `stride` blocks apart.
template <typename Block> struct Rows {
    const Block * first;
    int64_t       stride;

    const Block & operator[](int row) const { return first[row * stride]; }

    // The 16 bytes that `part` finds in each row's block, as four quads.
    template <typename Part> void gather(Part part, __m512i (&to)[4]) const {
        __m512i four[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
            const auto row = [&](int number) { return load(part((*this)[number])); };
            four[i]        = _mm512_inserti32x4(_mm512_castsi128_si512(row(i)), row(i + 4), 1);
            four[i]        = _mm512_inserti32x4(_mm512_inserti32x4(four[i], row(i + 8), 2), row(i + 12), 3);
        }
        const __m512i low[2]  = {_mm512_unpacklo_epi32(four[0], four[1]), _mm512_unpacklo_epi32(four[2], four[3])};
        const __m512i high[2] = {_mm512_unpackhi_epi32(four[0], four[1]), _mm512_unpackhi_epi32(four[2], four[3])};
        to[0]                 = _mm512_unpacklo_epi64(low[0], low[1]);
        to[1]                 = _mm512_unpackhi_epi64(low[0], low[1]);
        to[2]                 = _mm512_unpacklo_epi64(high[0], high[1]);
        to[3]                 = _mm512_unpackhi_epi64(high[0], high[1]);
    }
};

// The low nibbles of two bytes, as one.
inline __m512i join(__m512i first, __m512i second) {
    const __m512i nibble = _mm512_set1_epi8(0x0F);
    return _mm512_or_si512(_mm512_and_si512(first, nibble), _mm512_slli_epi16(_mm512_and_si512(second, nibble), 4));
}

inline void pack_fifths(const uint32_t (&rows)[height], uint64_t (&to)[quads]) {
    const __m512i all = bytes(rows);
    for (int i = 0; i < quads; ++i) {
        const __m512i four = _mm512_and_si512(_mm512_srl_epi32(all, _mm_cvtsi32_si128(4 * i)), _mm512_set1_epi32(15));
        // Two rows' bits become a byte.
        const __m128i pairs = _mm_maddubs_epi16(_mm512_cvtepi32_epi8(four), _mm_set1_epi16(0x1001));
        to[i]               = (uint64_t) _mm_cvtsi128_si64(_mm_packus_epi16(pairs, pairs));
    }
}

// The processor foresees what comes next up to a page's end only, and at one token it waits for memory, not for sums.
template <typename Packed> inline void prefetch_after(const Packed * now, size_t from, size_t size) {
    const char * ahead = reinterpret_cast<const char *>(now) + 2048 + from;
#pragma GCC unroll 10
    for (size_t at = 0; at < size; at += 64) {
        __builtin_prefetch(ahead + at);
    }
}

// Each type says how 16 rows of its blocks are packed, and hands out the panels of `k` blocks of 32 columns in turn.

struct PackedQ8_0 {
    typedef block_q8_0   Block;
    static constexpr int parts = 1;

    ggml_half d[height];
    uint8_t   columns[quads][64];

    void pack(const Rows<Block> & from) {
        for (int row = 0; row < height; ++row) {
            d[row] = from[row].d;
        }
        for (int half = 0; half < 2; ++half) {
            __m512i four[4];
            from.gather([&](const Block & block) { return block.qs + 16 * half; }, four);
            for (int i = 0; i < 4; ++i) {
                _mm512_storeu_si512(columns[4 * half + i], _mm512_xor_si512(four[i], _mm512_set1_epi8((char) 0x80)));
            }
        }
    }

    template <typename Body> static inline void each(const PackedQ8_0 * from, int64_t k, Body body) {
        for (int64_t block = 0; block < k; ++block) {
            prefetch_after(from + block, 0, sizeof *from);
            Panel<1> panel;
#pragma GCC unroll 8
            for (int i = 0; i < quads; ++i) {
                panel.columns[i] = bytes(from[block].columns[i]);
            }
            panel.scales[0] = floats(from[block].d);
            panel.minima[0] = _mm512_mul_ps(panel.scales[0], _mm512_set1_ps(128));
            body(block, panel);
        }
    }
};

// What Q4_0 and Q5_0 have in common: the nibbles of a block's byte are 16 columns apart already.
template <typename Block> inline void pack_nibbles(const Rows<Block> & from, ggml_half (&d)[height], Nibbles & nibbles) {
    for (int row = 0; row < height; ++row) {
        d[row] = from[row].d;
    }
    __m512i four[4];
    from.gather([](const Block & block) { return block.qs; }, four);
    for (int i = 0; i < 4; ++i) {
        _mm512_storeu_si512(nibbles[i], four[i]);
    }
}

struct PackedQ4_0 {
    typedef block_q4_0   Block;
    static constexpr int parts = 1;

    ggml_half d[height];
    Nibbles   nibbles;

    void pack(const Rows<Block> & from) { pack_nibbles(from, d, nibbles); }

    template <typename Body> static inline void each(const PackedQ4_0 * from, int64_t k, Body body) {
        for (int64_t block = 0; block < k; ++block) {
            prefetch_after(from + block, 0, sizeof *from);
            Panel<1> panel;
            take_apart(from[block].nibbles, panel.columns);
            panel.scales[0] = floats(from[block].d);
            panel.minima[0] = _mm512_mul_ps(panel.scales[0], _mm512_set1_ps(8));
            body(block, panel);
        }
    }
};

struct PackedQ5_0 {
    typedef block_q5_0   Block;
    static constexpr int parts = 1;

    ggml_half d[height];
    Nibbles   nibbles;
    uint64_t  fifths[quads];

    void pack(const Rows<Block> & from) {
        pack_nibbles(from, d, nibbles);
        uint32_t bits[height];
        for (int row = 0; row < height; ++row) {
            memcpy(bits + row, from[row].qh, sizeof bits[row]);
        }
        pack_fifths(bits, fifths);
    }

    template <typename Body> static inline void each(const PackedQ5_0 * from, int64_t k, Body body) {
        for (int64_t block = 0; block < k; ++block) {
            prefetch_after(from + block, 0, sizeof *from);
            Panel<1> panel;
            take_apart(from[block].nibbles, panel.columns);
            add_fifths(from[block].fifths, panel.columns);
            panel.scales[0] = floats(from[block].d);
            panel.minima[0] = _mm512_mul_ps(panel.scales[0], _mm512_set1_ps(16));
            body(block, panel);
        }
    }
};

// The scales and minima of 256 columns of 16 rows, six bits each.
struct SixBits {
    uint8_t low[2][64]; // four bits of the scales, and of the minima: of blocks 0 ..< 4, and above them of the others
    uint8_t high[64];   // two bits of the scales of blocks 0 ..< 4, of the others', and of the minima likewise

    // `packed` is as in block_q4_K.
    void pack(const uint8_t * packed, int row) {
        for (int i = 0; i < 4; ++i) {
            const uint8_t first[2]  = {(uint8_t) (packed[i] & 63), (uint8_t) (packed[i + 4] & 63)};
            const uint8_t second[2] = {(uint8_t) ((packed[i + 8] & 15) | (packed[i] >> 6) << 4),
                                       (uint8_t) ((packed[i + 8] >> 4) | (packed[i + 4] >> 6) << 4)};
            for (int j = 0; j < 2; ++j) {
                low[j][height * i + row] = (first[j] & 15) | (second[j] & 15) << 4;
            }
            high[height * i + row] = first[0] >> 4 | second[0] >> 4 << 2 | first[1] >> 4 << 4 | second[1] >> 4 << 6;
        }
    }

    void take_apart(uint8_t (&scales)[blocks_of_k][height], uint8_t (&minima)[blocks_of_k][height]) const {
        const __m512i nibble = _mm512_set1_epi8(0x0F), pair = _mm512_set1_epi8(0x30);
        const __m512i rest = bytes(high), first = bytes(low[0]), second = bytes(low[1]);
        const auto    store = [&](uint8_t (*to)[height], __m512i low, __m512i high) {
            _mm512_storeu_si512(to, _mm512_or_si512(_mm512_and_si512(low, nibble), _mm512_and_si512(high, pair)));
        };
        store(scales, first, _mm512_slli_epi16(rest, 4));
        store(scales + 4, _mm512_srli_epi16(first, 4), _mm512_slli_epi16(rest, 2));
        store(minima, second, rest);
        store(minima + 4, _mm512_srli_epi16(second, 4), _mm512_srli_epi16(rest, 2));
    }
};

// Q4_K, and Q5_K with its fifth bits.
template <typename Weights> struct PackedK {
    typedef Weights       Block;
    static constexpr int  parts      = 1;
    static constexpr bool has_fifths = sizeof(Block) == sizeof(block_q5_K);

    ggml_half d[height], dmin[height];
    SixBits   bits;
    Nibbles   nibbles[blocks_of_k];
    uint64_t  fifths[has_fifths ? blocks_of_k : 0][quads];

    void pack(const Rows<Block> & from) {
        for (int row = 0; row < height; ++row) {
            d[row]    = from[row].d;
            dmin[row] = from[row].dmin;
            bits.pack(from[row].scales, row);
        }
        // The low nibbles of 32 bytes are a block, the high ones the next.
        for (int block = 0; block < blocks_of_k; block += 2) {
            __m512i first[4], second[4];
            from.gather([&](const Block & row) { return row.qs + 16 * block; }, first);
            from.gather([&](const Block & row) { return row.qs + 16 * block + 16; }, second);
            for (int i = 0; i < 4; ++i) {
                _mm512_storeu_si512(nibbles[block][i], join(first[i], second[i]));
                _mm512_storeu_si512(nibbles[block + 1][i],
                                    join(_mm512_srli_epi16(first[i], 4), _mm512_srli_epi16(second[i], 4)));
            }
        }
        if constexpr (has_fifths) {
            for (int block = 0; block < blocks_of_k; ++block) {
                uint32_t bits[height];
                for (int row = 0; row < height; ++row) {
                    const __m256i all = _mm256_loadu_si256((const __m256i *) from[row].qh);
                    bits[row]         = _mm256_test_epi8_mask(all, _mm256_set1_epi8((char) (1 << block)));
                }
                pack_fifths(bits, fifths[block]);
            }
        }
    }

    template <typename Body> static inline void each(const PackedK * from, int64_t k, Body body) {
        for (int64_t first = 0; first < k; first += blocks_of_k, ++from) {
            uint8_t scales[blocks_of_k][height], minima[blocks_of_k][height];
            from->bits.take_apart(scales, minima);
            const __m512 scale = floats(from->d), minimum = floats(from->dmin);
            for (int block = 0; block < blocks_of_k; ++block) {
                prefetch_after(from, block * sizeof *from / blocks_of_k, sizeof *from / blocks_of_k);
                Panel<1> panel;
                ::take_apart(from->nibbles[block], panel.columns);
                if constexpr (has_fifths) {
                    add_fifths(from->fifths[block], panel.columns);
                }
                panel.scales[0] = _mm512_mul_ps(scale, floats(scales[block]));
                panel.minima[0] = _mm512_mul_ps(minimum, floats(minima[block]));
                body(first + block, panel);
            }
        }
    }
};

struct PackedQ6_K {
    typedef block_q6_K   Block;
    static constexpr int parts = 2;

    ggml_half d[height];
    int8_t    scales[2 * blocks_of_k][height];
    Nibbles   nibbles[blocks_of_k];
    uint8_t   pairs[blocks_of_k][2][64]; // the upper two bits: of quad 4i + j, those at 2j of register i

    void pack(const Rows<Block> & from) {
        for (int row = 0; row < height; ++row) {
            d[row] = from[row].d;
            for (int i = 0; i < 2 * blocks_of_k; ++i) {
                scales[i][row] = from[row].scales[i];
            }
        }
        for (int block = 0; block < blocks_of_k; ++block) {
            const auto    low   = [&](const Block & row) { return row.ql + block / 4 * 64 + block % 2 * 32; };
            const auto    high  = [&](const Block & row) { return row.qh + block / 4 * 32; };
            const __m128i shift = _mm_cvtsi32_si128(block % 4 / 2 * 4), pair_shift = _mm_cvtsi32_si128(block % 4 * 2);
            __m512i       first[4], second[4];
            from.gather(low, first);
            from.gather([&](const Block & row) { return low(row) + 16; }, second);
            for (int i = 0; i < 4; ++i) {
                _mm512_storeu_si512(nibbles[block][i],
                                    join(_mm512_srl_epi16(first[i], shift), _mm512_srl_epi16(second[i], shift)));
            }
            for (int half = 0; half < 2; ++half) {
                __m512i four[4], joined = _mm512_setzero_si512();
                from.gather([&](const Block & row) { return high(row) + 16 * half; }, four);
                for (int i = 0; i < 4; ++i) {
                    const __m512i two = _mm512_and_si512(_mm512_srl_epi16(four[i], pair_shift), _mm512_set1_epi8(3));
                    joined            = _mm512_or_si512(joined, _mm512_sll_epi16(two, _mm_cvtsi32_si128(2 * i)));
                }
                _mm512_storeu_si512(pairs[block][half], joined);
            }
        }
    }

    template <typename Body> static inline void each(const PackedQ6_K * from, int64_t k, Body body) {
        const __m512i pair = _mm512_set1_epi8(0x30);
        for (int64_t first = 0; first < k; first += blocks_of_k, ++from) {
            const __m512 scale = floats(from->d);
            for (int block = 0; block < blocks_of_k; ++block) {
                prefetch_after(from, block * sizeof *from / blocks_of_k, sizeof *from / blocks_of_k);
                Panel<2> panel;
                take_apart(from->nibbles[block], panel.columns);
#pragma GCC unroll 2
                for (int half = 0; half < 2; ++half) {
                    const __m512i upper    = bytes(from->pairs[block][half]);
                    __m512i *     columns  = panel.columns + 4 * half;
                    const __m512i four[4] = {_mm512_slli_epi16(upper, 4), _mm512_slli_epi16(upper, 2), upper,
                                             _mm512_srli_epi16(upper, 2)};
#pragma GCC unroll 4
                    for (int i = 0; i < 4; ++i) {
                        columns[i] = _mm512_or_si512(columns[i], _mm512_and_si512(four[i], pair));
                    }
                    panel.scales[half] = _mm512_mul_ps(scale, floats(from->scales[2 * block + half]));
                    panel.minima[half] = _mm512_mul_ps(panel.scales[half], _mm512_set1_ps(32));
                }
                body(first + block, panel);
            }
        }
    }
};

template <typename Packed> constexpr bool keeps_size = sizeof(Packed) == height * sizeof(typename Packed::Block);
static_assert(keeps_size<PackedQ8_0> && keeps_size<PackedQ4_0> && keeps_size<PackedQ5_0> &&
              keeps_size<PackedK<block_q4_K>> && keeps_size<PackedK<block_q5_K>> && keeps_size<PackedQ6_K>,
              "ggml gives a tensor as many bytes as its type takes");

} // namespace
