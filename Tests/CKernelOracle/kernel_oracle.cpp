#include "include/kernel_oracle.h"

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

struct Free {
    void operator()(ggml_context * context) const { ggml_free(context); }
    void operator()(ggml_backend * backend) const { ggml_backend_free(backend); }
    void operator()(ggml_backend_buffer * buffer) const { ggml_backend_buffer_free(buffer); }
};
template <typename Handle> using Owner = std::unique_ptr<Handle, Free>;

Owner<ggml_context> context_without_data() {
    return Owner<ggml_context>(ggml_init({64 * ggml_tensor_overhead() + ggml_graph_overhead(), nullptr, true}));
}

// A row of values as the type keeps them: what goes into the tensor, and what can be read from it.
struct Stored {
    std::vector<uint8_t> bytes;
    std::vector<float>   values;

    Stored(ggml_type type, const std::vector<float> & wanted, int64_t row) :
        bytes(wanted.size() / row * ggml_row_size(type, row)), values(wanted.size()) {
        ggml_quantize_chunk(type, wanted.data(), bytes.data(), 0, wanted.size() / row, row, nullptr);
        if (type == GGML_TYPE_F32) {
            values = wanted;
        } else {
            ggml_get_type_traits(type)->to_float(bytes.data(), values.data(), values.size());
        }
    }

    void write(ggml_tensor * tensor) const { ggml_backend_tensor_set(tensor, bytes.data(), 0, bytes.size()); }

    // The same from a mapped file, somewhere within a page. The mapping is gone afterwards, as a loader's may be.
    bool write_mapped(ggml_tensor * tensor) const {
        constexpr size_t before = 4000;
        const int        file   = memfd_create("weights", 0);
        void * const     start =
            file >= 0 && ftruncate(file, before + bytes.size()) == 0
                ? mmap(nullptr, before + bytes.size(), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                : MAP_FAILED;
        if (start != MAP_FAILED) {
            memcpy(static_cast<char *>(start) + before, bytes.data(), bytes.size());
            ggml_backend_tensor_set(tensor, static_cast<char *>(start) + before, 0, bytes.size());
            munmap(start, before + bytes.size());
        }
        close(file);
        return start != MAP_FAILED;
    }
};

// Largest difference in parts of the largest expected value.
struct Difference {
    double largest = 0, expected = 0;

    void add(double is, double ought) {
        largest  = std::isfinite(is) ? std::max(largest, std::abs(is - ought)) : INFINITY;
        expected = std::max(expected, std::abs(ought));
    }
    double relative() const { return expected > 0 ? largest / expected : largest; }
};

bool compute(ggml_backend * backend, ggml_context * context, ggml_tensor * result, int threads) {
    ggml_backend_cpu_set_n_threads(backend, threads);
    ggml_cgraph * graph = ggml_new_graph(context);
    ggml_build_forward_expand(graph, result);
    return ggml_backend_graph_compute(backend, graph) == GGML_STATUS_SUCCESS;
}

// The buffer type into which llama.cpp loads weights of this shape, or none.
ggml_backend_buffer_type_t packing_buffer_type() {
    ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    ggml_backend_reg_t reg    = ggml_backend_dev_backend_reg(device);
    const auto extra = (ggml_backend_dev_get_extra_bufts_t) ggml_backend_reg_get_proc_address(
        reg, "ggml_backend_dev_get_extra_bufts");
    for (ggml_backend_buffer_type_t * type = extra ? extra(device) : nullptr; type && *type; ++type) {
        if (std::string(ggml_backend_buft_name(*type)) == "CPU_REPACK") {
            return *type;
        }
    }
    return nullptr;
}

} // namespace

double freshet_oracle_attention_error(const freshet_attention_case * attention) {
    const auto & it = *attention;
    std::mt19937 random(it.seed);
    const auto   floats = [&](int64_t count) {
        std::normal_distribution<float> normal;
        std::vector<float>              all(count);
        for (float & one : all) { one = normal(random); }
        return all;
    };
    const int64_t stored  = (int64_t) it.cells * it.shared_heads;
    const Stored  keys((ggml_type) it.key_type, floats(stored * it.key_length), it.key_length);
    const Stored  values((ggml_type) it.value_type, floats(stored * it.value_length), it.value_length);
    const auto    queries = floats((int64_t) it.key_length * it.tokens * it.heads);
    const auto    sinks   = floats(it.heads);

    // A stretch of cells belongs to one sequence, or to all; the last token of a sequence sees all of it.
    std::vector<int> owners(it.cells);
    for (int cell = 0, owner = -1; cell < it.cells; ++cell) {
        if (cell % 8 == 0 || random() % 3 == 0) { owner = (int) (random() % (it.sequences + 1)) - 1; }
        owners[cell] = owner;
    }
    std::vector<float> mask(it.tokens * it.cells);
    for (int token = 0; token < it.tokens; ++token) {
        const int sequence = token * it.sequences / it.tokens;
        const int end      = token % 5 == 4 ? (int) (random() % (it.cells + 1)) : it.cells - it.tokens + token + 1;
        for (int cell = 0; cell < it.cells; ++cell) {
            const bool is_seen = cell < end && (owners[cell] < 0 || owners[cell] == sequence);
            mask[token * it.cells + cell] = !is_seen ? -INFINITY : it.has_weights ? -(float) (random() % 8) / 4 : 0;
        }
    }

    const auto context = context_without_data();
    const Owner<ggml_backend> backend(ggml_backend_cpu_init());
    if (!context || !backend) { return -1; }
    ggml_context * c = context.get();
    // As in llama.cpp's memory: a cell's heads lie side by side.
    ggml_tensor * q = ggml_new_tensor_3d(c, GGML_TYPE_F32, it.key_length, it.tokens, it.heads);
    ggml_tensor * k = ggml_new_tensor_3d(c, (ggml_type) it.key_type, it.key_length, it.shared_heads, it.cells);
    ggml_tensor * v = ggml_new_tensor_3d(c, (ggml_type) it.value_type, it.value_length, it.shared_heads, it.cells);
    ggml_tensor * m = ggml_new_tensor_2d(c, GGML_TYPE_F16, it.cells, it.tokens);
    ggml_tensor * s = ggml_new_tensor_1d(c, GGML_TYPE_F32, it.heads);
    const float   scale  = 1 / std::sqrt((float) it.key_length);
    ggml_tensor * result = ggml_flash_attn_ext(c, q, ggml_permute(c, k, 0, 2, 1, 3), ggml_permute(c, v, 0, 2, 1, 3), m,
                                               scale, 0, 0);
    if (it.has_sinks) { ggml_flash_attn_ext_add_sinks(result, s); }
    const Owner<ggml_backend_buffer> buffer(ggml_backend_alloc_ctx_tensors(c, backend.get()));
    if (!buffer) { return -1; }
    keys.write(k);
    values.write(v);
    ggml_backend_tensor_set(q, queries.data(), 0, ggml_nbytes(q));
    Stored(GGML_TYPE_F16, mask, it.cells).write(m);
    ggml_backend_tensor_set(s, sinks.data(), 0, ggml_nbytes(s));
    if (!compute(backend.get(), c, result, it.threads)) { return -1; }
    std::vector<float> output(ggml_nelements(result));
    ggml_backend_tensor_get(result, output.data(), 0, ggml_nbytes(result));

    Difference difference;
    for (int token = 0; token < it.tokens; ++token) {
        for (int head = 0; head < it.heads; ++head) {
            const int           shared = head / (it.heads / it.shared_heads);
            const float *       query  = &queries[((int64_t) head * it.tokens + token) * it.key_length];
            std::vector<double> ought(it.value_length, 0);
            double              sum = it.has_sinks ? std::exp((double) sinks[head]) : 0;
            for (int cell = 0; cell < it.cells; ++cell) {
                const int64_t row   = (int64_t) cell * it.shared_heads + shared;
                double        score = 0;
                for (int i = 0; i < it.key_length; ++i) {
                    score += (double) query[i] * keys.values[row * it.key_length + i];
                }
                const double weight = std::exp(score * scale + mask[token * it.cells + cell]);
                sum += weight;
                for (int i = 0; i < it.value_length; ++i) {
                    ought[i] += weight * values.values[row * it.value_length + i];
                }
            }
            for (int i = 0; i < it.value_length; ++i) {
                const int64_t at = ((int64_t) token * it.heads + head) * it.value_length + i;
                difference.add(output[at], sum > 0 ? ought[i] / sum : 0);
            }
        }
    }
    return difference.relative();
}

double freshet_oracle_product_error(int32_t type, freshet_weight_place place, int32_t rows, int32_t columns,
                                    int32_t tokens, int32_t threads, int32_t times, uint32_t seed) {
    std::mt19937                    random(seed);
    std::normal_distribution<float> normal;
    std::vector<float>              wanted((int64_t) rows * columns);
    for (float & weight : wanted) { weight = normal(random); }
    const Stored weights((ggml_type) type, wanted, columns);
    // Whole numbers, of which each 32 reach 127: their scale is exactly one.
    std::vector<float> inputs((int64_t) tokens * columns);
    for (size_t i = 0; i < inputs.size(); ++i) {
        inputs[i] = i % 32 == 7 ? (i % 64 == 7 ? 127 : -127) : (float) (random() % 255) - 127;
    }

    const auto weight_context = context_without_data();
    const auto context        = context_without_data();
    const Owner<ggml_backend> backend(ggml_backend_cpu_init());
    if (!weight_context || !context || !backend) { return -1; }
    ggml_tensor * a = ggml_new_tensor_2d(weight_context.get(), (ggml_type) type, columns, rows);
    ggml_tensor * b = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, columns, tokens);
    ggml_backend_buffer_type_t packing = place == FRESHET_WEIGHTS_PLAIN ? nullptr : packing_buffer_type();
    const Owner<ggml_backend_buffer> weight_buffer(ggml_backend_alloc_ctx_tensors_from_buft(
        weight_context.get(), packing ? packing : ggml_backend_cpu_buffer_type()));
    ggml_tensor * result = ggml_mul_mat(context.get(), a, b);
    const Owner<ggml_backend_buffer> buffer(ggml_backend_alloc_ctx_tensors(context.get(), backend.get()));
    if (!weight_buffer || !buffer) { return -1; }
    if (place != FRESHET_WEIGHTS_MAPPED) {
        weights.write(a);
    } else if (!weights.write_mapped(a)) {
        return -1;
    }
    ggml_backend_tensor_set(b, inputs.data(), 0, ggml_nbytes(b));
    ggml_backend_cpu_set_n_threads(backend.get(), threads);
    ggml_cgraph * graph = ggml_new_graph(context.get());
    ggml_build_forward_expand(graph, result);
    std::vector<float> output(ggml_nelements(result)), again(output);
    for (int time = 0; time < times; ++time) {
        if (ggml_backend_graph_compute(backend.get(), graph) != GGML_STATUS_SUCCESS) { return -1; }
        ggml_backend_tensor_get(result, again.data(), 0, ggml_nbytes(result));
        if (time > 0 && memcmp(again.data(), output.data(), ggml_nbytes(result)) != 0) { return INFINITY; }
        output = again;
    }

    Difference difference;
    for (int token = 0; token < tokens; ++token) {
        for (int row = 0; row < rows; ++row) {
            double ought = 0;
            for (int i = 0; i < columns; ++i) {
                ought += (double) weights.values[(int64_t) row * columns + i] * inputs[(int64_t) token * columns + i];
            }
            difference.add(output[(int64_t) token * rows + row], ought);
        }
    }
    return difference.relative();
}
