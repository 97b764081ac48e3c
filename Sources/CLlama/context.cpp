// Contexts: the memory of sequences, and the computation that extends it.

#include "boundary.hpp"
#include "threads.hpp"

#include <algorithm>
#include <memory>

struct freshet_context {
    llama_context * context;
    int32_t batch_capacity;
    int32_t max_sequences;
    // A sequence of our own, in which a piece of another is taken out or put back.
    int32_t scratch;
    // llama_batch wants a list of sequences for every element; here each has exactly one, so the lists are made once
    // and point into `sequences`.
    std::vector<int32_t> sequences;
    std::vector<int32_t *> sequence_lists;
    std::vector<int32_t> sequence_counts;

    ~freshet_context() { llama_free(context); }

    llama_memory_t memory() const { return llama_get_memory(context); }
    // llama.cpp stops the process at a sequence out of range, and a negative one means all of them.
    bool has(int32_t sequence) const { return sequence >= 0 && sequence < max_sequences; }
};

llama_context * freshet::llama_context_of(freshet_context * context) { return context->context; }

static ggml_type type_of(freshet_cache_type type) {
    switch (type) {
        case FRESHET_CACHE_Q8_0: return GGML_TYPE_Q8_0;
        case FRESHET_CACHE_Q4_0: return GGML_TYPE_Q4_0;
        default: return GGML_TYPE_F16;
    }
}

llama_context_params freshet::context_params(const freshet_context_params & params) {
    llama_context_params context_params = llama_context_default_params();
    context_params.n_ctx = params.context_length;
    context_params.n_batch = params.batch_capacity;
    context_params.n_ubatch = params.micro_batch;
    context_params.n_seq_max = params.max_sequences;
    context_params.n_threads = params.threads;
    context_params.n_threads_batch = params.batch_threads;
    // Sequences share the cells of a common beginning only where all cells are one stream.
    context_params.kv_unified = true;
    // The whole of a sliding window's past is kept: only so can a sequence be cut back, or be shared.
    context_params.swa_full = true;
    context_params.type_k = type_of(params.key_type);
    context_params.type_v = type_of(params.value_type);
    context_params.flash_attn_type = params.flash_attention < 0 ? LLAMA_FLASH_ATTN_TYPE_AUTO
                                     : params.flash_attention == 0 ? LLAMA_FLASH_ATTN_TYPE_DISABLED
                                                                   : LLAMA_FLASH_ATTN_TYPE_ENABLED;
    context_params.no_perf = true;
    context_params.abort_callback = params.should_interrupt;
    context_params.abort_callback_data = params.interrupt_data;
    return context_params;
}

freshet_context * freshet_context_new(freshet_model * model, freshet_context_params params, freshet_error * error) {
    return freshet::guarded<freshet_context *>(error, FRESHET_ERROR_OTHER, nullptr, [&]() -> freshet_context * {
        llama_context_params context_params = freshet::context_params(params);
        context_params.n_seq_max = params.max_sequences + 1;
        // One row of logits for each sequence, instead of one for each token of a batch: at a vocabulary of 150,000
        // this is the larger part of the buffers.
        context_params.n_outputs_max = params.max_sequences + 1;
        context_params.n_outputs_max_per_seq = 1;

        const freshet::BackendList list(params.use_blas);
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        llama_context * context = llama_init_from_model(model->model, context_params);
        if (context == nullptr) {
            log.explain(error, "llama.cpp could not make a context, and did not say why");
            return nullptr;
        }
        if (llama_get_memory(context) == nullptr) {
            llama_free(context);
            freshet::fill(
                error, FRESHET_ERROR_UNSUPPORTED, "the model keeps no memory of a text that it could continue");
            return nullptr;
        }
        std::unique_ptr<freshet_context> owner;
        try {
            owner.reset(new freshet_context{context, 0, 0, 0, {}, {}, {}});
        } catch (...) {
            llama_free(context);
            throw;
        }
        const auto capacity = static_cast<int32_t>(llama_n_batch(context));
        owner->batch_capacity = capacity;
        owner->max_sequences = static_cast<int32_t>(llama_n_seq_max(context)) - 1;
        owner->scratch = owner->max_sequences;
        owner->sequences.resize(capacity);
        owner->sequence_counts.assign(capacity, 1);
        owner->sequence_lists.resize(capacity);
        for (int32_t i = 0; i < capacity; i++) {
            owner->sequence_lists[i] = &owner->sequences[i];
        }
        freshet::use_adapters(model, context);
        if (params.pool != nullptr) {
            params.pool->threads.attach(context);
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
    return context->has(sequence) ? llama_memory_seq_pos_max(context->memory(), sequence) + 1 : 0;
}

bool freshet_context_can_continue(const freshet_context * context, int32_t sequence, int32_t position) {
    if (!context->has(sequence) || llama_memory_seq_pos_max(context->memory(), sequence) != position - 1) {
        return false;
    }
    const int32_t window = llama_model_n_swa(llama_get_model(context->context));
    return position == 0 || window <= 0 ||
           llama_memory_seq_pos_min(context->memory(), sequence) <= std::max(0, position - window);
}

void freshet_context_share(freshet_context * context, int32_t from, int32_t to, int32_t length) {
    freshet_error ignored;
    freshet::guarded<bool>(&ignored, FRESHET_ERROR_OTHER, false, [&] {
        if (!context->has(from) || !context->has(to) || from == to || length <= 0) {
            return false;
        }
        const bool is_whole = length > llama_memory_seq_pos_max(context->memory(), from);
        llama_memory_seq_cp(context->memory(), from, to, is_whole ? -1 : 0, is_whole ? -1 : length);
        return true;
    });
}

bool freshet_context_truncate(freshet_context * context, int32_t sequence, int32_t position) {
    freshet_error ignored;
    return freshet::guarded<bool>(&ignored, FRESHET_ERROR_OTHER, false, [&] {
        if (!context->has(sequence) || position < 0) {
            return false;
        }
        if (position == 0 && context->max_sequences == 1) {
            // The next tokens take the cells that they would take in a new context: which those are moves the last bits
            // of what is computed from them.
            llama_memory_clear(context->memory(), false);
            return true;
        }
        return llama_memory_seq_rm(context->memory(), sequence, position, -1);
    });
}

bool freshet_context_can_shift(const freshet_context * context) { return llama_memory_can_shift(context->memory()); }

bool freshet_context_shift(freshet_context * context, int32_t sequence, int32_t begin, int32_t end) {
    freshet_error ignored;
    return freshet::guarded<bool>(&ignored, FRESHET_ERROR_OTHER, false, [&] {
        if (!context->has(sequence) || begin < 0 || begin >= end || !llama_memory_can_shift(context->memory()) ||
            !llama_memory_seq_rm(context->memory(), sequence, begin, end)) {
            return false;
        }
        llama_memory_seq_add(context->memory(), sequence, end, -1, begin - end);
        return true;
    });
}

uint32_t freshet_state_version(void) { return LLAMA_STATE_SEQ_VERSION; }

const char * freshet_llama_version(void) { return llama_version(); }

const char * freshet_ggml_version(void) { return ggml_version(); }

// Gives the scratch sequence's cells back, however the call that uses it ends.
struct scratch_use {
    freshet_context * context;

    ~scratch_use() { llama_memory_seq_rm(context->memory(), context->scratch, -1, -1); }
};

size_t freshet_context_save(freshet_context * context, int32_t sequence, int32_t begin, int32_t end, uint8_t * buffer,
                            size_t capacity) {
    freshet_error ignored;
    return freshet::guarded<size_t>(&ignored, FRESHET_ERROR_OTHER, 0, [&]() -> size_t {
        if (!context->has(sequence) || begin < 0 || begin >= end) {
            return 0;
        }
        freshet::LogCapture log(freshet::Aborts::end_the_process);
        const scratch_use use{context};
        llama_memory_seq_cp(context->memory(), sequence, context->scratch, begin, end);
        const size_t length = llama_state_seq_get_size(context->context, context->scratch);
        if (buffer == nullptr || capacity < length) {
            return length;
        }
        return llama_state_seq_get_data(context->context, buffer, capacity, context->scratch);
    });
}

bool freshet_context_load(freshet_context * context, int32_t sequence, int32_t begin, int32_t end,
                          const uint8_t * state, size_t length) {
    freshet_error ignored;
    return freshet::guarded<bool>(&ignored, FRESHET_ERROR_OTHER, false, [&] {
        if (!context->has(sequence) || begin < 0 || begin >= end) {
            return false;
        }
        const llama_memory_t memory = context->memory();
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        const scratch_use use{context};
        const bool is_read = llama_state_seq_set_data(context->context, state, length, context->scratch) == length;
        const bool is_right = is_read && llama_memory_seq_pos_min(memory, context->scratch) == begin &&
                              llama_memory_seq_pos_max(memory, context->scratch) == end - 1 &&
                              llama_memory_seq_pos_max(memory, sequence) == begin - 1;
        if (is_right) {
            llama_memory_seq_cp(memory, context->scratch, sequence, begin, end);
        }
        return is_right;
    });
}
