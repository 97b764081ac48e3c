// Chat templates, rendered by the Jinja engine of llama.cpp's common library.

#include "chat.hpp"
#include "work_limit.hpp"

#include <llama-common/json-schema-to-grammar.h>
#include <llama-common/peg-parser.h>

#include <set>

struct freshet_templates {
    common_chat_templates_ptr templates;
    bool know_tools;
    bool know_parallel_calls;
};

struct freshet_conversation {
    common_chat_templates_inputs inputs;
    // What calls to each of the tools are held to.
    std::vector<std::string> schemas;
    // Bytes of all texts, and how many there are.
    size_t size = 0;
    size_t parts = 0;
    bool is_held = false;
};

namespace {

// The longest template. Its parser, and the walk through what it parses, recurse without allocating, by up to a kilobyte
// of stack for a byte of the source. The longest of llama.cpp's has 17 kB.
constexpr size_t template_size = 64 << 10;

// What a template may take. The seventy of llama.cpp's own take up to 400,000 steps and 200 kB for a short conversation,
// most of it to find out how the template writes calls; for each further turn up to 10,000 steps and 6 kB, and for each
// byte up to 14. A search in a text is no step, however long it takes: the bound of the memory is its bound.
freshet::WorkLimit::Amounts limit_of(size_t parts, size_t size) {
    return {20000000 + 20000 * parts + size, (size_t(8) << 20) + 16384 * parts + 32 * size};
}

// Makes something under a limit, with what llama.cpp would abort for thrown.
template <typename Made, typename Body>
Made * limited(freshet_error * error, freshet::WorkLimit::Amounts amounts, Body body) {
    bool is_passed = false;
    using Owner = std::unique_ptr<Made>;
    Owner made = freshet::guarded<Owner>(error, FRESHET_ERROR_TEMPLATE, nullptr, [&]() -> Owner {
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        freshet::WorkLimit limit(amounts);
        struct Watch {
            const freshet::WorkLimit & limit;
            bool & is_passed;
            ~Watch() { is_passed = limit.is_passed(); }
        } watch{limit, is_passed};
        return body();
    });
    if (!is_passed) {
        return made.release();
    }
    // Also where somebody on the way has caught what was thrown and gone on.
    freshet::fill(error, FRESHET_ERROR_EXHAUSTED, freshet::WorkLimitPassed().what());
    return nullptr;
}

template <typename Body>
bool added(freshet_conversation * conversation, size_t size, Body body) {
    try {
        body(conversation->inputs);
        conversation->size += size;
        conversation->parts++;
        return true;
    } catch (const std::exception &) {
        return false;
    }
}

// "\n------------\nWhile executing CallExpression at line 3, column 7 in source:\n…\nError: Only user turns" becomes the
// last line's text.
std::string without_source(const std::string & message) {
    const size_t place = message.rfind("Error: ");
    return place == std::string::npos ? message : message.substr(place + 7);
}

}  // namespace

freshet_templates * freshet_templates_new(const freshet_model * model, const char * source, freshet_error * error) {
    // Asked first, because the common library silently takes ChatML for a model without a template.
    const char * own = llama_model_chat_template(model->model, nullptr);
    const char * used = source != nullptr ? source : own;
    if (used == nullptr || *used == '\0' || std::string(used) == "chatml") {
        freshet::fill(error, FRESHET_ERROR_TEMPLATE, "the model has no chat template");
        return nullptr;
    }
    if (std::strlen(used) > template_size) {
        freshet::fill(error, FRESHET_ERROR_TEMPLATE, "it is longer than " + std::to_string(template_size) + " bytes");
        return nullptr;
    }
    return limited<freshet_templates>(error, limit_of(0, std::strlen(used)), [&]() {
        // First alone: what common_chat_templates_init throws has lost its message.
        jinja::lexer lexer;
        jinja::parse_from_tokens(lexer.tokenize(used));
        auto result = std::make_unique<freshet_templates>();
        result->templates = common_chat_templates_init(model->model, source != nullptr ? source : "");
        const std::map<std::string, bool> caps = common_chat_templates_get_caps(result->templates.get());
        result->know_tools = caps.at("supports_tools") || caps.at("supports_tool_calls");
        result->know_parallel_calls = caps.at("supports_parallel_tool_calls");
        return result;
    });
}

bool freshet_templates_are_bounded(void) { return freshet::WorkLimit::is_effective(); }

void freshet_templates_free(freshet_templates * templates) { delete templates; }

bool freshet_templates_know_tools(const freshet_templates * templates) { return templates->know_tools; }

freshet_conversation * freshet_conversation_new(void) {
    auto * conversation = new (std::nothrow) freshet_conversation();
    if (conversation != nullptr) {
        conversation->inputs.use_jinja = true;
        conversation->inputs.add_generation_prompt = true;
    }
    return conversation;
}

void freshet_conversation_free(freshet_conversation * conversation) { delete conversation; }

bool freshet_conversation_add_message(freshet_conversation * conversation, const char * role, const char * content,
                                      const char * reasoning, const char * name, const char * call_id) {
    return added(conversation, std::strlen(content) + std::strlen(reasoning), [&](auto & inputs) {
        common_chat_msg message;
        message.role = role;
        message.content = content;
        message.reasoning_content = reasoning;
        message.tool_name = name;
        message.tool_call_id = call_id;
        inputs.messages.push_back(std::move(message));
    });
}

bool freshet_conversation_add_call(freshet_conversation * conversation, const char * id, const char * name,
                                   const char * arguments) {
    return added(conversation, std::strlen(arguments), [&](auto & inputs) {
        inputs.messages.back().tool_calls.push_back({name, arguments, id});
    });
}

bool freshet_conversation_add_tool(freshet_conversation * conversation, const char * name, const char * description,
                                   const char * parameters, const char * schema) {
    // What a schema is made into may be a multiple of it.
    const size_t size = 8 * (std::strlen(description) + std::strlen(parameters) + std::strlen(schema));
    return added(conversation, size, [&](auto & inputs) {
        conversation->schemas.push_back(schema);
        inputs.tools.push_back({name, description, parameters});
    });
}

bool freshet_conversation_set_variable(freshet_conversation * conversation, const char * name, const char * value) {
    return added(conversation, std::strlen(value), [&](auto & inputs) { inputs.chat_template_kwargs[name] = value; });
}

void freshet_conversation_choose(freshet_conversation * conversation, freshet_tool_choice choice, bool parallel,
                                 bool thinking, bool separate, bool held) {
    conversation->is_held = held;
    common_chat_templates_inputs & inputs = conversation->inputs;
    inputs.tool_choice = choice == FRESHET_TOOLS_REQUIRED ? COMMON_CHAT_TOOL_CHOICE_REQUIRED
                         : choice == FRESHET_TOOLS_NONE   ? COMMON_CHAT_TOOL_CHOICE_NONE
                                                          : COMMON_CHAT_TOOL_CHOICE_AUTO;
    inputs.parallel_tool_calls = parallel;
    inputs.enable_thinking = thinking;
    inputs.reasoning_format = separate ? COMMON_REASONING_FORMAT_DEEPSEEK : COMMON_REASONING_FORMAT_NONE;
}

namespace {

// What a template makes of a conversation. The prompt shows the tools as they were given; all else is of their schemas,
// which that prompt's own rendering, where these are others, does not look at, as it is of one without calls.
common_chat_params apply(const freshet_templates * templates, const freshet_conversation * conversation,
                         common_chat_templates_inputs inputs) {
    bool is_shown = true;
    for (size_t i = 0; i < inputs.tools.size(); i++) {
        is_shown = is_shown && inputs.tools[i].parameters == conversation->schemas[i];
    }
    if (is_shown || inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_NONE) {
        return common_chat_templates_apply(templates->templates.get(), inputs);
    }
    common_chat_templates_inputs shown = inputs;
    shown.tool_choice = COMMON_CHAT_TOOL_CHOICE_NONE;
    std::string prompt = common_chat_templates_apply(templates->templates.get(), shown).prompt;
    for (size_t i = 0; i < inputs.tools.size(); i++) {
        inputs.tools[i].parameters = conversation->schemas[i];
    }
    common_chat_params params = common_chat_templates_apply(templates->templates.get(), inputs);
    params.prompt = std::move(prompt);
    return params;
}

// The grammar of what stands before the text of an answer without calls. It is the same whether thoughts are told from the
// text or not.
std::string opening(const freshet_templates * templates, common_chat_templates_inputs inputs) {
    inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_NONE;
    inputs.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    const common_chat_params params = common_chat_templates_apply(templates->templates.get(), inputs);
    if (params.parser.empty()) {
        return "";
    }
    common_peg_arena parser;
    parser.load(params.parser);
    return freshet::opening_grammar(std::move(parser), params.thinking_end_tags);
}

// A rule that was made twice, of which llama.cpp keeps the later one under both's references. Names are the same to it
// that differ in what is no letter or digit; and it has rules of its own that are named like those for a tool, such as
// tool-call, which then begin with themselves.
std::string confused_rule(const common_peg_arena & parser) {
    std::set<std::string> names;
    for (common_peg_parser_id id = 0; id < parser.size(); id++) {
        const auto * const rule = std::get_if<common_peg_rule_parser>(&parser.get(id));
        // What is to be recursive has a placeholder first.
        if (rule != nullptr && !std::holds_alternative<common_peg_any_parser>(parser.get(rule->child)) &&
            !names.insert(rule->name).second) {
            return rule->name;
        }
    }
    return "";
}

}  // namespace

freshet_rendering * freshet_templates_render(const freshet_templates * templates,
                                             const freshet_conversation * conversation, freshet_error * error) {
    freshet_rendering * const rendering = limited<freshet_rendering>(
        error, limit_of(conversation->parts, conversation->size), [&]() {
            common_chat_templates_inputs inputs = conversation->inputs;
            inputs.parallel_tool_calls = inputs.parallel_tool_calls && templates->know_parallel_calls;
            auto result = std::make_unique<freshet_rendering>();
            result->params = apply(templates, conversation, inputs);
            auto syntax = std::make_shared<common_chat_parser_params>(result->params);
            syntax->reasoning_format = inputs.reasoning_format;
            if (!result->params.parser.empty()) {
                syntax->parser.load(result->params.parser);
                freshet::mend_calls(syntax->parser);
                result->confused_rule = confused_rule(syntax->parser);
            }
            if (conversation->is_held) {
                result->opening_grammar = opening(templates, inputs);
            }
            bool has_patterns = false;
            for (const common_grammar_trigger & trigger : result->params.grammar_triggers) {
                if (trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_WORD ||
                    trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN) {
                    result->triggers.push_back(trigger.value);
                } else {
                    has_patterns = true;
                }
            }
            // What a pattern finds depends on where tokens end, and functionary's begins before what its grammar reads.
            // Of the parser there is a grammar of the whole turn too, which need not be woken.
            if (result->params.grammar_lazy && has_patterns && !syntax->parser.empty()) {
                result->turn_grammar = build_grammar(
                    [&](const common_grammar_builder & builder) { syntax->parser.build_grammar(builder, false); });
            }
            result->syntax = std::move(syntax);
            const bool calls = !inputs.tools.empty() && inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_NONE;
            result->is_plain = !calls && !result->params.supports_thinking && freshet::is_plain(*result->syntax);
            return result;
        });
    if (rendering == nullptr && error->code == FRESHET_ERROR_TEMPLATE) {
        freshet::fill(error, FRESHET_ERROR_TEMPLATE, without_source(error->message));
    }
    return rendering;
}

void freshet_rendering_free(freshet_rendering * rendering) { delete rendering; }

namespace {

freshet_text text_of(const std::string & text) { return {text.data(), text.size()}; }

const std::vector<std::string> & list_of(const freshet_rendering * rendering, freshet_rendering_list list) {
    switch (list) {
        case FRESHET_PRESERVED: return rendering->params.preserved_tokens;
        case FRESHET_STOPS: return rendering->params.additional_stops;
        case FRESHET_THINKING_ENDS: return rendering->params.thinking_end_tags;
        default: return rendering->triggers;
    }
}

}  // namespace

freshet_text freshet_rendering_text(const freshet_rendering * rendering, freshet_rendering_part part) {
    switch (part) {
        case FRESHET_PROMPT: return text_of(rendering->params.prompt);
        case FRESHET_GRAMMAR: return text_of(rendering->params.grammar);
        case FRESHET_GENERATION_PROMPT: return text_of(rendering->params.generation_prompt);
        case FRESHET_THINKING_START: return text_of(rendering->params.thinking_start_tag);
        case FRESHET_TURN_GRAMMAR: return text_of(rendering->turn_grammar);
        case FRESHET_OPENING_GRAMMAR: return text_of(rendering->opening_grammar);
        default: return text_of(rendering->confused_rule);
    }
}

size_t freshet_rendering_count(const freshet_rendering * rendering, freshet_rendering_list list) {
    return list_of(rendering, list).size();
}

freshet_text freshet_rendering_item(const freshet_rendering * rendering, freshet_rendering_list list, size_t index) {
    return text_of(list_of(rendering, list)[index]);
}

bool freshet_rendering_grammar_is_lazy(const freshet_rendering * rendering) { return rendering->params.grammar_lazy; }

bool freshet_rendering_is_plain(const freshet_rendering * rendering) { return rendering->is_plain; }
