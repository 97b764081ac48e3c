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

// Puts a row's 16 bytes where they belong in four registers.
inline void put(__m128i from, uint8_t (*to)[64], int row) {
    const uint32_t words[4] = {(uint32_t) _mm_extract_epi32(from, 0), (uint32_t) _mm_extract_epi32(from, 1),
                               (uint32_t) _mm_extract_epi32(from, 2), (uint32_t) _mm_extract_epi32(from, 3)};
    for (int i = 0; i < 4; ++i) {
        memcpy(to[i] + 4 * row, words + i, 4);
    }
}

// The low nibbles of a block's two halves, as one byte each.
inline __m128i join(__m128i first, __m128i second) {
    const __m128i nibble = _mm_set1_epi8(0x0F);
    return _mm_or_si128(_mm_and_si128(first, nibble), _mm_slli_epi16(_mm_and_si128(second, nibble), 4));
}

inline void put_fifths(uint32_t bits, uint64_t (&to)[quads], int row) {
    for (int i = 0; i < quads; ++i) {
        to[i] |= (uint64_t) (bits >> 4 * i & 15) << 4 * row;
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

inline __m128i load(const void * from) { return _mm_loadu_si128((const __m128i *) from); }

// Each type says how 16 rows of its blocks are packed, and hands out the panels of `k` blocks of 32 columns in turn.

struct PackedQ8_0 {
    typedef block_q8_0   Block;
    static constexpr int parts = 1;

    ggml_half d[height];
    uint8_t   columns[quads][64];

    void pack(const Block & from, int row) {
        d[row] = from.d;
        put(_mm_xor_si128(load(from.qs), _mm_set1_epi8((char) 0x80)), columns, row);
        put(_mm_xor_si128(load(from.qs + 16), _mm_set1_epi8((char) 0x80)), columns + 4, row);
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

struct PackedQ4_0 {
    typedef block_q4_0   Block;
    static constexpr int parts = 1;

    ggml_half d[height];
    Nibbles   nibbles;

    // The nibbles of a block's byte are 16 columns apart already.
    void pack(const Block & from, int row) {
        d[row] = from.d;
        put(load(from.qs), nibbles, row);
    }

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

    void pack(const Block & from, int row) {
        uint32_t bits;
        memcpy(&bits, from.qh, sizeof bits);
        d[row] = from.d;
        put(load(from.qs), nibbles, row);
        put_fifths(bits, fifths, row);
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

    void pack(const Block & from, int row) {
        d[row]    = from.d;
        dmin[row] = from.dmin;
        bits.pack(from.scales, row);
        // The low nibbles of 32 bytes are a block, the high ones the next.
        for (int block = 0; block < blocks_of_k; block += 2) {
            const __m128i first = load(from.qs + 16 * block), second = load(from.qs + 16 * block + 16);
            put(join(first, second), nibbles[block], row);
            put(join(_mm_srli_epi16(first, 4), _mm_srli_epi16(second, 4)), nibbles[block + 1], row);
        }
        if constexpr (has_fifths) {
            const __m256i all = _mm256_loadu_si256((const __m256i *) from.qh);
            for (int block = 0; block < blocks_of_k; ++block) {
                put_fifths(_mm256_test_epi8_mask(all, _mm256_set1_epi8((char) (1 << block))), fifths[block], row);
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

    void pack(const Block & from, int row) {
        d[row] = from.d;
        for (int i = 0; i < 2 * blocks_of_k; ++i) {
            scales[i][row] = from.scales[i];
        }
        for (int block = 0; block < blocks_of_k; ++block) {
            const uint8_t * low  = from.ql + block / 4 * 64 + block % 2 * 32;
            const uint8_t * high = from.qh + block / 4 * 32;
            const int       shift = block % 4 / 2 * 4;
            put(join(_mm_srli_epi16(load(low), shift), _mm_srli_epi16(load(low + 16), shift)), nibbles[block], row);
            for (int half = 0; half < 2; ++half) {
                uint32_t joined = 0;
                for (int quad = 0; quad < 4; ++quad) {
                    uint32_t four;
                    memcpy(&four, high + 16 * half + 4 * quad, sizeof four);
                    joined |= (four >> 2 * (block % 4) & 0x03030303) << 2 * quad;
                }
                memcpy(pairs[block][half] + 4 * row, &joined, sizeof joined);
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
