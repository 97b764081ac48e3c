// Low-rank adapters.

#include "freshet_adapter.h"

#include "boundary.hpp"

bool freshet_model_add_adapter(freshet_model * model, const char * path, float scale, freshet_error * error) {
    return freshet::guarded<bool>(error, FRESHET_ERROR_OTHER, false, [&] {
        model->adapters.reserve(model->adapters.size() + 1);
        model->adapter_scales.reserve(model->adapters.size() + 1);
        const freshet::BackendList list(false);
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        llama_adapter_lora * adapter = llama_adapter_lora_init(model->model, path);
        if (adapter == nullptr) {
            log.explain(error, "llama.cpp did not say why");
            return false;
        }
        model->adapters.push_back(adapter);
        model->adapter_scales.push_back(scale);
        return true;
    });
}

void freshet::use_adapters(freshet_model * model, llama_context * context) {
    if (!model->adapters.empty()) {
        llama_set_adapters_lora(context, model->adapters.data(), model->adapters.size(), model->adapter_scales.data());
    }
}
