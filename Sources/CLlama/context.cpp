// Contexts: the memory of sequences, and the computation that extends it.

#include "boundary.hpp"

#include <memory>

struct freshet_context {
    llama_context * context;
    int32_t batch_capacity;
    int32_t max_sequences;
    // llama_batch wants a list of sequences for every element; here each has exactly one, so the lists are made once
    // and point into `sequences`.
    std::vector<int32_t> sequences;
    std::vector<int32_t *> sequence_lists;
    std::vector<int32_t> sequence_counts;

    ~freshet_context() { llama_free(context); }
};

freshet_context * freshet_context_new(freshet_model * model, freshet_context_params params, freshet_error * error) {
    return freshet::guarded<freshet_context *>(error, FRESHET_ERROR_OTHER, nullptr, [&]() -> freshet_context * {
        llama_context_params context_params = llama_context_default_params();
        context_params.n_ctx = params.context_length;
        context_params.n_batch = params.batch_capacity;
        context_params.n_ubatch = params.micro_batch;
        context_params.n_seq_max = params.max_sequences;
        // One row of logits for each sequence, instead of one for each token of a batch: at a vocabulary of 150,000
        // this is the larger part of the buffers.
        context_params.n_outputs_max = params.max_sequences;
        context_params.n_outputs_max_per_seq = 1;
        context_params.n_threads = params.threads;
        context_params.n_threads_batch = params.batch_threads;
        context_params.kv_unified = true;
        context_params.no_perf = true;
        context_params.abort_callback = params.should_interrupt;
        context_params.abort_callback_data = params.interrupt_data;

        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        llama_context * context = llama_init_from_model(model->model, context_params);
        if (context == nullptr) {
            log.explain(error, "llama.cpp could not make a context, and did not say why");
            return nullptr;
        }
        if (llama_get_memory(context) == nullptr) {
            llama_free(context);
            freshet::fill(error, FRESHET_ERROR_UNSUPPORTED, "the model keeps no memory of a text that it could continue");
            return nullptr;
        }
        std::unique_ptr<freshet_context> owner;
        try {
            owner.reset(new freshet_context{context, 0, 0, {}, {}, {}});
        } catch (...) {
            llama_free(context);
            throw;
        }
        const auto capacity = static_cast<int32_t>(llama_n_batch(context));
        owner->batch_capacity = capacity;
        owner->max_sequences = static_cast<int32_t>(llama_n_seq_max(context));
        owner->sequences.resize(capacity);
        owner->sequence_counts.assign(capacity, 1);
        owner->sequence_lists.resize(capacity);
        for (int32_t i = 0; i < capacity; i++) {
            owner->sequence_lists[i] = &owner->sequences[i];
        }
        return owner.release();
    });
}

void freshet_context_free(freshet_context * context) { delete context; }

uint32_t freshet_context_length(const freshet_context * context) { return llama_n_ctx(context->context); }

freshet_error_code freshet_context_decode(freshet_context * context, const int32_t * tokens, const int32_t * positions,
                                          const int32_t * sequences, const uint8_t * outputs, int32_t count,
                                          freshet_error * error) {
    const int32_t status = freshet::guarded<int32_t>(error, FRESHET_ERROR_OTHER, -100, [&]() -> int32_t {
        if (count <= 0 || count > context->batch_capacity) {
            freshet::fill(error, FRESHET_ERROR_OTHER, "the batch is empty or larger than the batch capacity");
            return -100;
        }
        std::memcpy(context->sequences.data(), sequences, sizeof(int32_t) * static_cast<size_t>(count));
        llama_batch batch = {};
        batch.n_tokens = count;
        // llama.cpp only reads these four.
        batch.token = const_cast<int32_t *>(tokens);
        batch.pos = const_cast<int32_t *>(positions);
        batch.logits = reinterpret_cast<int8_t *>(const_cast<uint8_t *>(outputs));
        batch.n_seq_id = context->sequence_counts.data();
        batch.seq_id = context->sequence_lists.data();
        freshet::LogCapture log(freshet::Aborts::end_the_process);
        const int32_t result = llama_decode(context->context, batch);
        if (result != 0) {
            log.explain(error, "llama.cpp could not compute the batch, and did not say why");
            // What the words of a failed load mean, they do not mean here.
            if (error->code != FRESHET_ERROR_OUT_OF_MEMORY) {
                error->code = FRESHET_ERROR_OTHER;
            }
        }
        return result;
    });
    switch (status) {
        case 0: return FRESHET_OK;
        case 1:
            freshet::fill(error, FRESHET_ERROR_NO_ROOM, "the context has no room for the batch");
            return FRESHET_ERROR_NO_ROOM;
        case 2:
            freshet::fill(error, FRESHET_ERROR_INTERRUPTED, "the computation was interrupted");
            return FRESHET_ERROR_INTERRUPTED;
        default: return error->code;
    }
}

const float * freshet_context_logits(freshet_context * context, int32_t index) {
    freshet_error ignored;
    return freshet::guarded<const float *>(&ignored, FRESHET_ERROR_OTHER, nullptr,
                                           [&] { return llama_get_logits_ith(context->context, index); });
}

int32_t freshet_context_next_position(const freshet_context * context, int32_t sequence) {
    if (sequence < 0 || sequence >= context->max_sequences) {
        return 0;
    }
    return llama_memory_seq_pos_max(llama_get_memory(context->context), sequence) + 1;
}

bool freshet_context_truncate(freshet_context * context, int32_t sequence, int32_t position) {
    freshet_error ignored;
    return freshet::guarded<bool>(&ignored, FRESHET_ERROR_OTHER, false, [&] {
        // A negative sequence means all of them to llama.cpp, and one out of range stops the process.
        if (sequence < 0 || sequence >= context->max_sequences || position < 0) {
            return false;
        }
        return llama_memory_seq_rm(llama_get_memory(context->context), sequence, position, -1);
    });
}
