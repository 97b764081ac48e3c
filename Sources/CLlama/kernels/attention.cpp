// Attention of many sequences over one shared memory of cells, compiled into ggml's CPU backend (CMakeLists.txt), which
// asks it first for every GGML_OP_FLASH_ATTN_EXT and goes its own way where it answers false.
//
// ggml has two ways. One takes a query at a time, and so reads and converts every key once for each of the heads that
// share it; it is what decoding and pieces of up to 63 prompt tokens get. The other multiplies tiles of 64 queries with
// tiles of 64 neighbouring cells, also where the cells belong to other sequences. Here a tile is made of the queries
// that see the same cells, heads that share keys and tokens of one prompt alike, and of just the cells that they see,
// wherever those lie: a tile has no waste however the sequences are mixed, in the batch or in memory.
//
// The softmax is the online one of Milakov and Gimelshein, "Online normalizer calculation for softmax"
// (arXiv:1805.02867), over tiles as in FlashAttention (arXiv:2205.14135). Which tokens are in a batch moves the last
// bits of a token's result: tiles are cut from the cells that tokens see together, and where there are fewer parts than
// threads ggml's own way is taken.
#include "kernels.h"
#include "transpose.h"

#include "common.h"
#include "ggml-cpu-impl.h"
#include "simd-gemm.h"
#include "vec.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int tile = 64;         // queries at most, and cells, in one product
constexpr int window_words = 32; // how many words of 64 cells are looked at before tiles are made of them
constexpr int window = 64 * window_words;
constexpr int longest_row = 256; // floats of a key or a value

static_assert(tile == GGML_FA_TILE_Q && tile == GGML_FA_TILE_KV, "ggml plans the work memory for its own tiles");

// `from` holds `lanes` rows of `length` floats; their columns become rows `stride` apart at `to`.
inline void transpose_rows(const float * from, int64_t length, float * to, int64_t stride) {
    for (int64_t column = 0; column < length; column += lanes) {
        float_vector rows[lanes];
        for (int i = 0; i < lanes; ++i) {
            rows[i] = *reinterpret_cast<const float_vector *>(from + i * length + column);
        }
        transpose(rows);
        for (int i = 0; i < lanes; ++i) {
            *reinterpret_cast<float_vector *>(to + (column + i) * stride) = rows[i];
        }
    }
}

// A tensor of keys or of values: rows of any type that ggml can turn into floats.
struct Rows {
    const ggml_tensor * tensor;
    ggml_to_float_t     to_float;

    explicit Rows(const ggml_tensor * tensor) :
        tensor(tensor), to_float(ggml_get_type_traits(tensor->type)->to_float) {}

    bool is_readable() const {
        return (tensor->type == GGML_TYPE_F32 || to_float) && tensor->nb[0] == ggml_type_size(tensor->type) &&
               tensor->ne[0] % lanes == 0 && tensor->ne[0] <= longest_row;
    }

    void read(int64_t cell, int64_t head, int64_t stream, float * to) const {
        const char * from = static_cast<const char *>(tensor->data) + cell * tensor->nb[1] + head * tensor->nb[2] +
                            stream * tensor->nb[3];
        switch (tensor->type) {
            case GGML_TYPE_F32: memcpy(to, from, tensor->ne[0] * sizeof(float)); break;
            case GGML_TYPE_F16: ggml_cpu_fp16_to_fp32((const ggml_fp16_t *) from, to, tensor->ne[0]); break;
            default:            to_float(from, to, tensor->ne[0]); break;
        }
    }
};

// Which cells of a window a token sees.
struct Sight {
    uint64_t words[window_words];
    int      count;
    bool     is_weighted; // a visible cell's mask is something else than zero, and has to be added

    // `mask` holds 0 for a cell that is seen, minus infinity for one that is not, or a weight; none means all are seen.
    void look(const ggml_fp16_t * mask, int cells) {
        static const ggml_fp16_t seen[64] = {};
        static const auto        hidden   = [] {
            struct { ggml_fp16_t cells[64]; } all;
            std::fill_n(all.cells, 64, minus_infinity);
            return all;
        }();

        count       = 0;
        is_weighted = false;
        for (int word = 0; 64 * word < cells; ++word) {
            const int      present  = std::min(cells - 64 * word, 64);
            const uint64_t everyone = present == 64 ? ~uint64_t(0) : (uint64_t(1) << present) - 1;
            const auto *   here     = mask ? mask + 64 * word : seen;
            const size_t   bytes    = present * sizeof(ggml_fp16_t);
            if (memcmp(here, seen, bytes) == 0) {
                words[word] = everyone;
            } else if (memcmp(here, hidden.cells, bytes) == 0) {
                words[word] = 0;
            } else {
                words[word] = 0;
                for (int i = 0; i < present; ++i) {
                    words[word] |= uint64_t(here[i] != minus_infinity) << i;
                    is_weighted |= here[i] != minus_infinity && here[i] != 0;
                }
            }
            count += __builtin_popcountll(words[word]);
        }
    }

    bool sees(int cell) const { return words[cell / 64] >> (cell % 64) & 1; }

    static constexpr ggml_fp16_t minus_infinity = 0xFC00;
};

// One thread's part: tiles of queries, one after the other, in the work memory that ggml planned for its own tiles.
struct Attention {
    const ggml_tensor * q;
    const ggml_tensor * mask;
    const float *       sinks;
    ggml_tensor *       dst;
    Rows                keys;
    Rows                values;
    int                 heads; // query heads that share a head of keys and values
    float               scale;

    // Queries lie one token after the other, and within a token one head after the other.
    float * queries;     // [tile][DK], scaled
    float * scores;      // [queries][cells]
    float * some_keys;   // [lanes][DK], before they are transposed
    float * outputs;     // [tile][DV], sums of values that the softmax's sum has not divided yet
    float * tile_values; // [cells][DV]
    float * tile_keys;   // [DK][cells]
    float   maxima[tile];
    float   sums[tile];

    Attention(const ggml_compute_params * params, ggml_tensor * dst) :
        q(dst->src[0]), mask(dst->src[3]),
        sinks(dst->src[4] ? static_cast<const float *>(dst->src[4]->data) : nullptr), dst(dst), keys(dst->src[1]),
        values(dst->src[2]), heads(q->ne[2] / keys.tensor->ne[2]) {
        memcpy(&scale, dst->op_params, sizeof scale);
        const int64_t key   = keys.tensor->ne[0];
        const int64_t value = values.tensor->ne[0];
        const int64_t size  = 2 * tile * (key + value + tile);

        queries     = static_cast<float *>(params->wdata) + params->ith * size;
        scores      = queries + tile * key;
        some_keys   = scores + tile * tile;
        outputs     = some_keys + tile * tile;
        tile_values = outputs + tile * value;
        tile_keys   = tile_values + tile * value;
    }

    const ggml_fp16_t * mask_row(int64_t token, int64_t stream) const {
        return mask ? reinterpret_cast<const ggml_fp16_t *>(static_cast<const char *>(mask->data) +
                                                            token * mask->nb[1] +
                                                            (stream % mask->ne[3]) * mask->nb[3])
                    : nullptr;
    }

    // Tokens `first ..< end` of one head of keys and values; `(end - first) * heads` is at most `tile`.
    void attend(int64_t stream, int64_t head, int64_t first, int64_t end) {
        const int64_t key   = keys.tensor->ne[0];
        const int64_t value = values.tensor->ne[0];
        const int     all   = (end - first) * heads;

        for (int query = 0; query < all; ++query) {
            const int64_t query_head = head * heads + query % heads;
            const auto *  row        = reinterpret_cast<const float *>(
                static_cast<const char *>(q->data) + (first + query / heads) * q->nb[1] + query_head * q->nb[2] +
                stream * q->nb[3]);
            for (int64_t i = 0; i < key; ++i) {
                queries[query * key + i] = scale * row[i];
            }
            // A sink is a cell without a value, which every query sees.
            maxima[query] = sinks ? sinks[query_head] : -INFINITY;
            sums[query]   = sinks ? 1 : 0;
        }
        memset(outputs, 0, all * value * sizeof(float));

        const int64_t cells = keys.tensor->ne[1];
        for (int64_t start = 0; start < cells; start += window) {
            attend_window(stream, head, first, end, start, std::min<int64_t>(cells - start, window));
        }

        for (int query = 0; query < all; ++query) {
            const int64_t token = first + query / heads;
            const int64_t row   = (stream * dst->ne[2] + token) * dst->ne[1] + head * heads + query % heads;
            auto *        to    = reinterpret_cast<float *>(static_cast<char *>(dst->data) + row * dst->nb[1]);
            const float   share = sums[query] > 0 ? 1 / sums[query] : 0;
            for (int64_t i = 0; i < value; ++i) {
                to[i] = share * outputs[query * value + i];
            }
        }
    }

    // Takes together neighbouring tokens that see nearly the same cells.
    void attend_window(int64_t stream, int64_t head, int64_t first, int64_t end, int64_t start, int cells) {
        Sight     sights[tile];
        const int tokens = end - first;
        const int words  = (cells + 63) / 64;
        for (int token = 0; token < tokens; ++token) {
            const auto * row = mask_row(first + token, stream);
            sights[token].look(row ? row + start : nullptr, cells);
        }

        for (int token = 0, next; token < tokens; token = next) {
            Sight together = sights[token];
            for (next = token + 1; next < tokens; ++next) {
                Sight both;
                both.count       = 0;
                both.is_weighted = false;
                int shared       = 0;
                for (int word = 0; word < words; ++word) {
                    both.words[word] = together.words[word] | sights[next].words[word];
                    both.count += __builtin_popcountll(both.words[word]);
                    shared     += __builtin_popcountll(together.words[word] & sights[next].words[word]);
                }
                if (4 * shared < 3 * both.count) {
                    break;
                }
                together = both;
            }

            int16_t seen[window];
            int     count = 0;
            for (int word = 0; word < words; ++word) {
                for (uint64_t left = together.words[word]; left != 0; left &= left - 1) {
                    seen[count++] = 64 * word + __builtin_ctzll(left);
                }
            }
            for (int at = 0; at < count; at += tile) {
                attend_tile(stream, head, first, start, sights, token, next, seen + at, std::min(count - at, tile));
            }
        }
    }

    // Tokens `token ..< next` after `first`, and the `count` cells after `start` that `cells` names.
    void attend_tile(int64_t stream, int64_t head, int64_t first, int64_t start, const Sight * sights, int token,
                     int next, const int16_t * cells, int count) {
        const int64_t key    = keys.tensor->ne[0];
        const int64_t value  = values.tensor->ne[0];
        const int64_t source = stream / (q->ne[3] / keys.tensor->ne[3]);
        const int     width  = (count + lanes - 1) / lanes * lanes;
        const int     query  = token * heads;
        const int     number = (next - token) * heads;

        for (int column = 0; column < width; column += lanes) {
            for (int i = 0; i < lanes; ++i) {
                float * to = some_keys + i * key;
                if (column + i < count) {
                    keys.read(start + cells[column + i], head, source, to);
                } else {
                    memset(to, 0, key * sizeof(float));
                }
            }
            transpose_rows(some_keys, key, tile_keys + column, width);
        }
        memset(scores, 0, number * width * sizeof(float));
        simd_gemm(scores, queries + query * key, tile_keys, number, key, width);

        for (int one = token; one < next; ++one) {
            const Sight &       sight = sights[one];
            const ggml_fp16_t * row   = sight.is_weighted ? mask_row(first + one, stream) + start : nullptr;
            float *             these = scores + (one - token) * heads * width;
            for (int i = 0; i < width; ++i) {
                const bool  is_seen = i < count && (next == token + 1 || sight.sees(cells[i]));
                const float weight  = !is_seen ? -INFINITY : row ? GGML_CPU_FP16_TO_FP32(row[cells[i]]) : 0;
                if (weight != 0) {
                    for (int h = 0; h < heads; ++h) {
                        these[h * width + i] += weight;
                    }
                }
            }
        }

        for (int i = 0; i < number; ++i) {
            float * row = scores + i * width;
            float   largest;
            ggml_vec_max_f32(width, &largest, row);
            if (largest == -INFINITY) {
                memset(row, 0, width * sizeof(float));
                continue;
            }
            if (largest > maxima[query + i]) {
                const float fade = expf(maxima[query + i] - largest);
                maxima[query + i] = largest;
                sums[query + i] *= fade;
                ggml_vec_scale_f32(value, outputs + (query + i) * value, fade);
            }
            sums[query + i] += ggml_vec_soft_max_f32(width, row, row, maxima[query + i]);
        }

        for (int i = 0; i < width; ++i) {
            if (i < count) {
                values.read(start + cells[i], head, source, tile_values + i * value);
            } else {
                memset(tile_values + i * value, 0, value * sizeof(float));
            }
        }
        simd_gemm(outputs + query * value, scores, tile_values, number, width, value);
    }
};

} // namespace

bool freshet_kernels_are_on() {
    static const bool are_on = [] {
        const char * setting = getenv("FRESHET_KERNELS");
        return !setting || strcmp(setting, "0") != 0;
    }();
    return are_on;
}

bool freshet_attention(const ggml_compute_params * params, ggml_tensor * dst) {
    const ggml_tensor * q    = dst->src[0];
    const ggml_tensor * k    = dst->src[1];
    const ggml_tensor * v    = dst->src[2];
    const ggml_tensor * mask = dst->src[3];

    float bias, cap;
    memcpy(&bias, dst->op_params + 1, sizeof bias);
    memcpy(&cap, dst->op_params + 2, sizeof cap);

    const int64_t heads  = q->ne[2] / k->ne[2];
    const bool    is_fit = freshet_kernels_are_on() && !params->use_ref && bias == 0 && cap == 0 && heads <= tile &&
                        q->type == GGML_TYPE_F32 && q->nb[0] == sizeof(float) && Rows(k).is_readable() &&
                        Rows(v).is_readable() && k->ne[2] == v->ne[2] && k->ne[3] == v->ne[3] &&
                        (!mask || (mask->type == GGML_TYPE_F16 && mask->ne[2] == 1));
    // The smallest parts that there are; with fewer than threads, ggml divides the cells among them instead.
    const int64_t parts = q->ne[1] * k->ne[2] * q->ne[3];
    if (!is_fit || parts < params->nth) {
        return false;
    }

    // A few parts for each thread, so that they end together, but tiles as large as that allows.
    const int64_t wanted = std::max<int64_t>(parts / (4 * params->nth), 1);
    const int64_t tokens = std::min(wanted, tile / heads);
    const int64_t groups = (q->ne[1] + tokens - 1) / tokens;
    const int64_t total  = groups * k->ne[2] * q->ne[3];

    if (params->ith == 0) {
        ggml_threadpool_chunk_set(params->threadpool, params->nth);
    }
    ggml_barrier(params->threadpool);

    Attention attention(params, dst);
    for (int64_t part = params->ith; part < total; part = ggml_threadpool_chunk_add(params->threadpool, 1)) {
        const int64_t group  = part % groups;
        const int64_t head   = part / groups % k->ne[2];
        const int64_t stream = part / groups / k->ne[2];
        attention.attend(stream, head, group * tokens, std::min((group + 1) * tokens, q->ne[1]));
    }
    return true;
}
