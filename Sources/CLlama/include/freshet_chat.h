// Freshet's view of llama.cpp's chat templates and of its parsers for what models answer.
//
// *Templates* are a model's own, parsed once: immutable, usable from any thread. A *conversation* is what is put into
// them, built up call by call. A *rendering* is what comes out: the prompt, and all that depends on how this template's
// model writes reasoning and calls to tools; immutable, usable from any thread. A *parser* takes one answer apart; it
// belongs to one thread at a time. Each is an opaque handle with one owner, who frees it; none needs another to live.
//
// Why this is in C++: templates are Jinja programs, and the grammars and parsers of some seventy ways to write a call are
// llama.cpp's own. A template comes with a model's file and is not to be trusted: it may loop, recurse and ask for memory
// without end. Each call here that runs one, or that parses, is given a limit on the steps, the memory and the stack that
// it may take, and fails with FRESHET_ERROR_EXHAUSTED beyond.
//
// Strings that are passed in end in a zero byte and are copied.

#ifndef FRESHET_CHAT_H
#define FRESHET_CHAT_H

#include "freshet_llama.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct freshet_templates freshet_templates;
typedef struct freshet_conversation freshet_conversation;
typedef struct freshet_rendering freshet_rendering;
typedef struct freshet_parser freshet_parser;

// Bytes that their handle keeps, valid until it is freed or changed.
typedef struct freshet_text {
    const char * _Nullable bytes;
    size_t length;
} freshet_text;

// -------------------------------------------------------------------------------------------------------- Templates

// Whether the limits hold: not in a program that defines C++'s `operator new` itself.
bool freshet_templates_are_bounded(void);

// Parses the model's templates, or `source` in their place, and finds out what they know. NULL on failure; a model
// without a template is one.
freshet_templates * _Nullable freshet_templates_new(const freshet_model * _Nonnull model, const char * _Nullable source,
                                                    freshet_error * _Nonnull error);
void freshet_templates_free(freshet_templates * _Nonnull templates);

// Whether the template has a place for tools, or for calls to them.
bool freshet_templates_know_tools(const freshet_templates * _Nonnull templates);

// ----------------------------------------------------------------------------------------------------- Conversations

typedef enum freshet_tool_choice {
    FRESHET_TOOLS_AUTO = 0,
    FRESHET_TOOLS_REQUIRED = 1,
    FRESHET_TOOLS_NONE = 2,
} freshet_tool_choice;

// NULL when there is no memory.
freshet_conversation * _Nullable freshet_conversation_new(void);
void freshet_conversation_free(freshet_conversation * _Nonnull conversation);

// Each returns false when there is no memory.
bool freshet_conversation_add_message(freshet_conversation * _Nonnull conversation, const char * _Nonnull role,
                                      const char * _Nonnull content, const char * _Nonnull reasoning,
                                      const char * _Nonnull name, const char * _Nonnull call_id);
// A call of the last message.
bool freshet_conversation_add_call(freshet_conversation * _Nonnull conversation, const char * _Nonnull id,
                                   const char * _Nonnull name, const char * _Nonnull arguments);
// `parameters` and `schema` are JSON: what the template is given, and what calls are held to. The converter of schemas
// writes to the standard error what it does not understand of `schema`, and passes over the rest: give it one that was
// looked at before. Where both are the same text, for all tools, the conversation is rendered once and not twice.
bool freshet_conversation_add_tool(freshet_conversation * _Nonnull conversation, const char * _Nonnull name,
                                   const char * _Nonnull description, const char * _Nonnull parameters,
                                   const char * _Nonnull schema);
// A variable of the template; `value` is JSON.
bool freshet_conversation_set_variable(freshet_conversation * _Nonnull conversation, const char * _Nonnull name,
                                       const char * _Nonnull value);
// `parallel`: several calls may be made, if the template knows how. `thinking`: the model is to think. `separate`: its
// thoughts are told from its answer. `held`: its text is to be of a form, before which FRESHET_OPENING_GRAMMAR holds.
void freshet_conversation_choose(freshet_conversation * _Nonnull conversation, freshet_tool_choice choice, bool parallel,
                                 bool thinking, bool separate, bool held);

// --------------------------------------------------------------------------------------------------------- Renderings

// Renders a conversation, ready for the assistant to go on. The beginning-of-sequence mark is left out where tokenising
// with `add_special` adds it. NULL on failure: there is no fallback to another template.
freshet_rendering * _Nullable freshet_templates_render(const freshet_templates * _Nonnull templates,
                                                       const freshet_conversation * _Nonnull conversation,
                                                       freshet_error * _Nonnull error);
void freshet_rendering_free(freshet_rendering * _Nonnull rendering);

typedef enum freshet_rendering_part {
    FRESHET_PROMPT = 0,
    // In GBNF; empty when nothing is forced.
    FRESHET_GRAMMAR = 1,
    // The end of the prompt that belongs to the assistant's turn. The grammar begins with it when it is not lazy.
    FRESHET_GENERATION_PROMPT = 2,
    // What begins the model's thoughts; empty when it has none, or nothing that is always the same.
    FRESHET_THINKING_START = 3,
    // Where no fixed text begins a call, so that nothing could wake the grammar: what all of the assistant's turn
    // obeys, calls or not, in GBNF. Its calls have any JSON for arguments; FRESHET_GRAMMAR has the rules of the same
    // names that hold these to the tools' schemas. Else empty.
    FRESHET_TURN_GRAMMAR = 4,
    // The name of a rule of the parser's that stands for two things, because tools or their parameters are too much
    // alike by name: the parser may recurse without end, and must not be used. Empty when all is well.
    FRESHET_CONFUSED_RULE = 5,
    // For an answer whose text is held to a form: what all of the assistant's turn obeys, in GBNF, with the token 0 at
    // every place where the text may begin. Empty where no more is known of the turn than that it is text.
    FRESHET_OPENING_GRAMMAR = 6,
} freshet_rendering_part;

freshet_text freshet_rendering_text(const freshet_rendering * _Nonnull rendering, freshet_rendering_part part);

typedef enum freshet_rendering_list {
    // Marks that must be seen in the answer's text, though they are control tokens.
    FRESHET_PRESERVED = 0,
    // Texts that end the answer.
    FRESHET_STOPS = 1,
    // What ends the model's thoughts; the first one is its usual way.
    FRESHET_THINKING_ENDS = 2,
    // Texts that wake the grammar.
    FRESHET_TRIGGERS = 3,
} freshet_rendering_list;

size_t freshet_rendering_count(const freshet_rendering * _Nonnull rendering, freshet_rendering_list list);
freshet_text freshet_rendering_item(const freshet_rendering * _Nonnull rendering, freshet_rendering_list list,
                                    size_t index);

// Whether the grammar is of the calls alone: it sleeps until a trigger wakes it, or FRESHET_TURN_GRAMMAR completes it.
bool freshet_rendering_grammar_is_lazy(const freshet_rendering * _Nonnull rendering);
// Whether an answer is nothing but text, so that no parser is needed.
bool freshet_rendering_is_plain(const freshet_rendering * _Nonnull rendering);

// ------------------------------------------------------------------------------------------------------------ Parsers

// A parser for one answer to a rendered conversation. NULL on failure.
freshet_parser * _Nullable freshet_parser_new(const freshet_rendering * _Nonnull rendering,
                                              freshet_error * _Nonnull error);
void freshet_parser_free(freshet_parser * _Nonnull parser);

typedef enum freshet_piece_kind {
    FRESHET_PIECE_REASONING = 0,
    FRESHET_PIECE_CONTENT = 1,
    // The beginning of a call: its `id`, which the model may not have given, and its `name`.
    FRESHET_PIECE_CALL = 2,
    // More of a call's arguments.
    FRESHET_PIECE_ARGUMENTS = 3,
} freshet_piece_kind;

// What more is known of the answer.
typedef struct freshet_piece {
    freshet_piece_kind kind;
    // The call's number; 0 for what is no call.
    size_t call;
    freshet_text text;
    freshet_text id;
    freshet_text name;
} freshet_piece;

// Takes the next bytes of the answer, whole characters, and finds what they add; `is_end` when none will follow. In an
// answer that is long already a few bytes may wait for those after them.
// False on failure, with what had been found before still true.
bool freshet_parser_add(freshet_parser * _Nonnull parser, const char * _Nullable text, size_t length, bool is_end,
                        freshet_error * _Nonnull error);
// The pieces that the last call found, valid until the next.
size_t freshet_parser_count(const freshet_parser * _Nonnull parser);
freshet_piece freshet_parser_piece(const freshet_parser * _Nonnull parser, size_t index);

#ifdef __cplusplus
}
#endif

#endif
