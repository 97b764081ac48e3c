// What the files behind freshet_llama.h share: the handles' insides and the way an exception becomes an error.

#pragma once

#include "freshet_llama.h"

#include <llama.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

struct freshet_model {
    llama_model * model;
    const llama_vocab * vocab;
    uint64_t huge_page_bytes;
    // llama.cpp frees them with the model.
    std::vector<llama_adapter_lora *> adapters = {};
    std::vector<float> adapter_scales = {};
};

namespace freshet {

// llama.cpp's context inside a handle, which keeps it.
llama_context * llama_context_of(freshet_context * context);

// llama.cpp's parameters for a context, as the boundary's say; its sequences are those that are asked for and no more.
llama_context_params context_params(const freshet_context_params & params);

inline void fill(freshet_error * error, freshet_error_code code, const std::string & message) {
    error->code = code;
    std::snprintf(error->message, sizeof error->message, "%s", message.c_str());
}

// Runs `body`; an exception fills `error` and gives `failure`. Every function that can throw goes through here.
template <typename Result, typename Body>
Result guarded(freshet_error * error, freshet_error_code code, Result failure, Body body) {
    try {
        return body();
    } catch (const std::bad_alloc &) {
        fill(error, FRESHET_ERROR_OUT_OF_MEMORY, "not enough memory");
    } catch (const std::exception & exception) {
        fill(error, code, exception.what());
    } catch (...) {
        fill(error, code, "an exception without a message");
    }
    return failure;
}

// Lets a new context compute with the adapters of its model.
void use_adapters(freshet_model * model, llama_context * context);

// Copies as much as fits and returns the whole length.
inline size_t copy(const char * text, size_t length, char * buffer, size_t capacity) {
    if (buffer != nullptr && capacity > 0) {
        std::memcpy(buffer, text, length < capacity ? length : capacity);
    }
    return length;
}

// Collects the warnings and errors that llama.cpp logs on this thread during the lifetime of the object, because they
// are the only place where it says why something failed.
//
// With `Aborts::become_exceptions`, where llama.cpp would abort the process on this thread an exception is thrown, for
// `guarded` to catch: what was being worked on may leak, but the process lives. That is for reading files and texts,
// which happens on one thread. While tensors are computed an abort stays one: other threads would wait for ever for the
// one that threw.
enum class Aborts { end_the_process, become_exceptions };
class LogCapture {
  public:
    explicit LogCapture(Aborts aborts);
    ~LogCapture();
    LogCapture(const LogCapture &) = delete;
    LogCapture & operator=(const LogCapture &) = delete;

    // Fills `error` with the kind of failure that the lines tell of, and with the lines.
    void explain(freshet_error * error, const char * fallback) const;

    const Aborts aborts;
    std::vector<std::string> lines;

  private:
    LogCapture * const outer;
};

// Takes in what llama.cpp and ggml log, and what they would abort for.
void receive_log();

// Holds ggml's list of backends still while llama.cpp reads it. OpenBLAS is in the list only for as long as a context
// is made that wants it: a context asks every accelerator that it finds there.
class BackendList {
  public:
    explicit BackendList(bool with_blas);
    ~BackendList();
    BackendList(const BackendList &) = delete;
    BackendList & operator=(const BackendList &) = delete;

  private:
    const bool with_blas;
    // One of the two is held, also when OpenBLAS cannot be put in.
    std::unique_lock<std::shared_mutex> exclusive;
    std::shared_lock<std::shared_mutex> shared;
};

// The memory that a model's weights are copied into, in large pages. /proc tells which mappings were made while it was
// loaded; llama.cpp offers no allocator of one's own that it would still repack weights in.
class HugePages {
  public:
    // Notes what is mapped before.
    HugePages();
    // Asks for large pages for the large mappings made since, before they are written to.
    void advise();
    // How many bytes of those lie in large pages.
    uint64_t count() const;

  private:
    using Range = std::pair<uintptr_t, uintptr_t>;
    std::vector<Range> before;
    std::vector<Range> advised;
};

// Gives back the memory that a mapped file's pages take in this process; those that are used come back by themselves.
void release_pages(const char * path);

}  // namespace freshet
