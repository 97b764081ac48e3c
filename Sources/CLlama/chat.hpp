// What the files behind freshet_chat.h share.

#pragma once

#include "boundary.hpp"
#include "freshet_chat.h"

#include <llama-common/chat.h>

#include <memory>

struct freshet_rendering {
    common_chat_params params;
    // Shared with the parsers.
    std::shared_ptr<const common_chat_parser_params> syntax;
    std::vector<std::string> triggers;
    std::string turn_grammar;
    std::string confused_rule;
    std::string opening_grammar;
    bool is_plain = false;
};

namespace freshet {

// Whether a parser gives every answer as text, as it is.
bool is_plain(const common_chat_parser_params & syntax);

// Lets a parser of answers take calls in their model's form that it refuses.
void mend_calls(common_peg_arena & arena);

// The grammar of an assistant's turn with the token 0 where its text begins. Thoughts that are begun have to be ended.
std::string opening_grammar(common_peg_arena arena, const std::vector<std::string> & thinking_ends);

}  // namespace freshet
