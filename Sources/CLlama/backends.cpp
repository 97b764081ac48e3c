// The library's start, and ggml's list of backends.

#include "boundary.hpp"

#include <ggml-backend.h>

namespace {

// OpenBLAS's backend, where it is built in; it stands in ggml's list only while somebody holds that for it.
ggml_backend_reg_t blas = nullptr;
std::shared_mutex list_mutex;

}  // namespace

void freshet_start() {
    static std::once_flag once;
    std::call_once(once, [] {
        try {
            freshet::receive_log();
            llama_backend_init();
            blas = ggml_backend_reg_by_name("BLAS");
            if (blas != nullptr) {
                ggml_backend_unload(blas);
            }
        } catch (...) {
            // Without a backend, loading a model fails and says so.
        }
    });
}

bool freshet_has_blas() { return blas != nullptr; }

size_t freshet_processor_features(char * buffer, size_t capacity) {
    freshet_error ignored;
    return freshet::guarded<size_t>(&ignored, FRESHET_ERROR_OTHER, 0, [&]() -> size_t {
        const freshet::BackendList list(false);
        ggml_backend_reg_t cpu = ggml_backend_reg_by_name("CPU");
        const auto get = cpu == nullptr ? nullptr
                                        : reinterpret_cast<ggml_backend_get_features_t>(
                                              ggml_backend_reg_get_proc_address(cpu, "ggml_backend_get_features"));
        std::string text;
        ggml_backend_feature * feature = get == nullptr ? nullptr : get(cpu);
        for (; feature != nullptr && feature->name != nullptr; feature++) {
            text += (text.empty() ? "" : " ") + std::string(feature->name) + "=" + feature->value;
        }
        return freshet::copy(text.data(), text.size(), buffer, capacity);
    });
}

freshet::BackendList::BackendList(bool with_blas) : with_blas(with_blas && blas != nullptr) {
    if (this->with_blas) {
        exclusive = std::unique_lock(list_mutex);
        ggml_backend_register(blas);
    } else {
        shared = std::shared_lock(list_mutex);
    }
}

freshet::BackendList::~BackendList() {
    if (with_blas) {
        ggml_backend_unload(blas);
    }
}
