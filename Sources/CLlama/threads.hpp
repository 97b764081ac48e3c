// The threads that compute for a context.

#pragma once

#include <ggml-cpu.h>
#include <llama.h>

#include <cstdint>

namespace freshet {

// One set of threads for as long as a context lives. It must outlive the context.
//
// Without a pool of its own a context makes its threads anew for every graph. On a busy machine the system may put a new
// thread on its maker's processor, where each of the graph's hundreds of meetings then takes a time slice.
class ComputeThreads {
  public:
    ComputeThreads() = default;
    ~ComputeThreads();
    ComputeThreads(const ComputeThreads &) = delete;
    ComputeThreads & operator=(const ComputeThreads &) = delete;

    // Makes `count` threads and lets the context compute with them. Without threads to be had it computes as it would.
    void attach(llama_context * context, int32_t count);

  private:
    ggml_threadpool_t pool = nullptr;
    decltype(ggml_threadpool_free) * free_pool = nullptr;
};

}  // namespace freshet
