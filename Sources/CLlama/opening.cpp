// What stands before an answer's text in the assistant's turn: the model's thoughts, and the marks that its template has.

#include "chat.hpp"

#include <llama-common/chat-peg-parser.h>
#include <llama-common/json-schema-to-grammar.h>

#include <algorithm>

namespace {

// Stands for the text in the parser, and nowhere else.
constexpr const char * text_mark = "FRESHET-TEXT";

// gpt-oss: texts between thoughts, and calls to tools that it was not given. Its answer is what comes at the end.
bool is_aside(const common_peg_arena & arena, common_peg_parser_id id) {
    const auto * const rule = std::get_if<common_peg_rule_parser>(&arena.get(id));
    return rule != nullptr && (rule->name == "preamble" || rule->name == "unsolicited");
}

// Whether a node may pass over what it reads: one or none, or nothing instead, perhaps before something else.
bool is_optional(const common_peg_arena & arena, const common_peg_parser_variant & node, common_peg_parser_id & what) {
    if (const auto * const turns = std::get_if<common_peg_repetition_parser>(&node)) {
        what = turns->child;
        return turns->min_count == 0 && turns->max_count == 1;
    }
    const auto * const choice = std::get_if<common_peg_choice_parser>(&node);
    if (choice == nullptr || choice->children.size() != 2) {
        return false;
    }
    what = choice->children[0];
    const common_peg_parser_variant & other = arena.get(choice->children[1]);
    return std::holds_alternative<common_peg_epsilon_parser>(other) || std::holds_alternative<common_peg_and_parser>(other);
}

std::string trimmed(const std::string & text) {
    const size_t start = text.find_first_not_of(" \n");
    return start == std::string::npos ? "" : text.substr(start, text.find_last_not_of(" \n") - start + 1);
}

}  // namespace

std::string freshet::opening_grammar(common_peg_arena arena, const std::vector<std::string> & thinking_ends) {
    for (common_peg_parser_id id = 0; id < arena.size(); id++) {
        common_peg_parser_variant & node = arena.get(id);
        if (const auto * const tag = std::get_if<common_peg_tag_parser>(&node)) {
            if (tag->tag == common_chat_peg_builder::CONTENT) {
                node = common_peg_literal_parser{text_mark};
            }
            continue;
        }
        if (auto * const choice = std::get_if<common_peg_choice_parser>(&node)) {
            auto & children = choice->children;
            children.erase(std::remove_if(children.begin(), children.end(),
                                          [&](common_peg_parser_id child) { return is_aside(arena, child); }),
                           children.end());
        }
        // A parser may pass over that thoughts were not ended. Then the text would be one of them.
        common_peg_parser_id what = 0;
        if (is_optional(arena, node, what)) {
            const auto * const end = std::get_if<common_peg_literal_parser>(&arena.get(what));
            if (end != nullptr && std::any_of(thinking_ends.begin(), thinking_ends.end(), [&](const std::string & mark) {
                    return trimmed(mark) == trimmed(end->literal);
                })) {
                node = common_peg_literal_parser{end->literal};
            }
        }
    }
    std::string grammar =
        build_grammar([&](const common_grammar_builder & builder) { arena.build_grammar(builder, false); });
    const std::string quoted = std::string("\"") + text_mark + "\"";
    const std::string token = "<[0]>";
    for (size_t place = 0; (place = grammar.find(quoted, place)) != std::string::npos; place += token.size()) {
        grammar.replace(place, quoted.size(), token);
    }
    return grammar;
}
