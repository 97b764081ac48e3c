// A loop of llama.cpp's decoder and sampler, to measure against.

#include "freshet_bare_loop.h"

#include "boundary.hpp"

#include <chrono>
#include <memory>

using steady = std::chrono::steady_clock;

static double seconds_since(steady::time_point start) {
    return std::chrono::duration<double>(steady::now() - start).count();
}

struct bare_context_deleter {
    void operator()(freshet_context * context) const { freshet_context_free(context); }
};

struct sampler_deleter {
    void operator()(llama_sampler * sampler) const { llama_sampler_free(sampler); }
};

static std::unique_ptr<llama_sampler, sampler_deleter> default_chain(uint32_t seed) {
    llama_sampler_chain_params params = llama_sampler_chain_default_params();
    params.no_perf = true;
    std::unique_ptr<llama_sampler, sampler_deleter> chain(llama_sampler_chain_init(params));
    llama_sampler_chain_add(chain.get(), llama_sampler_init_top_k(40));
    llama_sampler_chain_add(chain.get(), llama_sampler_init_top_p(0.95f, 1));
    llama_sampler_chain_add(chain.get(), llama_sampler_init_min_p(0.05f, 1));
    llama_sampler_chain_add(chain.get(), llama_sampler_init_temp(0.8f));
    llama_sampler_chain_add(chain.get(), llama_sampler_init_dist(seed));
    return chain;
}

freshet_error_code freshet_bare_loop(freshet_model * model, freshet_context_params params, const int32_t * prompt,
                                     int32_t prompt_count, int32_t count, uint32_t seed, freshet_bare_loop_time * time,
                                     freshet_error * error) {
    const auto should_stop = params.should_interrupt;
    // Asked between tokens: inside one it would be asked at every node of the graph.
    params.should_interrupt = nullptr;
    const std::unique_ptr<freshet_context, bare_context_deleter> owner(freshet_context_new(model, params, error));
    if (owner == nullptr) {
        return error->code;
    }
    return freshet::guarded<freshet_error_code>(error, FRESHET_ERROR_OTHER, FRESHET_ERROR_OTHER, [&] {
        llama_context * context = freshet::llama_context_of(owner.get());
        const auto chain = default_chain(seed);
        std::vector<int32_t> tokens(prompt, prompt + prompt_count);
        freshet::LogCapture log(freshet::Aborts::end_the_process);
        bool is_computed = llama_decode(context, llama_batch_get_one(tokens.data(), 1)) == 0;
        llama_memory_clear(llama_get_memory(context), false);

        const auto start = steady::now();
        double sampling = 0;
        is_computed = is_computed && llama_decode(context, llama_batch_get_one(tokens.data(), prompt_count)) == 0;
        for (int32_t i = 0; is_computed && i < count; i++) {
            if (should_stop != nullptr && should_stop(params.interrupt_data)) {
                freshet::fill(error, FRESHET_ERROR_INTERRUPTED, "it was interrupted");
                return error->code;
            }
            const auto begin = steady::now();
            llama_token token = llama_sampler_sample(chain.get(), context, -1);
            sampling += seconds_since(begin);
            // Nothing follows the last token.
            if (i + 1 < count) {
                is_computed = llama_decode(context, llama_batch_get_one(&token, 1)) == 0;
            }
        }
        if (!is_computed) {
            log.explain(error, "llama.cpp could not compute a token, and did not say why");
            return error->code;
        }
        *time = {seconds_since(start), sampling};
        return FRESHET_OK;
    });
}
