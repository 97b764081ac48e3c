// The threads that compute for a context.

#include "threads.hpp"

#include <ggml-backend.h>

void freshet::ComputeThreads::attach(llama_context * context, int32_t count) {
    if (count < 2) {
        return;
    }
    make_pool(count);
    if (pool != nullptr) {
        llama_attach_threadpool(context, pool, pool);
    }
}

void freshet::ComputeThreads::make_pool(int32_t count) {
    ggml_backend_reg_t cpu = ggml_backend_reg_by_name("CPU");
    if (cpu == nullptr || pool != nullptr) {
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
