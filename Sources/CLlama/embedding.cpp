// Embedders: vectors that stand for whole texts.

#include "freshet_embedding.h"

#include "boundary.hpp"
#include "threads.hpp"

#include <algorithm>
#include <memory>

struct freshet_embedder {
    llama_context * context;
    const bool reads_whole;
    const freshet_pooling pooling;
    const int32_t width;
    // Tokens that one decode may take, and those of a call.
    const int32_t piece;
    const int32_t capacity;
    const int32_t max_sequences;
    llama_batch batch;
    freshet::ComputeThreads threads;

    freshet_embedder(llama_context * context, const freshet_context_params & params, bool reads_whole,
                     freshet_pooling pooling)
        : context(context), reads_whole(reads_whole), pooling(pooling),
          width(llama_model_n_embd_out(llama_get_model(context))), piece(static_cast<int32_t>(llama_n_batch(context))),
          capacity(reads_whole ? piece : static_cast<int32_t>(params.context_length)),
          max_sequences(static_cast<int32_t>(params.max_sequences)), batch(llama_batch_init(piece, 0, 1)) {}

    ~freshet_embedder() {
        llama_batch_free(batch);
        llama_free(context);
    }

    void add(int32_t token, int32_t position, int32_t sequence, bool is_output) {
        const int32_t i = batch.n_tokens++;
        batch.token[i] = token;
        batch.pos[i] = position;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = sequence;
        batch.logits[i] = is_output;
    }
};

namespace {

// What a call is given.
struct Texts {
    const int32_t * tokens;
    const int32_t * lengths;
    int32_t count;
    float * vectors;
};

// Every token sees its whole text: all are computed at once, and llama.cpp pools them.
int32_t compute_whole(freshet_embedder * embedder, const Texts & texts) {
    const int32_t * token = texts.tokens;
    for (int32_t text = 0; text < texts.count; text++) {
        for (int32_t i = 0; i < texts.lengths[text]; i++) {
            embedder->add(*token++, i, text, true);
        }
    }
    const int32_t status = llama_decode(embedder->context, embedder->batch);
    for (int32_t text = 0; status == 0 && text < texts.count; text++) {
        const float * vector = llama_get_embeddings_seq(embedder->context, text);
        if (vector == nullptr) {
            return -1;
        }
        std::copy_n(vector, embedder->width, texts.vectors + static_cast<size_t>(text) * embedder->width);
    }
    return status;
}

// Computes the batch, and adds each output's vector to that of its text.
int32_t flush(freshet_embedder * embedder, std::vector<double> * sums) {
    llama_batch & batch = embedder->batch;
    if (batch.n_tokens == 0) {
        return 0;
    }
    int32_t status = llama_decode(embedder->context, batch);
    for (int32_t i = 0; status == 0 && i < batch.n_tokens; i++) {
        if (batch.logits[i] == 0) {
            continue;
        }
        const float * vector = llama_get_embeddings_ith(embedder->context, i);
        double * sum = sums->data() + static_cast<size_t>(batch.seq_id[i][0]) * embedder->width;
        for (int32_t k = 0; vector != nullptr && k < embedder->width; k++) {
            sum[k] += vector[k];
        }
        status = vector == nullptr ? -1 : 0;
    }
    batch.n_tokens = 0;
    return status;
}

// A token sees those before it: a text goes in piece by piece. llama.cpp computes the scores of the whole vocabulary for
// every token whose vector it gives; where only the last one's is wanted, all others go in before, without.
int32_t compute_in_pieces(freshet_embedder * embedder, const Texts & texts) {
    std::vector<double> sums(static_cast<size_t>(texts.count) * embedder->width);
    const bool wants_last = embedder->pooling == FRESHET_POOLING_LAST;
    int32_t status = 0;
    const auto add = [&](int32_t token, int32_t position, int32_t text, bool is_output) {
        embedder->add(token, position, text, is_output);
        if (embedder->batch.n_tokens == embedder->piece) {
            status = flush(embedder, &sums);
        }
    };
    llama_set_embeddings(embedder->context, !wants_last);
    const int32_t * token = texts.tokens;
    for (int32_t text = 0; text < texts.count; text++) {
        const int32_t length = texts.lengths[text];
        for (int32_t i = 0; i < length - (wants_last ? 1 : 0) && status == 0; i++) {
            add(token[i], i, text, !wants_last);
        }
        token += length;
    }
    status = status == 0 ? flush(embedder, &sums) : status;
    if (wants_last) {
        llama_set_embeddings(embedder->context, true);
        token = texts.tokens;
        for (int32_t text = 0; text < texts.count && status == 0; text++) {
            token += texts.lengths[text];
            add(token[-1], texts.lengths[text] - 1, text, true);
        }
        status = status == 0 ? flush(embedder, &sums) : status;
    }
    for (int32_t text = 0; status == 0 && text < texts.count; text++) {
        const size_t start = static_cast<size_t>(text) * embedder->width;
        const double divisor = wants_last ? 1 : texts.lengths[text];
        for (int32_t k = 0; k < embedder->width; k++) {
            texts.vectors[start + k] = static_cast<float>(sums[start + k] / divisor);
        }
    }
    return status;
}

}  // namespace

freshet_embedder * freshet_embedder_new(freshet_model * model, freshet_context_params params, bool reads_whole,
                                        freshet_pooling pooling, freshet_error * error) {
    return freshet::guarded<freshet_embedder *>(error, FRESHET_ERROR_OTHER, nullptr, [&]() -> freshet_embedder * {
        if (!reads_whole && pooling == FRESHET_POOLING_CLS) {
            freshet::fill(error, FRESHET_ERROR_UNSUPPORTED, "the first token of a text sees nothing of the rest");
            return nullptr;
        }
        llama_context_params context_params = freshet::context_params(params);
        context_params.embeddings = true;
        context_params.pooling_type = reads_whole ? static_cast<enum llama_pooling_type>(pooling) : LLAMA_POOLING_TYPE_NONE;
        if (reads_whole) {
            context_params.n_batch = context_params.n_ubatch = params.context_length;
        } else {
            context_params.n_batch = params.micro_batch;
            if (pooling == FRESHET_POOLING_LAST) {
                context_params.n_outputs_max = std::min(params.micro_batch, params.max_sequences);
            }
        }
        const freshet::BackendList list(params.use_blas);
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        std::unique_ptr<llama_context, decltype(&llama_free)> context(
            llama_init_from_model(model->model, context_params), llama_free);
        if (context == nullptr) {
            log.explain(error, "llama.cpp could not make a context, and did not say why");
            return nullptr;
        }
        if (!reads_whole && (llama_get_memory(context.get()) == nullptr || !llama_get_causal_attn(context.get()))) {
            freshet::fill(error, FRESHET_ERROR_UNSUPPORTED, "the model reads texts as a whole and does not say so");
            return nullptr;
        }
        auto owner = std::make_unique<freshet_embedder>(context.get(), params, reads_whole, pooling);
        context.release();
        freshet::use_adapters(model, owner->context);
        owner->threads.make_pool(std::max(params.threads, params.batch_threads));
        owner->threads.attach(owner->context);
        return owner.release();
    });
}

void freshet_embedder_free(freshet_embedder * embedder) { delete embedder; }

int32_t freshet_embedder_width(const freshet_embedder * embedder) { return embedder->width; }

freshet_error_code freshet_embedder_compute(freshet_embedder * embedder, const int32_t * tokens,
                                            const int32_t * lengths, int32_t count, float * vectors,
                                            freshet_error * error) {
    return freshet::guarded<freshet_error_code>(error, FRESHET_ERROR_OTHER, FRESHET_ERROR_OTHER, [&] {
        int64_t total = 0;
        bool is_good = count > 0 && count <= embedder->max_sequences;
        for (int32_t i = 0; is_good && i < count; i++) {
            is_good = lengths[i] > 0;
            total += lengths[i];
        }
        if (!is_good || total > embedder->capacity) {
            freshet::fill(error, FRESHET_ERROR_OTHER, "the texts are none, empty, or more than fit");
            return FRESHET_ERROR_OTHER;
        }
        embedder->batch.n_tokens = 0;
        if (llama_memory_t memory = llama_get_memory(embedder->context)) {
            llama_memory_clear(memory, false);
        }
        freshet::LogCapture log(freshet::Aborts::end_the_process);
        const Texts texts = {tokens, lengths, count, vectors};
        switch (embedder->reads_whole ? compute_whole(embedder, texts) : compute_in_pieces(embedder, texts)) {
            case 0: return FRESHET_OK;
            case 2:
                freshet::fill(error, FRESHET_ERROR_INTERRUPTED, "the computation was interrupted");
                return FRESHET_ERROR_INTERRUPTED;
            default:
                log.explain(error, "llama.cpp could not compute the texts, and did not say why");
                // What the words of a failed load mean, they do not mean here.
                if (error->code != FRESHET_ERROR_OUT_OF_MEMORY) {
                    error->code = FRESHET_ERROR_OTHER;
                }
                return error->code;
        }
    });
}
