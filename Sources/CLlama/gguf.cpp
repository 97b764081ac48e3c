// GGUF files in the making.

#include "freshet_gguf.h"

#include "boundary.hpp"

#include <ggml.h>
#include <gguf.h>

#include <memory>

using freshet::guarded;

struct freshet_gguf {
    gguf_context * context;

    ~freshet_gguf() { gguf_free(context); }
};

namespace {

// The types that ggml writes without knowing which inputs matter.
bool is_writable(uint32_t type) {
    switch (type) {
        case GGML_TYPE_F32:
        case GGML_TYPE_F16:
        case GGML_TYPE_Q4_0:
        case GGML_TYPE_Q4_1:
        case GGML_TYPE_Q5_0:
        case GGML_TYPE_Q5_1:
        case GGML_TYPE_Q8_0:
        case GGML_TYPE_Q2_K:
        case GGML_TYPE_Q3_K:
        case GGML_TYPE_Q4_K:
        case GGML_TYPE_Q5_K:
        case GGML_TYPE_Q6_K: return true;
        default: return false;
    }
}

// What is wrong with rows of a type; NULL when nothing is. ggml would end the process.
const char * complaint(uint32_t type, int64_t row_length) {
    if (!is_writable(type)) {
        return "ggml's type cannot be written";
    }
    if (row_length < 1 || row_length % ggml_blck_size(static_cast<ggml_type>(type)) != 0) {
        return "the rows are no whole number of the type's blocks";
    }
    return nullptr;
}

template <typename Body>
bool set(freshet_error * error, Body body) {
    return guarded<bool>(error, FRESHET_ERROR_OTHER, false, [&] {
        body();
        return true;
    });
}

}  // namespace

freshet_gguf * freshet_gguf_new(freshet_error * error) {
    return guarded<freshet_gguf *>(error, FRESHET_ERROR_OTHER, nullptr, [] {
        auto gguf = std::make_unique<freshet_gguf>();
        gguf->context = gguf_init_empty();
        return gguf.release();
    });
}

void freshet_gguf_free(freshet_gguf * gguf) { delete gguf; }

bool freshet_gguf_set_bool(freshet_gguf * gguf, const char * key, bool value, freshet_error * error) {
    return set(error, [&] { gguf_set_val_bool(gguf->context, key, value); });
}

bool freshet_gguf_set_uint32(freshet_gguf * gguf, const char * key, uint32_t value, freshet_error * error) {
    return set(error, [&] { gguf_set_val_u32(gguf->context, key, value); });
}

bool freshet_gguf_set_float32(freshet_gguf * gguf, const char * key, float value, freshet_error * error) {
    return set(error, [&] { gguf_set_val_f32(gguf->context, key, value); });
}

bool freshet_gguf_set_text(freshet_gguf * gguf, const char * key, const char * value, freshet_error * error) {
    return set(error, [&] { gguf_set_val_str(gguf->context, key, value); });
}

bool freshet_gguf_set_int32s(freshet_gguf * gguf, const char * key, const int32_t * values, size_t count,
                             freshet_error * error) {
    return set(error, [&] { gguf_set_arr_data(gguf->context, key, GGUF_TYPE_INT32, values, count); });
}

bool freshet_gguf_set_texts(freshet_gguf * gguf, const char * key, const char * texts, size_t count,
                            freshet_error * error) {
    return set(error, [&] {
        std::vector<const char *> starts(count);
        for (size_t i = 0; i < count; i++) {
            starts[i] = texts;
            texts += std::strlen(texts) + 1;
        }
        gguf_set_arr_str(gguf->context, key, starts.data(), count);
    });
}

bool freshet_gguf_add_tensor(freshet_gguf * gguf, const char * name, uint32_t type, const int64_t * dimensions,
                             uint32_t dimension_count, freshet_error * error) {
    return guarded<bool>(error, FRESHET_ERROR_OTHER, false, [&] {
        const char * reason = nullptr;
        if (dimension_count < 1 || dimension_count > GGML_MAX_DIMS) {
            reason = "a tensor has 1 to 4 dimensions";
        } else if (reason = complaint(type, dimensions[0]); reason == nullptr) {
            if (std::strlen(name) >= GGML_MAX_NAME) {
                reason = "the name is too long";
            } else if (gguf_find_tensor(gguf->context, name) >= 0) {
                reason = "the name is taken";
            }
            for (uint32_t i = 1; i < dimension_count; i++) {
                if (dimensions[i] < 1) {
                    reason = "a dimension is below 1";
                }
            }
        }
        if (reason != nullptr) {
            freshet::fill(error, FRESHET_ERROR_OTHER, std::string(name) + ": " + reason);
            return false;
        }
        // The writer copies the description; no data is ever attached to it.
        std::unique_ptr<ggml_context, decltype(&ggml_free)> context(
            ggml_init({ggml_tensor_overhead(), nullptr, /* no_alloc */ true}), ggml_free);
        if (context == nullptr) {
            throw std::bad_alloc();
        }
        ggml_tensor * tensor =
            ggml_new_tensor(context.get(), static_cast<ggml_type>(type), static_cast<int>(dimension_count), dimensions);
        ggml_set_name(tensor, name);
        gguf_add_tensor(gguf->context, tensor);
        return true;
    });
}

size_t freshet_gguf_tensor_offset(const freshet_gguf * gguf, size_t index) {
    const auto count = static_cast<size_t>(gguf_get_n_tensors(gguf->context));
    return index < count ? gguf_get_tensor_offset(gguf->context, static_cast<int64_t>(index)) : 0;
}

size_t freshet_gguf_tensor_size(const freshet_gguf * gguf, size_t index) {
    const auto count = static_cast<size_t>(gguf_get_n_tensors(gguf->context));
    return index < count ? gguf_get_tensor_size(gguf->context, static_cast<int64_t>(index)) : 0;
}

size_t freshet_gguf_header(const freshet_gguf * gguf, char * buffer, size_t capacity, freshet_error * error) {
    return guarded<size_t>(error, FRESHET_ERROR_OTHER, SIZE_MAX, [&] {
        const size_t length = gguf_get_meta_size(gguf->context);
        if (buffer != nullptr && capacity >= length) {
            gguf_get_meta_data(gguf->context, buffer);
        }
        return length;
    });
}

size_t freshet_quantize(uint32_t type, const float * values, int64_t row_count, int64_t row_length, void * buffer,
                        size_t capacity, freshet_error * error) {
    return guarded<size_t>(error, FRESHET_ERROR_OTHER, SIZE_MAX, [&]() -> size_t {
        if (const char * reason = complaint(type, row_length)) {
            freshet::fill(error, FRESHET_ERROR_OTHER, reason);
            return SIZE_MAX;
        }
        const auto ggml = static_cast<ggml_type>(type);
        if (row_count < 0 || static_cast<size_t>(row_count) > capacity / ggml_row_size(ggml, row_length)) {
            freshet::fill(error, FRESHET_ERROR_OTHER, "the rows do not fit into the buffer");
            return SIZE_MAX;
        }
        return ggml_quantize_chunk(ggml, values, buffer, 0, row_count, row_length, nullptr);
    });
}
