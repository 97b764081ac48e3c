// The threads that compute for contexts.

#pragma once

#include "freshet_threads.h"

#include <ggml-cpu.h>
#include <llama.h>

#include <cstdint>
#include <memory>

namespace freshet {

// One set of threads for as long as the contexts live that compute with it, in turn. It must outlive them.
//
// Without a pool of its own a context makes its threads anew for every graph. On a busy machine the system may put a new
// thread on its maker's processor, where each of the graph's hundreds of meetings then takes a time slice. Contexts that take
// turns do not each have one: threads look out for work for 0.1 s before they sleep, in the way of the other's.
class ComputeThreads {
  public:
    ComputeThreads() = default;
    ~ComputeThreads();
    ComputeThreads(const ComputeThreads &) = delete;
    ComputeThreads & operator=(const ComputeThreads &) = delete;

    // Makes `count` threads; none where that is one, or none can be had.
    void make_pool(int32_t count);

    // Lets the context compute with them. Without threads it computes as it would.
    void attach(llama_context * context) const;

  private:
    ggml_threadpool_t pool = nullptr;
    decltype(ggml_threadpool_free) * free_pool = nullptr;
};

}  // namespace freshet

struct freshet_threads {
    freshet::ComputeThreads threads;
};
