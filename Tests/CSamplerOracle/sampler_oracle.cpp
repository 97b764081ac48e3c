#include "sampler_oracle.h"

#include <llama.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

struct freshet_oracle {
    // Before the chain, whose stages look into it while they are made.
    std::unique_ptr<llama_model, decltype(&llama_model_free)> model{nullptr, llama_model_free};
    std::unique_ptr<llama_sampler, decltype(&llama_sampler_free)> chain{nullptr, llama_sampler_free};
    // Made anew from the logits for every token, in memory that is kept.
    std::vector<llama_token_data> tokens;

    llama_token_data_array run(const float * logits) {
        const size_t count = tokens.size();
        for (size_t token = 0; token < count; ++token) {
            tokens[token] = {static_cast<llama_token>(token), logits[token], 0.0f};
        }
        llama_token_data_array list = {tokens.data(), count, -1, false};
        llama_sampler_apply(chain.get(), &list);
        return list;
    }
};

namespace {

// Adds the stage that `make` makes. The chain frees it, or nobody has to where making it failed.
template <typename Make>
bool add(freshet_oracle * oracle, Make make) {
    try {
        llama_sampler * stage = make();
        if (stage == nullptr) {
            return false;
        }
        llama_sampler_chain_add(oracle->chain.get(), stage);
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace

freshet_oracle * freshet_oracle_new(int32_t vocabulary_size, const char * model_path) {
    try {
        auto oracle = std::make_unique<freshet_oracle>();
        oracle->tokens.resize(static_cast<size_t>(vocabulary_size));
        oracle->chain.reset(llama_sampler_chain_init(llama_sampler_chain_default_params()));
        if (model_path != nullptr) {
            llama_model_params params = llama_model_default_params();
            params.vocab_only = true;
            oracle->model.reset(llama_model_load_from_file(model_path, params));
            if (oracle->model == nullptr) {
                return nullptr;
            }
        }
        return oracle.release();
    } catch (...) {
        return nullptr;
    }
}

void freshet_oracle_free(freshet_oracle * oracle) { delete oracle; }

bool freshet_oracle_add_logit_bias(freshet_oracle * oracle, const int32_t * tokens, const float * biases,
                                   int32_t count) {
    return add(oracle, [&] {
        std::vector<llama_logit_bias> list;
        for (int32_t index = 0; index < count; ++index) {
            list.push_back({tokens[index], biases[index]});
        }
        return llama_sampler_init_logit_bias(static_cast<int32_t>(oracle->tokens.size()), count, list.data());
    });
}

bool freshet_oracle_add_grammar(freshet_oracle * oracle, const char * grammar) {
    return oracle->model != nullptr && add(oracle, [&] {
        return llama_sampler_init_grammar(llama_model_get_vocab(oracle->model.get()), grammar, "root");
    });
}

bool freshet_oracle_add_penalties(freshet_oracle * oracle, int32_t last_n, float repeat, float frequency,
                                  float presence) {
    const auto size = static_cast<int32_t>(oracle->tokens.size());
    return add(oracle, [&] { return llama_sampler_init_penalties(size, last_n, repeat, frequency, presence); });
}

bool freshet_oracle_add_dry(freshet_oracle * oracle, float multiplier, float base, int32_t allowed_length,
                            int32_t last_n, const char * const * breakers, size_t breaker_count) {
    if (oracle->model == nullptr && breaker_count > 0) {
        return false;
    }
    return add(oracle, [&] {
        std::vector<const char *> list(breakers, breakers + breaker_count);
        const llama_vocab * vocab = oracle->model == nullptr ? nullptr : llama_model_get_vocab(oracle->model.get());
        return llama_sampler_init_dry(vocab, multiplier, base, allowed_length, last_n, list.data(), list.size());
    });
}

bool freshet_oracle_add_top_n_sigma(freshet_oracle * oracle, float n) {
    return add(oracle, [&] { return llama_sampler_init_top_n_sigma(n); });
}

bool freshet_oracle_add_top_k(freshet_oracle * oracle, int32_t k) {
    return add(oracle, [&] { return llama_sampler_init_top_k(k); });
}

bool freshet_oracle_add_typical_p(freshet_oracle * oracle, float p, size_t min_keep) {
    return add(oracle, [&] { return llama_sampler_init_typical(p, min_keep); });
}

bool freshet_oracle_add_top_p(freshet_oracle * oracle, float p, size_t min_keep) {
    return add(oracle, [&] { return llama_sampler_init_top_p(p, min_keep); });
}

bool freshet_oracle_add_min_p(freshet_oracle * oracle, float p, size_t min_keep) {
    return add(oracle, [&] { return llama_sampler_init_min_p(p, min_keep); });
}

bool freshet_oracle_add_xtc(freshet_oracle * oracle, float probability, float threshold, size_t min_keep,
                            uint32_t seed) {
    return add(oracle, [&] { return llama_sampler_init_xtc(probability, threshold, min_keep, seed); });
}

bool freshet_oracle_add_temperature(freshet_oracle * oracle, float temperature, float range, float exponent) {
    return add(oracle, [&] { return llama_sampler_init_temp_ext(temperature, range, exponent); });
}

bool freshet_oracle_add_mirostat(freshet_oracle * oracle, int32_t version, float tau, float eta, uint32_t seed) {
    return add(oracle, [&] {
        if (version != 1) {
            return llama_sampler_init_mirostat_v2(seed, tau, eta);
        }
        // llama.cpp's programs estimate from the 100 most likely tokens.
        return llama_sampler_init_mirostat(static_cast<int32_t>(oracle->tokens.size()), seed, tau, eta, 100);
    });
}

bool freshet_oracle_add_greedy(freshet_oracle * oracle) {
    return add(oracle, [] { return llama_sampler_init_greedy(); });
}

bool freshet_oracle_add_draw(freshet_oracle * oracle, uint32_t seed) {
    return add(oracle, [&] { return llama_sampler_init_dist(seed); });
}

void freshet_oracle_accept(freshet_oracle * oracle, int32_t token) {
    try {
        llama_sampler_accept(oracle->chain.get(), token);
    } catch (...) {
        // Only a failed allocation can come here; the token is then missing from the history.
    }
}

void freshet_oracle_reset(freshet_oracle * oracle) {
    try {
        llama_sampler_reset(oracle->chain.get());
    } catch (...) {
        // Only a failed allocation can come here; stages may then remember tokens.
    }
}

int32_t freshet_oracle_apply(freshet_oracle * oracle, const float * logits, freshet_oracle_candidate * candidates,
                             size_t * count) {
    *count = 0;
    try {
        const llama_token_data_array list = oracle->run(logits);
        float maximum = -INFINITY;
        for (size_t index = 0; index < list.size; ++index) {
            maximum = std::fmax(maximum, list.data[index].logit);
        }
        double total = 0;
        for (size_t index = 0; index < list.size; ++index) {
            total += std::exp(static_cast<double>(list.data[index].logit) - maximum);
        }
        for (size_t index = 0; index < list.size; ++index) {
            const llama_token_data & data = list.data[index];
            const double weight = std::exp(static_cast<double>(data.logit) - maximum);
            candidates[index] = {data.id, data.logit, static_cast<float>(weight / total)};
        }
        *count = list.size;
        return static_cast<int32_t>(list.selected);
    } catch (...) {
        return -1;
    }
}

bool freshet_oracle_filter(freshet_oracle * oracle, const float * logits, float * result) {
    try {
        const llama_token_data_array list = oracle->run(logits);
        std::fill_n(result, oracle->tokens.size(), -INFINITY);
        for (size_t index = 0; index < list.size; ++index) {
            result[list.data[index].id] = list.data[index].logit;
        }
        return true;
    } catch (...) {
        return false;
    }
}

int32_t freshet_oracle_sample(freshet_oracle * oracle, const float * logits) {
    try {
        const llama_token_data_array list = oracle->run(logits);
        return list.selected < 0 ? -1 : list.data[list.selected].id;
    } catch (...) {
        return -1;
    }
}
