// What memory and arithmetic reach.

#include "boundary.hpp"
#include "freshet_rates.h"

#include <ggml-backend.h>
#include <ggml-cpp.h>
#include <ggml-cpu.h>

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

using freshet::guarded;

namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// Memory that is given back with its owner.
class Buffer {
  public:
    explicit Buffer(size_t size)
        : size(size), address(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
        if (address == MAP_FAILED) {
            throw std::bad_alloc();
        }
        madvise(address, size, MADV_HUGEPAGE);
    }
    ~Buffer() { munmap(address, size); }
    Buffer(const Buffer &) = delete;
    Buffer & operator=(const Buffer &) = delete;

    char * bytes() const { return static_cast<char *>(address); }

    const size_t size;

  private:
    void * const address;
};

// Runs `work` with the numbers from 0 to below `count`, on a thread each, all at once; returns how long that took, from
// the first one's begin to the last one's end, by their own clocks: this thread may have to wait for a processor.
template <typename Work>
double time_together(int32_t count, Work work) {
    std::atomic<int32_t> waiting(count);
    std::atomic<bool> gave_up(false);
    std::vector<std::thread> threads;
    std::vector<std::pair<Clock::time_point, Clock::time_point>> times(count);
    const auto join = [&] {
        for (std::thread & thread : threads) {
            thread.join();
        }
    };
    try {
        for (int32_t i = 0; i < count; i++) {
            threads.emplace_back([&, i] {
                waiting--;
                while (waiting > 0 && !gave_up) {
                    std::this_thread::yield();
                }
                if (!gave_up) {
                    times[i].first = Clock::now();
                    work(i);
                    times[i].second = Clock::now();
                }
            });
        }
    } catch (...) {
        gave_up = true;
        join();
        throw;
    }
    join();
    Clock::time_point begin = times.front().first;
    Clock::time_point end = times.front().second;
    for (const auto & time : times) {
        begin = std::min(begin, time.first);
        end = std::max(end, time.second);
    }
    return seconds(end - begin);
}

// Where a product of the weights would be computed the fastest: repacked, if ggml has a kernel for that.
ggml_backend_buffer_type_t weight_buffer_type(ggml_backend_dev_t cpu, ggml_tensor * weights, ggml_tensor * product,
                                              bool use_repack) {
    const auto get_extra = reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(
        ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu), "ggml_backend_dev_get_extra_bufts"));
    ggml_backend_buffer_type_t * extra = use_repack && get_extra != nullptr ? get_extra(cpu) : nullptr;
    for (; extra != nullptr && *extra != nullptr; extra++) {
        // ggml asks the tensor where it lies; an empty buffer is enough of an answer.
        ggml_backend_buffer_ptr empty(ggml_backend_buft_alloc_buffer(*extra, 0));
        weights->buffer = empty.get();
        const bool is_supported = ggml_backend_dev_supports_op(cpu, product);
        weights->buffer = nullptr;
        if (is_supported) {
            return *extra;
        }
    }
    return ggml_backend_dev_buffer_type(cpu);
}

// Fills the weights with one row of numbers again and again: speed does not depend on them.
void fill_weights(ggml_tensor * weights) {
    const int64_t columns = weights->ne[0];
    std::vector<float> row(columns);
    for (int64_t i = 0; i < columns; i++) {
        row[i] = static_cast<float>((i * 37) % 64 - 32) / 32.0f;
    }
    const std::vector<float> importance(columns, 1.0f);
    const size_t row_size = ggml_row_size(weights->type, columns);
    std::vector<uint8_t> bytes(row_size * weights->ne[1]);
    ggml_quantize_chunk(weights->type, row.data(), bytes.data(), 0, 1, columns, importance.data());
    for (int64_t i = 1; i < weights->ne[1]; i++) {
        std::memcpy(bytes.data() + i * row_size, bytes.data(), row_size);
    }
    ggml_backend_tensor_set(weights, bytes.data(), 0, bytes.size());
}

ggml_type type_named(const char * name) {
    for (int i = 0; i < GGML_TYPE_COUNT; i++) {
        const char * known = ggml_type_name(static_cast<ggml_type>(i));
        if (known != nullptr && std::strcmp(known, name) == 0) {
            return static_cast<ggml_type>(i);
        }
    }
    return GGML_TYPE_COUNT;
}

// ggml's CPU backend with threads of its own.
class Processor {
  public:
    explicit Processor(int32_t threads) : device(ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU)) {
        if (device == nullptr) {
            return;
        }
        backend.reset(ggml_backend_dev_init(device, nullptr));
        ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(device);
        const auto find = [&](const char * name) { return ggml_backend_reg_get_proc_address(registry, name); };
        const auto set_count = reinterpret_cast<ggml_backend_set_n_threads_t>(find("ggml_backend_set_n_threads"));
        const auto make = reinterpret_cast<decltype(ggml_threadpool_new) *>(find("ggml_threadpool_new"));
        const auto attach =
            reinterpret_cast<decltype(ggml_backend_cpu_set_threadpool) *>(find("ggml_backend_cpu_set_threadpool"));
        free_pool = reinterpret_cast<decltype(ggml_threadpool_free) *>(find("ggml_threadpool_free"));
        if (backend == nullptr || set_count == nullptr) {
            backend.reset();
            return;
        }
        set_count(backend.get(), threads);
        if (threads > 1 && make != nullptr && attach != nullptr && free_pool != nullptr) {
            ggml_threadpool_params params = ggml_threadpool_params_default(threads);
            pool = make(&params);
            attach(backend.get(), pool);
        }
    }
    ~Processor() {
        backend.reset();
        if (pool != nullptr) {
            free_pool(pool);
        }
    }
    Processor(const Processor &) = delete;
    Processor & operator=(const Processor &) = delete;

    ggml_backend_dev_t device;
    ggml_backend_ptr backend;

  private:
    ggml_threadpool_t pool = nullptr;
    decltype(ggml_threadpool_free) * free_pool = nullptr;
};

ggml_context_ptr make_context(size_t tensors) {
    ggml_context_ptr context(ggml_init({ggml_tensor_overhead() * tensors + ggml_graph_overhead(), nullptr, true}));
    if (context == nullptr) {
        throw std::bad_alloc();
    }
    return context;
}

}  // namespace

double freshet_read_bandwidth(int32_t threads, size_t size, int32_t rounds, freshet_stop_callback should_stop,
                              void * data, freshet_error * error) {
    return guarded<double>(error, FRESHET_ERROR_OTHER, 0, [&]() -> double {
        if (threads <= 0 || size < static_cast<size_t>(threads)) {
            freshet::fill(error, FRESHET_ERROR_OTHER, "there is nothing to read, or nobody to read it");
            return 0;
        }
        const Buffer buffer(size);
        const size_t part = size / threads;
        // Each part is written by the thread that will read it, so that it lies in that one's memory.
        time_together(threads, [&](int32_t i) { std::memset(buffer.bytes() + i * part, 1, part); });
        double best = 0;
        std::atomic<bool> found(false);
        for (int32_t round = 0; round < rounds; round++) {
            if (should_stop != nullptr && should_stop(data)) {
                freshet::fill(error, FRESHET_ERROR_INTERRUPTED, "measuring was stopped");
                return 0;
            }
            // The C library's search reads with the widest loads that the processor has, however this file was
            // compiled. It looks for a byte that is not there.
            const double time = time_together(threads, [&](int32_t i) {
                if (std::memchr(buffer.bytes() + i * part, 0, part) != nullptr) {
                    found = true;
                }
            });
            if (time > 0 && !found) {
                best = std::max(best, static_cast<double>(part) * threads / time);
            }
        }
        return best;
    });
}

double freshet_matrix_rate(const char * type_name, int32_t columns, int32_t rows, int32_t tokens, int32_t threads,
                           bool use_repack, int32_t rounds, freshet_stop_callback should_stop, void * data,
                           freshet_error * error) {
    return guarded<double>(error, FRESHET_ERROR_OTHER, 0, [&]() -> double {
        const ggml_type type = type_named(type_name);
        // A type that ggml has given up has a name, and blocks of no length.
        if (type == GGML_TYPE_COUNT || ggml_blck_size(type) <= 0 || columns <= 0 || rows <= 0 || tokens <= 0 ||
            threads <= 0 || columns % ggml_blck_size(type) != 0) {
            freshet::fill(error, FRESHET_ERROR_UNSUPPORTED, "ggml has no such matrix");
            return 0;
        }
        const freshet::BackendList list(false);
        const Processor processor(threads);
        if (processor.backend == nullptr) {
            freshet::fill(error, FRESHET_ERROR_OTHER, "ggml has no backend for the processor");
            return 0;
        }
        // The weights may lie in another kind of memory than the rest.
        const ggml_context_ptr weight_context = make_context(1);
        const ggml_context_ptr context = make_context(2);
        ggml_tensor * weights = ggml_new_tensor_2d(weight_context.get(), type, columns, rows);
        ggml_tensor * vectors = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, columns, tokens);
        ggml_tensor * product = ggml_mul_mat(context.get(), weights, vectors);
        const auto weight_type = weight_buffer_type(processor.device, weights, product, use_repack);
        const ggml_backend_buffer_ptr weight_buffer(
            ggml_backend_alloc_ctx_tensors_from_buft(weight_context.get(), weight_type));
        const ggml_backend_buffer_ptr buffer(ggml_backend_alloc_ctx_tensors_from_buft(
            context.get(), ggml_backend_dev_buffer_type(processor.device)));
        if (weight_buffer == nullptr || buffer == nullptr) {
            throw std::bad_alloc();
        }
        if (!ggml_backend_dev_supports_op(processor.device, product)) {
            freshet::fill(error, FRESHET_ERROR_UNSUPPORTED, "ggml cannot multiply with such weights");
            return 0;
        }
        {
            // ggml would abort for a type that nothing can be quantised to, such as one of whole numbers.
            const freshet::LogCapture log(freshet::Aborts::become_exceptions);
            fill_weights(weights);
        }
        const std::vector<float> ones(static_cast<size_t>(columns) * tokens, 0.5f);
        ggml_backend_tensor_set(vectors, ones.data(), 0, ones.size() * sizeof(float));
        ggml_cgraph * graph = ggml_new_graph(context.get());
        ggml_build_forward_expand(graph, product);
        double best = 0;
        for (int32_t round = 0; round <= rounds; round++) {
            if (should_stop != nullptr && should_stop(data)) {
                freshet::fill(error, FRESHET_ERROR_INTERRUPTED, "measuring was stopped");
                return 0;
            }
            const auto start = Clock::now();
            if (ggml_backend_graph_compute(processor.backend.get(), graph) != GGML_STATUS_SUCCESS) {
                freshet::fill(error, FRESHET_ERROR_OTHER, "ggml could not compute the product");
                return 0;
            }
            const double time = seconds(Clock::now() - start);
            // The first round warms up.
            if (round > 0 && time > 0) {
                best = std::max(best, 2.0 * columns * rows * tokens / time);
            }
        }
        return best;
    });
}
