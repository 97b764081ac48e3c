// Products of quantised weights that are packed (packed.h), compiled into ggml's CPU backend
// (CMakeLists.txt). For AVX-512 with VNNI; elsewhere no tensor is packed.
//
// Tokens become bytes in blocks of 32, with a scale each, for every type of weight. A thread takes some panels of 16
// rows at a time and multiplies each with all tokens; the blocking is that of Goto and van de Geijn, "Anatomy of
// High-Performance Matrix Multiplication" (doi:10.1145/1356052.1356053).
#include "kernels.h"

#include "ggml-cpu-impl.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__)

#include "packed.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr int64_t slab = 128; // tokens that stay in a near cache while panels go by

// Part of a token: a value is `scale * column`. `sum` is what its values sum up to, and `halves` what each half's do.
struct TokenBlock {
    int8_t columns[length];
    float  scale, sum, halves[2];

    void quantize(const float * from) {
        const __m512 low = _mm512_loadu_ps(from), high = _mm512_loadu_ps(from + 16);
        const float  largest =
            std::max(_mm512_reduce_max_ps(_mm512_abs_ps(low)), _mm512_reduce_max_ps(_mm512_abs_ps(high)));
        const __m512  inverse = _mm512_set1_ps(largest > 0 ? 127 / largest : 0);
        const __m512i first   = _mm512_cvtps_epi32(_mm512_mul_ps(low, inverse));
        const __m512i second  = _mm512_cvtps_epi32(_mm512_mul_ps(high, inverse));
        _mm_storeu_si128((__m128i *) columns, _mm512_cvtsepi32_epi8(first));
        _mm_storeu_si128((__m128i *) (columns + 16), _mm512_cvtsepi32_epi8(second));
        scale     = largest / 127;
        halves[0] = scale * (float) _mm512_reduce_add_epi32(first);
        halves[1] = scale * (float) _mm512_reduce_add_epi32(second);
        sum       = halves[0] + halves[1];
    }
};

// `to[c * to_stride + i]` becomes the product of row i of a panel of k blocks and the token at `tokens + c * k`.
template <typename Packed, int Count>
void multiply(const Packed * panel, int64_t k, const TokenBlock * tokens, float * to, int64_t to_stride) {
    __m512 totals[Count];
    for (__m512 & total : totals) {
        total = _mm512_setzero_ps();
    }
    Packed::each(panel, k, [&](int64_t block, const auto & weights) __attribute__((always_inline)) {
#pragma GCC unroll 16
        for (int c = 0; c < Count; ++c) {
            const TokenBlock & token = tokens[c * k + block];
            // Two sums, since each step of one waits for the step before.
            __m512i products[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
#pragma GCC unroll 8
            for (int i = 0; i < quads; ++i) {
                int32_t four;
                memcpy(&four, token.columns + 4 * i, sizeof four);
                __m512i & product = products[i / (quads / 2)];
                product           = _mm512_dpbusd_epi32(product, weights.columns[i], _mm512_set1_epi32(four));
            }
            const __m512 scale = _mm512_set1_ps(token.scale);
            if constexpr (Packed::parts == 1) {
                const __m512i product = _mm512_add_epi32(products[0], products[1]);
                totals[c] =
                    _mm512_fmadd_ps(_mm512_cvtepi32_ps(product), _mm512_mul_ps(weights.scales[0], scale), totals[c]);
                totals[c] = _mm512_fnmadd_ps(weights.minima[0], _mm512_set1_ps(token.sum), totals[c]);
            } else {
#pragma GCC unroll 2
                for (int half = 0; half < 2; ++half) {
                    totals[c] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products[half]),
                                                _mm512_mul_ps(weights.scales[half], scale), totals[c]);
                    totals[c] = _mm512_fnmadd_ps(weights.minima[half], _mm512_set1_ps(token.halves[half]), totals[c]);
                }
            }
        }
    });
    for (int c = 0; c < Count; ++c) {
        _mm512_storeu_ps(to + c * to_stride, totals[c]);
    }
}

// As many tokens at a time as there are registers for, then fewer.
template <typename Packed, int Count>
void multiply_all(const Packed * panel, int64_t k, const TokenBlock * tokens, int64_t number, float * to,
                  int64_t to_stride) {
    for (; number >= Count; number -= Count) {
        multiply<Packed, Count>(panel, k, tokens, to, to_stride);
        tokens += Count * k;
        to += Count * to_stride;
    }
    if constexpr (Count > 1) {
        multiply_all<Packed, Count / 2>(panel, k, tokens, number, to, to_stride);
    }
}

// Calls `body` with a null pointer to the packed form of a type; answers false where it has none.
template <typename Body> bool with_packed_form(ggml_type type, Body body) {
    switch (type) {
        case GGML_TYPE_Q4_0: body((PackedQ4_0 *) nullptr); return true;
        case GGML_TYPE_Q5_0: body((PackedQ5_0 *) nullptr); return true;
        case GGML_TYPE_Q8_0: body((PackedQ8_0 *) nullptr); return true;
        case GGML_TYPE_Q4_K: body((PackedK<block_q4_K> *) nullptr); return true;
        case GGML_TYPE_Q5_K: body((PackedK<block_q5_K> *) nullptr); return true;
        case GGML_TYPE_Q6_K: body((PackedQ6_K *) nullptr); return true;
        default:             return false;
    }
}

// Panel `number` of a tensor, from its rows as they are in the file.
template <typename Packed> void pack(const void * rows, int64_t blocks, int64_t number, void * to) {
    const auto * panel = static_cast<const typename Packed::Block *>(rows) + number * height * blocks;
    for (int64_t block = 0; block < blocks; ++block) {
        static_cast<Packed *>(to)[block].pack(Rows<typename Packed::Block>{panel + block, blocks});
    }
}

// Calls `body` for all of `0 ..< count`, a part on each of a few threads: a model is loaded on one, which would make
// its user wait.
template <typename Body> void divide(int64_t count, Body body) {
    const int64_t            most  = std::min<int64_t>(std::max(std::thread::hardware_concurrency(), 1u), 8);
    const int64_t            parts = count < 16 ? 1 : most;
    std::vector<std::thread> others;
    int64_t                  next = 0;
    try {
        for (; next < parts - 1; ++next) {
            others.emplace_back(body, count * next / parts, count * (next + 1) / parts);
        }
    } catch (...) {
        // Fewer threads than wanted: what they were to do is left to this one.
    }
    body(count * next / parts, count);
    for (std::thread & other : others) {
        other.join();
    }
}

} // namespace

// A tensor's weights, in panels of 16 rows. The rows of a mapped file are its pages in the system's cache, and packing them
// into memory that has to be cleared first would make a model's user wait for the first token. So at first a product of few
// tokens packs each panel again for itself; later ones keep a part of the panels each, and those of many tokens keep all.
// Packed for once or for good, the sums are the same to the last bit.
struct freshet_packed_weights {
    freshet_packed_weights(const ggml_tensor * tensor, const void * from) :
        panels(tensor->ne[1] / height), type(tensor->type), blocks(tensor->ne[0] / ggml_blck_size(tensor->type)),
        panel_size(height * ggml_row_size(tensor->type, tensor->ne[0])), data(static_cast<char *>(tensor->data)),
        states(new std::atomic<State>[panels]), unpacked(panels) {
        for (int64_t number = 0; number < panels; ++number) {
            states[number] = State::as_in_file;
        }
        if (!map(from, ggml_nbytes(tensor))) {
            rows = static_cast<const char *>(from);
            with_packed_form(type, [&](auto * form) {
                divide(panels, [&, this](int64_t begin, int64_t end) {
                    for (int64_t number = begin; number < end; ++number) {
                        panel(number, true, form, nullptr);
                    }
                });
            });
            rows = nullptr;
        }
    }

    ~freshet_packed_weights() {
        if (mapping != nullptr) {
            munmap(mapping, mapped);
        }
    }

    freshet_packed_weights(const freshet_packed_weights &)             = delete;
    freshet_packed_weights & operator=(const freshet_packed_weights &) = delete;

    // Panel `number`, packed for good where it was already or `is_kept`, and else into `scratch`. From any thread.
    template <typename Packed>
    const Packed * panel(int64_t number, bool is_kept, const Packed * /* form */, void * scratch) {
        char * const         place = data + number * panel_size;
        std::atomic<State> & state = states[number];
        State                found = state.load(std::memory_order_acquire);
        if (found == State::packed) {
            return reinterpret_cast<const Packed *>(place);
        }
        if (is_kept && found == State::as_in_file && state.compare_exchange_strong(found, State::being_packed)) {
            pack<Packed>(rows, blocks, number, place);
            state.store(State::packed, std::memory_order_release);
            if (unpacked.fetch_sub(1) == 1 && mapping != nullptr) {
                // The file's pages need not count as this process's any more.
                (void) madvise(mapping, mapped, MADV_DONTNEED);
            }
            return reinterpret_cast<const Packed *>(place);
        }
        pack<Packed>(rows, blocks, number, scratch);
        return static_cast<const Packed *>(scratch);
    }

    // A product begins: on one of its threads, before the others go on.
    void begin() { products.fetch_add(1, std::memory_order_relaxed); }

    // The panels below this are to be kept. The first product keeps none, and the ninth has all of them.
    int64_t kept_end() const {
        return std::min<int64_t>(products.load(std::memory_order_relaxed) - 1, parts) * panels / parts;
    }

    const int64_t   panels;
    const ggml_type type;
    const int64_t   blocks; // of a row
    const size_t    panel_size;

  private:
    enum class State : uint8_t { as_in_file, being_packed, packed };

    static constexpr int parts = 8;

    // Maps the rows for as long as this lives, which the file's own mapping need not: a second mapping of the same pages, as
    // the system makes it of a shared one only.
    bool map(const void * from, size_t size) {
#ifdef __linux__
        const uintptr_t start = (uintptr_t) from / sysconf(_SC_PAGESIZE) * sysconf(_SC_PAGESIZE);
        mapped                = (uintptr_t) from + size - start;
        void * const second   = mremap((void *) start, 0, mapped, MREMAP_MAYMOVE);
        if (second != MAP_FAILED) {
            mapping = second;
            rows    = static_cast<const char *>(second) + ((uintptr_t) from - start);
        }
#endif
        return mapping != nullptr;
    }

    char * const                                data;
    const std::unique_ptr<std::atomic<State>[]> states;
    std::atomic<int64_t>                        unpacked;
    std::atomic<int64_t>                        products{ 0 };
    const char *                                rows    = nullptr;
    void *                                      mapping = nullptr;
    size_t                                      mapped  = 0;
};

bool freshet_is_packable(const ggml_tensor * weights) {
    return freshet_kernels_are_on() && ggml_n_dims(weights) == 2 && weights->ne[1] % height == 0 &&
           with_packed_form(weights->type, [](auto *) {});
}

std::shared_ptr<freshet_packed_weights> freshet_pack(const ggml_tensor * weights, const void * rows) {
    return std::make_shared<freshet_packed_weights>(weights, rows);
}

// The tokens as bytes, and a panel for each thread.
size_t freshet_packed_work_size(const ggml_tensor * product, int threads) {
    const ggml_tensor * weights = product->src[0];
    return ggml_nelements(product->src[1]) / length * sizeof(TokenBlock) +
           threads * height * ggml_row_size(weights->type, weights->ne[0]);
}

void freshet_packed_product(const ggml_compute_params * params, ggml_tensor * dst, freshet_packed_weights & weights) {
    const ggml_tensor * values  = dst->src[1];
    const int64_t       k       = values->ne[0] / length;
    const int64_t       number  = ggml_nrows(values);
    auto *              tokens  = static_cast<TokenBlock *>(params->wdata);
    char *              scratch = reinterpret_cast<char *>(tokens + number * k) + params->ith * weights.panel_size;

    const auto row = [&](const ggml_tensor * tensor, int64_t token) {
        const int64_t inner = token % tensor->ne[1], outer = token / tensor->ne[1];
        return static_cast<char *>(tensor->data) + inner * tensor->nb[1] + outer % tensor->ne[2] * tensor->nb[2] +
               outer / tensor->ne[2] * tensor->nb[3];
    };
    const int64_t all = number * k;
    for (int64_t block = all * params->ith / params->nth; block < all * (params->ith + 1) / params->nth; ++block) {
        tokens[block].quantize(reinterpret_cast<const float *>(row(values, block / k)) + block % k * length);
    }
    if (params->ith == 0) {
        weights.begin();
        ggml_threadpool_chunk_set(params->threadpool, params->nth);
    }
    ggml_barrier(params->threadpool);

    // A few parts for each thread, so that they end together.
    const int64_t panels = weights.panels;
    const int64_t some   = std::max<int64_t>(panels / (8 * params->nth), 1);
    const int64_t parts  = (panels + some - 1) / some;
    const int64_t stride = dst->nb[1] / sizeof(float);
    // For many tokens each panel is needed several times, and packing it for good is little beside their sums.
    const int64_t kept   = number > slab ? panels : weights.kept_end();
    with_packed_form(weights.type, [&](auto * form) {
        using Packed = std::remove_pointer_t<decltype(form)>;
        for (int64_t part = params->ith; part < parts; part = ggml_threadpool_chunk_add(params->threadpool, 1)) {
            for (int64_t first = 0; first < number; first += slab) {
                for (int64_t panel = part * some; panel < std::min((part + 1) * some, panels); ++panel) {
                    multiply_all<Packed, 16>(weights.panel(panel, panel < kept, form, scratch), k, tokens + first * k,
                                            std::min(number - first, slab),
                                            reinterpret_cast<float *>(row(dst, first)) + panel * height, stride);
                }
            }
        }
    });
}

#else

bool freshet_is_packable(const ggml_tensor *) { return false; }
std::shared_ptr<freshet_packed_weights> freshet_pack(const ggml_tensor *, const void *) { return nullptr; }
size_t freshet_packed_work_size(const ggml_tensor *, int) { return 0; }
void freshet_packed_product(const ggml_compute_params *, ggml_tensor *, freshet_packed_weights &) {}

#endif
