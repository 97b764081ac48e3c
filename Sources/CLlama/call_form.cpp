// Where llama.cpp's parsers refuse calls that are in their model's form, set right.
//
// It finds out from a template how its model writes calls, and makes a parser and a grammar of that. In some forms they
// differ from each other, or from the model.

#include "chat.hpp"

#include <llama-common/chat-peg-parser.h>

#include <algorithm>

namespace {

using Arena = common_peg_arena;

// The parser of a kind that stands at an id, or in what is read as one there; null for any other.
template <typename Kind>
Kind * find(Arena & arena, common_peg_parser_id id) {
    if (auto * const atomic = std::get_if<common_peg_atomic_parser>(&arena.get(id))) {
        id = atomic->child;
    }
    return std::get_if<Kind>(&arena.get(id));
}

common_peg_tag_parser * find_tag(Arena & arena, common_peg_parser_id id, const char * tag) {
    auto * const found = find<common_peg_tag_parser>(arena, id);
    return found != nullptr && found->tag == tag ? found : nullptr;
}

// GLM-4.x and Spark 2.5: before what ends a call the grammar lets white space stand, of which the parser wants none: it
// looks ahead for the end, and passes over white space after that.
void pass_space(Arena & arena, common_peg_sequence_parser & sequence, common_peg_parser_id space) {
    for (size_t i = sequence.children.size(); i-- > 0;) {
        const auto * const close = find_tag(arena, sequence.children[i], common_chat_peg_builder::TOOL_CLOSE);
        const auto * const ahead = close == nullptr ? nullptr : find<common_peg_and_parser>(arena, close->child);
        if (ahead != nullptr && find<common_peg_literal_parser>(arena, ahead->child) != nullptr) {
            sequence.children.insert(sequence.children.begin() + ptrdiff_t(i), space);
        }
    }
}

// Mistral Small 3.2 writes name[CALL_ID]id[ARGS]{…}. Where the vocabulary's end looks like a mark ("</s>"), [ARGS] is taken
// for the end of the name too, and wanted twice. What is left is read as one: a name is whole when [ARGS] is there.
void join_name(Arena & arena, common_peg_sequence_parser & sequence) {
    for (size_t i = 0; i + 2 < sequence.children.size(); i++) {
        auto * const atomic = std::get_if<common_peg_atomic_parser>(&arena.get(sequence.children[i]));
        const auto * const open = find_tag(arena, sequence.children[i], common_chat_peg_builder::TOOL_OPEN);
        auto * const name = open == nullptr ? nullptr : find<common_peg_sequence_parser>(arena, open->child);
        const auto * const optional = find<common_peg_repetition_parser>(arena, sequence.children[i + 1]);
        auto * const id = optional == nullptr ? nullptr : find<common_peg_sequence_parser>(arena, optional->child);
        const auto * const mark = find<common_peg_literal_parser>(arena, sequence.children[i + 2]);
        if (atomic == nullptr || name == nullptr || name->children.empty() || mark == nullptr || id == nullptr ||
            id->children.empty() || find_tag(arena, id->children.back(), common_chat_peg_builder::TOOL_ID) == nullptr) {
            continue;
        }
        const common_peg_parser_id last = name->children.back();
        const auto * const end = find<common_peg_literal_parser>(arena, last);
        if (end == nullptr || end->literal != mark->literal) {
            continue;
        }
        // The place of the first mark is taken by all that leads to the arguments.
        name->children.pop_back();
        const auto rest = sequence.children.begin() + ptrdiff_t(i);
        arena.get(last) = common_peg_sequence_parser{{atomic->child, rest[1], rest[2]}};
        atomic->child = last;
        sequence.children.erase(rest + 1, rest + 3);
    }
}

// gpt-oss: what follows a name may be letters, so that get_time would be read as a call of get. The longer name is tried
// first.
void order_names(const Arena & arena, common_peg_choice_parser & choice) {
    const auto name = [&](common_peg_parser_id id) {
        const auto * const rule = std::get_if<common_peg_rule_parser>(&arena.get(id));
        return rule != nullptr && rule->name.compare(0, 5, "tool-") == 0 ? rule->name : std::string();
    };
    for (const common_peg_parser_id child : choice.children) {
        if (name(child).empty()) {
            return;
        }
    }
    std::stable_sort(choice.children.begin(), choice.children.end(),
                     [&](auto one, auto other) { return name(one).size() > name(other).size(); });
}

}  // namespace

void freshet::mend_calls(common_peg_arena & arena) {
    common_peg_parser_id space = 0;
    while (space < arena.size() && !std::holds_alternative<common_peg_space_parser>(arena.get(space))) {
        space++;
    }
    // The last first: those before may be its beginnings, which the builder left behind.
    for (common_peg_parser_id id = arena.size(); id-- > 0;) {
        if (auto * const sequence = std::get_if<common_peg_sequence_parser>(&arena.get(id))) {
            if (space < arena.size()) {
                pass_space(arena, *sequence, space);
            }
            join_name(arena, *sequence);
        } else if (auto * const choice = std::get_if<common_peg_choice_parser>(&arena.get(id))) {
            order_names(arena, *choice);
        }
    }
}
