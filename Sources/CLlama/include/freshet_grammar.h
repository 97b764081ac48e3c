// The grammar of a JSON schema, by llama.cpp's converter.
//
// Why this is in C: the converter is C++ of llama.cpp's common library, and throws.

#ifndef FRESHET_GRAMMAR_H
#define FRESHET_GRAMMAR_H

#include "freshet_llama.h"

#ifdef __cplusplus
extern "C" {
#endif

// Writes the rules, in GBNF, of the texts that a JSON schema allows, and returns their length. `schema` is JSON.
// SIZE_MAX on failure, with `error` filled.
//
// The converter passes over keywords that it does not know, and its work grows without bound with the schema: give it
// schemas that were looked at before, of a bounded size.
size_t freshet_grammar_of_schema(const char * _Nonnull schema, size_t length, char * _Nullable buffer, size_t capacity,
                                 freshet_error * _Nonnull error);

#ifdef __cplusplus
}
#endif

#endif
