// The library's start, and ggml's list of backends.

#include "boundary.hpp"

#include <ggml-backend.h>

#include <dlfcn.h>
#include <unistd.h>

#include <stdexcept>

namespace {

// OpenBLAS's backend. It is loaded when it is first wanted, because OpenBLAS's threads spin from then on for a while, and
// stands in ggml's list only while somebody holds that for it.
ggml_backend_reg_t blas = nullptr;
std::shared_mutex list_mutex;

// The backend's file beside ggml's own; empty where it was not built.
std::string blas_path() {
    Dl_info ggml = {};
    if (dladdr(reinterpret_cast<void *>(ggml_backend_register), &ggml) == 0 || ggml.dli_fname == nullptr) {
        return "";
    }
    const std::string path = ggml.dli_fname;
    const std::string beside = path.substr(0, path.rfind('/') + 1) + "libggml-blas.so";
    return access(beside.c_str(), R_OK) == 0 ? beside : "";
}

ggml_backend_reg_t load_blas() {
    // It stays loaded: its threads cannot be sent away.
    void * library = dlopen(blas_path().c_str(), RTLD_NOW | RTLD_LOCAL);
    const auto reg = library == nullptr
                         ? nullptr
                         : reinterpret_cast<ggml_backend_reg_t (*)()>(dlsym(library, "ggml_backend_blas_reg"));
    if (reg == nullptr) {
        const char * reason = dlerror();
        throw std::runtime_error(std::string("OpenBLAS cannot be loaded: ") + (reason == nullptr ? "no reason" : reason));
    }
    return reg();
}

}  // namespace

void freshet_start() {
    static std::once_flag once;
    std::call_once(once, [] {
        try {
            freshet::receive_log();
            llama_backend_init();
            // A llama.cpp that was not built by this repository may have it in its list from the start.
            blas = ggml_backend_reg_by_name("BLAS");
            if (blas != nullptr) {
                ggml_backend_unload(blas);
            }
        } catch (...) {
            // Without a backend, loading a model fails and says so.
        }
    });
}

bool freshet_has_blas() {
    freshet_error ignored;
    return freshet::guarded<bool>(&ignored, FRESHET_ERROR_OTHER, false, [] {
        const std::shared_lock lock(list_mutex);
        return blas != nullptr || !blas_path().empty();
    });
}

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

freshet::BackendList::BackendList(bool with_blas) : with_blas(with_blas && freshet_has_blas()) {
    if (this->with_blas) {
        exclusive = std::unique_lock(list_mutex);
        if (blas == nullptr) {
            blas = load_blas();
        }
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
