// llama.cpp's log lines, and what they tell about a failure.

#include "boundary.hpp"

#include <llama-common/log.h>

#include <mutex>
#include <stdexcept>

namespace {

std::mutex sink_mutex;
freshet_log_callback sink = nullptr;
void * sink_data = nullptr;

thread_local freshet::LogCapture * capture = nullptr;
// llama.cpp logs pieces of lines; they are put together here. A continuation has the level of the line it continues.
thread_local std::string pending;
thread_local int32_t pending_level = 2;

int32_t level_of(ggml_log_level level) {
    switch (level) {
        case GGML_LOG_LEVEL_DEBUG: return 1;
        case GGML_LOG_LEVEL_WARN: return 3;
        case GGML_LOG_LEVEL_ERROR: return 4;
        case GGML_LOG_LEVEL_CONT: return pending_level;
        default: return 2;
    }
}

void emit(const std::string & line, int32_t level) {
    // Loading progress is drawn in dots, one a call; they say nothing that the progress callback does not.
    if (line.find_first_not_of(". \r") == std::string::npos) {
        return;
    }
    if (capture != nullptr && level >= 3 && capture->lines.size() < 64) {
        capture->lines.push_back(line);
    }
    // Called outside the lock: a receiver may log, or set another receiver.
    freshet_log_callback callback = nullptr;
    void * data = nullptr;
    {
        std::lock_guard<std::mutex> guard(sink_mutex);
        callback = sink;
        data = sink_data;
    }
    if (callback != nullptr) {
        callback(level, line.data(), line.size(), data);
    }
}

void receive(ggml_log_level level, const char * text, void *) {
    // A C callback of llama.cpp's: nothing may be thrown through it, and a lost log line is no reason to stop.
    try {
        pending_level = level_of(level);
        for (const char * c = text; *c != '\0'; c++) {
            if (*c != '\n') {
                pending.push_back(*c);
                continue;
            }
            std::string line;
            line.swap(pending);
            emit(line, pending_level);
        }
    } catch (...) {
    }
}

// "/build/of/somebody/llama-vocab.cpp:3547: …" becomes "llama-vocab.cpp:3547: …".
std::string without_folders(const std::string & message) {
    const size_t slash = message.substr(0, message.find(": ")).rfind('/');
    return slash == std::string::npos ? message : message.substr(slash + 1);
}

void refuse_to_abort(const char * message) {
    const std::string reason = "llama.cpp gave up at " + without_folders(message);
    if (capture != nullptr && capture->aborts == freshet::Aborts::become_exceptions) {
        throw std::runtime_error(reason);
    }
    std::fprintf(stderr, "%s\n", reason.c_str());
}

bool contains(const std::string & text, const char * part) {
    return text.find(part) != std::string::npos;
}

// "llama_model_load: error loading model: …" says its own function's name first; a user has no use for it.
std::string without_function(const std::string & line) {
    const size_t colon = line.find(": ");
    const bool names_function = colon != std::string::npos && line.find(' ') > colon;
    return names_function ? line.substr(colon + 2) : line;
}

freshet_error_code kind(const std::string & line) {
    if (contains(line, "unknown model architecture") || contains(line, "unknown pre-tokenizer") ||
        contains(line, "unsupported model architecture") || contains(line, "unknown tokenizer")) {
        return FRESHET_ERROR_UNSUPPORTED;
    }
    if (contains(line, "failed to allocate") || contains(line, "unable to allocate") || contains(line, "bad_alloc") ||
        contains(line, "Cannot allocate memory") || contains(line, "out of memory")) {
        return FRESHET_ERROR_OUT_OF_MEMORY;
    }
    if (contains(line, "missing tensor") || contains(line, "wrong shape") || contains(line, "key not found") ||
        contains(line, "corrupted") || contains(line, "not within the file bounds") || contains(line, "wrong type") ||
        contains(line, "failed to read") || contains(line, "invalid") || contains(line, "duplicate")) {
        return FRESHET_ERROR_DAMAGED;
    }
    return FRESHET_ERROR_OTHER;
}

}  // namespace

freshet::LogCapture::LogCapture(Aborts aborts) : aborts(aborts), outer(capture) { capture = this; }
freshet::LogCapture::~LogCapture() { capture = outer; }

void freshet::LogCapture::explain(freshet_error * error, const char * fallback) const {
    // The first line that names a kind is the cause; those after it are layers above saying that they failed too.
    for (const std::string & line : lines) {
        if (const freshet_error_code code = kind(line); code != FRESHET_ERROR_OTHER) {
            return fill(error, code, without_function(line));
        }
    }
    fill(error, FRESHET_ERROR_OTHER, lines.empty() ? std::string(fallback) : without_function(lines.front()));
}

void freshet_set_log(freshet_log_callback callback, void * data) {
    std::lock_guard<std::mutex> guard(sink_mutex);
    sink = callback;
    sink_data = data;
}

void freshet::receive_log() {
    llama_log_set(receive, nullptr);
    ggml_set_abort_callback(refuse_to_abort);
    // llama.cpp's common library has a log of its own, which writes to the terminal.
    common_log_set_verbosity_thold(-1);
}
