// Chat templates, rendered by the Jinja engine of llama.cpp's common library.

#include "boundary.hpp"

#include <llama-common/chat.h>

size_t freshet_chat_render(const freshet_model * model, const freshet_message * messages, size_t count, char * buffer,
                           size_t capacity, freshet_error * error) {
    return freshet::guarded<size_t>(error, FRESHET_ERROR_TEMPLATE, SIZE_MAX, [&]() -> size_t {
        // Asked first, because the common library silently takes ChatML for a model without a template.
        if (llama_model_chat_template(model->model, nullptr) == nullptr) {
            freshet::fill(error, FRESHET_ERROR_TEMPLATE, "the model has no chat template");
            return SIZE_MAX;
        }
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        const common_chat_templates_ptr templates = common_chat_templates_init(model->model, "");
        common_chat_templates_inputs inputs;
        inputs.use_jinja = true;
        inputs.add_generation_prompt = true;
        inputs.add_bos = llama_vocab_get_add_bos(model->vocab);
        inputs.add_eos = llama_vocab_get_add_eos(model->vocab);
        inputs.messages.reserve(count);
        for (size_t i = 0; i < count; i++) {
            common_chat_msg message;
            message.role = messages[i].role;
            message.content = messages[i].content;
            inputs.messages.push_back(std::move(message));
        }
        const std::string text = common_chat_templates_apply(templates.get(), inputs).prompt;
        return freshet::copy(text.data(), text.size(), buffer, capacity);
    });
}
