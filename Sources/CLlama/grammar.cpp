// The grammar of a JSON schema, by the converter of llama.cpp's common library.

#include "freshet_grammar.h"

#include "boundary.hpp"

#include <llama-common/json-schema-to-grammar.h>

size_t freshet_grammar_of_schema(const char * schema, size_t length, char * buffer, size_t capacity,
                                 freshet_error * error) {
    return freshet::guarded<size_t>(error, FRESHET_ERROR_OTHER, SIZE_MAX, [&]() -> size_t {
        freshet::LogCapture log(freshet::Aborts::become_exceptions);
        const std::string grammar = json_schema_to_grammar(common_json::parse(std::string(schema, length)), true);
        return freshet::copy(grammar.data(), grammar.size(), buffer, capacity);
    });
}
