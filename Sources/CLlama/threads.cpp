// The threads that compute for contexts.

#include "threads.hpp"

#include "boundary.hpp"

#include <ggml-backend.h>

void freshet::ComputeThreads::attach(llama_context * context) const {
    if (pool != nullptr) {
        llama_attach_threadpool(context, pool, pool);
    }
}

void freshet::ComputeThreads::make_pool(int32_t count) {
    ggml_backend_reg_t cpu = ggml_backend_reg_by_name("CPU");
    if (cpu == nullptr || count < 2 || pool != nullptr) {
        return;
    }
    const auto make = reinterpret_cast<decltype(ggml_threadpool_new) *>(
        ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_new"));
    free_pool = reinterpret_cast<decltype(ggml_threadpool_free) *>(
        ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_free"));
    if (make == nullptr || free_pool == nullptr) {
        return;
    }
    ggml_threadpool_params params = ggml_threadpool_params_default(count);
    pool = make(&params);
}

freshet::ComputeThreads::~ComputeThreads() {
    if (pool != nullptr) {
        free_pool(pool);
    }
}

freshet_threads * freshet_threads_new(int32_t count) {
    freshet_error ignored;
    return freshet::guarded<freshet_threads *>(&ignored, FRESHET_ERROR_OTHER, nullptr, [&] {
        auto threads = std::make_unique<freshet_threads>();
        threads->threads.make_pool(count);
        return threads.release();
    });
}

void freshet_threads_free(freshet_threads * threads) { delete threads; }
