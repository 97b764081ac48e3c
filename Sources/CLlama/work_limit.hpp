// A bound on what untrusted work on this thread may take.

#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace freshet {

// Thrown where a limit is passed. It is a kind of std::bad_alloc, because that is what may be thrown there.
struct WorkLimitPassed : std::bad_alloc {
    const char * what() const noexcept override;
};

// While it lives, the work of its thread is counted, by the allocations of C++'s `operator new`, which this library
// defines for the whole program: llama.cpp's Jinja cannot be interrupted, but it allocates for every statement, value and
// scope, so that loops, recursion and growth all pass there. Beyond a limit the allocation throws. Other threads, and
// this one outside of such a scope, pay for one look at a variable.
//
// A program that defines `operator new` itself keeps its own; then nothing is bounded, and `is_effective` says so.
class WorkLimit {
  public:
    struct Amounts {
        // Allocations.
        size_t steps;
        // Bytes held at once.
        size_t bytes;
    };

    explicit WorkLimit(Amounts amounts);
    ~WorkLimit();
    WorkLimit(const WorkLimit &) = delete;
    WorkLimit & operator=(const WorkLimit &) = delete;

    // Whether a limit was passed, though somebody on the way may have caught what was thrown.
    bool is_passed() const;

    static bool is_effective();

  private:
    struct State;
    State * const state;
};

}  // namespace freshet
