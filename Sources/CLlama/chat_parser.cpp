// What a model's answer says, told apart while it comes: reasoning, text and calls to tools, by the parsers of llama.cpp's
// common library, which it makes for each template and set of tools.
//
// Those parsers read a whole text. So the answer is read again from its beginning, and the pieces are what the outcome has
// more than the one before. Reading 20 kB, an answer of 4,000 tokens, takes 0.06 to 0.5 ms, by the template.

#include "chat.hpp"
#include "work_limit.hpp"

#include <algorithm>

struct freshet_parser {
    std::shared_ptr<const common_chat_parser_params> syntax;
    // The answer so far.
    std::string answer;
    // The bytes of it that were read.
    size_t read = 0;
    // How many brackets are open in it.
    size_t depth = 0;
    // The thoughts that the prompt has begun the answer with, as with a line end. They are none of the model's.
    std::string begun;
    // What has been told of it.
    std::string reasoning;
    std::string content;
    // For each call that was told of: its arguments.
    std::vector<std::string> calls;
    std::vector<freshet_piece> pieces;
    // What the pieces point into.
    std::vector<std::unique_ptr<const std::string>> texts;
};

namespace {

freshet_text keep(freshet_parser * parser, std::string text) {
    parser->texts.push_back(std::make_unique<const std::string>(std::move(text)));
    return {parser->texts.back()->data(), parser->texts.back()->size()};
}

// A character at the end that is not whole yet must wait: the parsers look at bytes.
size_t whole_length(const std::string & text) {
    size_t length = text.size();
    for (size_t back = 1; back <= 3 && back <= text.size(); back++) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xC0) == 0x80) {
            continue;
        }
        const size_t width = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        if (width > back) {
            length = text.size() - back;
        }
        break;
    }
    return length;
}

// Tells what `after` has beyond `told`. One that does not continue what was told waits: what comes next may set it right,
// as where a bracket that was taken for the end of the arguments turns out to be a part of them.
void tell(freshet_parser * parser, freshet_piece_kind kind, size_t call, std::string & told, const std::string & after) {
    const size_t length = whole_length(after);
    if (length <= told.size() || after.compare(0, told.size(), told) != 0) {
        return;
    }
    freshet_piece piece = {};
    piece.kind = kind;
    piece.call = call;
    piece.text = keep(parser, after.substr(told.size(), length - told.size()));
    parser->pieces.push_back(piece);
    told.assign(after, 0, length);
}

// Whether a call has more than its name. With a name's first letters, which may be those of another tool's too, there is
// a bracket already.
bool is_begun(const common_chat_tool_call & call) { return call.arguments.size() > 1; }

// Whether a call's id stands behind its arguments, as some models write it. By then the call has been told of, unless the
// whole of it came in one piece; how a text is cut is to change nothing, so that such an id is never told.
bool came_late(const freshet_parser * parser, size_t call, const std::string & id) {
    // The beginning of the answer with which the call was to be told of.
    size_t untold = 0;
    std::string told = id.empty() ? "" : parser->answer;
    bool is_late = false;
    while (told.size() > untold + 1) {
        const std::string half = parser->answer.substr(0, untold + (told.size() - untold) / 2);
        const common_chat_msg message = common_chat_parse(half, true, *parser->syntax);
        if (message.tool_calls.size() > call && is_begun(message.tool_calls[call])) {
            is_late = message.tool_calls[call].id != id;
            told = half;
        } else {
            untold = half.size();
        }
    }
    return is_late;
}

void tell(freshet_parser * parser, const common_chat_msg & message, bool is_end) {
    const bool goes_on = message.reasoning_content.compare(0, parser->begun.size(), parser->begun) == 0;
    tell(parser, FRESHET_PIECE_REASONING, 0, parser->reasoning,
         goes_on ? message.reasoning_content.substr(parser->begun.size()) : message.reasoning_content);
    tell(parser, FRESHET_PIECE_CONTENT, 0, parser->content, message.content);
    for (size_t i = 0; i < message.tool_calls.size(); i++) {
        const common_chat_tool_call & call = message.tool_calls[i];
        if (i == parser->calls.size()) {
            // A name is whole when something follows it.
            if (call.name.empty() || (!is_begun(call) && !is_end && i + 1 == message.tool_calls.size())) {
                return;
            }
            freshet_piece piece = {};
            piece.kind = FRESHET_PIECE_CALL;
            piece.call = i;
            piece.id = keep(parser, came_late(parser, i, call.id) ? "" : call.id);
            piece.name = keep(parser, call.name);
            parser->pieces.push_back(piece);
            parser->calls.emplace_back();
        }
        tell(parser, FRESHET_PIECE_ARGUMENTS, i, parser->calls[i], call.arguments);
    }
}

// The most open brackets. The parsers recurse for each, by nearly two kilobytes of stack, before they allocate anything
// that a limit on their work could see. Brackets in strings count too: no sensible text leaves as many open.
constexpr size_t depth_limit = 4000;

void count_brackets(freshet_parser * parser, const char * text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '[' || text[i] == '{') {
            if (++parser->depth > depth_limit) {
                throw freshet::WorkLimitPassed();
            }
        } else if ((text[i] == ']' || text[i] == '}') && parser->depth > 0) {
            parser->depth--;
        }
    }
}

// Whether the answer has grown so little that it need not be read yet: by less than a thousandth, so that all its readings
// together take time by its length, not by its length's square. Up to 1,000 tokens each one is read when it comes; of
// 4,000, every fourth or so.
bool can_wait(const freshet_parser * parser) {
    return parser->answer.size() - parser->read < parser->answer.size() / 1024;
}

// What an answer of a size may take.
freshet::WorkLimit::Amounts limit_of(size_t size) { return {1000000 + 200 * size, (size_t(64) << 20) + 200 * size}; }

common_chat_msg parse(const freshet_parser * parser, bool is_end) {
    try {
        return common_chat_parse(parser->answer, !is_end, *parser->syntax);
    } catch (const std::exception &) {
        if (!is_end) {
            throw;
        }
    }
    // An answer that was cut off, or is none of the expected form: as much of it as can be read.
    return common_chat_parse(parser->answer, true, *parser->syntax);
}

// The texts that mean something to a parser.
void collect_marks(const common_peg_arena & arena, std::vector<std::string> & marks) {
    for (size_t i = 0; i < arena.size(); i++) {
        const common_peg_parser_variant & node = arena.get(i);
        if (const auto * literal = std::get_if<common_peg_literal_parser>(&node)) {
            marks.push_back(literal->literal);
        } else if (const auto * until = std::get_if<common_peg_until_parser>(&node)) {
            marks.insert(marks.end(), until->delimiters.begin(), until->delimiters.end());
        } else if (const auto * until_all = std::get_if<common_peg_ac_parser>(&node)) {
            marks.insert(marks.end(), until_all->delimiters.begin(), until_all->delimiters.end());
        }
    }
}

}  // namespace

bool freshet::is_plain(const common_chat_parser_params & syntax) {
    std::vector<std::string> marks = {"", " ", "\n", "{", "["};
    collect_marks(syntax.parser, marks);
    const auto passes = [&](const std::string & text) {
        const common_chat_msg message = common_chat_parse(text, false, syntax);
        return message.content == text && message.reasoning_content.empty() && message.tool_calls.empty();
    };
    try {
        std::string all = "a";
        for (const std::string & mark : marks) {
            if (!passes(mark + "a" + mark)) {
                return false;
            }
            all += mark + "a";
        }
        return passes(all);
    } catch (const std::exception &) {
        return false;
    }
}

freshet_parser * freshet_parser_new(const freshet_rendering * rendering, freshet_error * error) {
    return freshet::guarded<freshet_parser *>(error, FRESHET_ERROR_OTHER, nullptr, [&]() {
        auto parser = std::make_unique<freshet_parser>();
        parser->syntax = rendering->syntax;
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        try {
            freshet::WorkLimit limit(limit_of(0));
            // What stands before a first character, if that is a thought.
            parser->begun = common_chat_parse("x", true, *parser->syntax).reasoning_content;
            parser->begun.resize(parser->begun.size() - std::min<size_t>(parser->begun.size(), 1));
        } catch (const std::exception &) {
            // Then the answer's beginning cannot be read either, until more has come.
        }
        return parser.release();
    });
}

void freshet_parser_free(freshet_parser * parser) { delete parser; }

bool freshet_parser_add(freshet_parser * parser, const char * text, size_t length, bool is_end, freshet_error * error) {
    return freshet::guarded<bool>(error, FRESHET_ERROR_OTHER, false, [&]() {
        parser->pieces.clear();
        parser->texts.clear();
        if (length > 0) {
            parser->answer.append(text, length);
        }
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        try {
            count_brackets(parser, text, length);
            if (!is_end && can_wait(parser)) {
                return true;
            }
            parser->read = parser->answer.size();
            freshet::WorkLimit limit(limit_of(parser->answer.size()));
            tell(parser, parse(parser, is_end), is_end);
        } catch (const freshet::WorkLimitPassed & exception) {
            freshet::fill(error, FRESHET_ERROR_EXHAUSTED, exception.what());
            return false;
        } catch (const std::exception &) {
            // No beginning of anything expected. Nothing of such an answer was told.
            if (is_end && parser->reasoning.empty() && parser->content.empty() && parser->calls.empty()) {
                tell(parser, FRESHET_PIECE_CONTENT, 0, parser->content, parser->answer);
            }
        }
        return true;
    });
}

size_t freshet_parser_count(const freshet_parser * parser) { return parser->pieces.size(); }

freshet_piece freshet_parser_piece(const freshet_parser * parser, size_t index) { return parser->pieces[index]; }
