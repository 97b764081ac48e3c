// Models and their vocabularies.

#include "boundary.hpp"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

using freshet::guarded;

namespace {

// llama.cpp aborts on nearly every question about a vocabulary that is not there.
bool has_vocabulary(const freshet_model * model) { return llama_vocab_type(model->vocab) != LLAMA_VOCAB_TYPE_NONE; }

bool is_token(const freshet_model * model, int32_t token) {
    return has_vocabulary(model) && token >= 0 && token < llama_vocab_n_tokens(model->vocab);
}

}  // namespace

freshet_model * freshet_model_load(const char * path, freshet_model_params params, freshet_error * error) {
    return guarded<freshet_model *>(error, FRESHET_ERROR_OTHER, nullptr, [&]() -> freshet_model * {
        struct Progress {
            freshet_progress_callback callback;
            void * data;
            bool stopped;
            freshet::HugePages * pages;
        } progress = {params.progress, params.progress_data, false, nullptr};

        llama_model_params model_params = llama_model_default_params();
        model_params.n_gpu_layers = 0;
        model_params.load_mode = params.use_mmap ? LLAMA_LOAD_MODE_MMAP : LLAMA_LOAD_MODE_NONE;
        model_params.vocab_only = params.vocab_only;
        model_params.use_extra_bufts = params.use_repack;
        model_params.progress_callback_user_data = &progress;
        model_params.progress_callback = [](float fraction, void * data) {
            auto * progress = static_cast<Progress *>(data);
            // The first call comes when memory was taken and nothing has been written to it.
            if (auto * pages = std::exchange(progress->pages, nullptr)) {
                pages->advise();
            }
            progress->stopped = progress->callback != nullptr && !progress->callback(fraction, progress->data);
            return !progress->stopped;
        };

        std::optional<freshet::HugePages> pages;
        if (params.use_huge_pages) {
            progress.pages = &pages.emplace();
        }
        const freshet::BackendList list(false);
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        std::unique_ptr<llama_model, decltype(&llama_model_free)> model(
            llama_model_load_from_file(path, model_params), llama_model_free);
        if (model == nullptr) {
            if (progress.stopped) {
                freshet::fill(error, FRESHET_ERROR_INTERRUPTED, "loading was stopped");
            } else {
                log.explain(error, "llama.cpp did not say why");
            }
            return nullptr;
        }
        if (params.use_mmap && params.use_repack) {
            // Most weights were copied, and are read from the mapped file no more.
            freshet::release_pages(path);
        }
        auto * handle = new freshet_model{model.get(), llama_model_get_vocab(model.get()), pages ? pages->count() : 0};
        model.release();
        return handle;
    });
}

void freshet_model_free(freshet_model * model) {
    llama_model_free(model->model);
    delete model;
}

// A number of the model's architecture from its metadata.
static uint64_t metadata_number(const llama_model * model, const char * name, uint64_t fallback) {
    char architecture[64];
    char value[32];
    if (llama_model_meta_val_str(model, "general.architecture", architecture, sizeof architecture) <= 0) {
        return fallback;
    }
    char key[128];
    std::snprintf(key, sizeof key, "%s.%s", architecture, name);
    if (llama_model_meta_val_str(model, key, value, sizeof value) <= 0) {
        return fallback;
    }
    return std::strtoull(value, nullptr, 10);
}

freshet_model_info freshet_model_get_info(const freshet_model * model) {
    const llama_model * m = model->model;
    freshet_model_info info = {};
    info.vocabulary_count = has_vocabulary(model) ? llama_vocab_n_tokens(model->vocab) : 0;
    info.trained_context_length = llama_model_n_ctx_train(m);
    info.parameter_count = llama_model_n_params(m);
    info.byte_count = llama_model_size(m);
    info.huge_page_bytes = model->huge_page_bytes;
    info.can_generate = llama_model_has_decoder(m) && !llama_model_has_encoder(m) && !llama_model_is_diffusion(m);
    info.can_embed = !llama_model_has_encoder(m) || !llama_model_has_decoder(m);
    info.embedding_width = llama_model_n_embd_out(m);
    info.can_truncate = !llama_model_is_recurrent(m) && !llama_model_is_hybrid(m);
    info.can_save = info.can_truncate && llama_model_n_swa(m) == 0;
    const auto layers = static_cast<uint64_t>(std::max(0, llama_model_n_layer(m)));
    if (layers == 0) {
        // Only the vocabulary was read: llama.cpp aborts when it is asked about layers that it has not.
        return info;
    }
    const auto heads = static_cast<uint64_t>(std::max(0, llama_model_n_head_kv(m)));
    const auto width = static_cast<uint64_t>(std::max(0, llama_model_n_embd(m) / std::max(1, llama_model_n_head(m))));
    info.key_count = layers * heads * metadata_number(m, "attention.key_length", width);
    info.value_count = layers * heads * metadata_number(m, "attention.value_length", width);
    return info;
}

int32_t freshet_vocab_bos(const freshet_model * model) {
    return has_vocabulary(model) ? llama_vocab_bos(model->vocab) : -1;
}

bool freshet_vocab_is_eog(const freshet_model * model, int32_t token) {
    return is_token(model, token) && llama_vocab_is_eog(model->vocab, token);
}

bool freshet_vocab_is_control(const freshet_model * model, int32_t token) {
    return is_token(model, token) && llama_vocab_is_control(model->vocab, token);
}

int32_t freshet_vocab_tokenize(const freshet_model * model, const char * source, size_t length, bool add_special,
                               bool parse_special, int32_t * tokens, int32_t capacity, freshet_error * error) {
    return guarded<int32_t>(error, FRESHET_ERROR_OTHER, INT32_MIN, [&]() -> int32_t {
        if (length > INT32_MAX) {
            freshet::fill(error, FRESHET_ERROR_OTHER, "the text is longer than 2 GiB");
            return INT32_MIN;
        }
        if (!has_vocabulary(model)) {
            freshet::fill(error, FRESHET_ERROR_OTHER, "the model has no tokenizer");
            return INT32_MIN;
        }
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        const int32_t count = llama_tokenize(
            model->vocab, length == 0 ? "" : source, static_cast<int32_t>(length), tokens, capacity, add_special,
            parse_special);
        if (count == INT32_MIN) {
            freshet::fill(error, FRESHET_ERROR_OTHER, "the text has too many tokens");
            return INT32_MIN;
        }
        return count < 0 ? -count : count;
    });
}

size_t freshet_vocab_piece(const freshet_model * model, int32_t token, bool special, char * buffer, size_t capacity) {
    freshet_error ignored;
    return guarded<size_t>(&ignored, FRESHET_ERROR_OTHER, 0, [&]() -> size_t {
        if (!is_token(model, token)) {
            return 0;
        }
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        const auto room = static_cast<int32_t>(capacity < INT32_MAX ? capacity : INT32_MAX);
        const int32_t count = llama_token_to_piece(model->vocab, token, buffer, room, 0, special);
        return static_cast<size_t>(count < 0 ? -count : count);
    });
}
