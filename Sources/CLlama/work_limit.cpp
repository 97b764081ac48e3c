#include "work_limit.hpp"

#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

namespace {

// What a thread's allocations are held against. Plain data, so that it needs no initialisation on the way.
struct Account {
    bool is_open;
    bool is_passed;
    size_t steps;
    size_t step_limit;
    // May fall below zero: memory from before may be freed.
    ptrdiff_t bytes;
    ptrdiff_t byte_limit;
    // The lowest address that the stack may reach.
    uintptr_t stack_limit;
};

thread_local Account account;

// After a throw so many more steps are allowed: llama.cpp catches what is thrown, tells of it and cleans up.
constexpr size_t grace = 100000;

void check(size_t size) {
    if (std::uncaught_exceptions() > 0) {
        return;
    }
    char here = 0;
    account.steps++;
    const bool passed = account.steps > account.step_limit ||
                        account.bytes + static_cast<ptrdiff_t>(size) > account.byte_limit ||
                        size > static_cast<size_t>(account.byte_limit) ||
                        reinterpret_cast<uintptr_t>(&here) < account.stack_limit;
    if (!passed) {
        return;
    }
    account.is_passed = true;
    if (account.steps > account.step_limit) {
        account.step_limit = account.steps + grace;
    }
    throw freshet::WorkLimitPassed();
}

// What recurses and allocates may go as deep as this. What recurses without allocating, such as the destruction of what was
// built, has the rest of the stack.
constexpr uintptr_t stack_use = 4 << 20;

uintptr_t stack_limit() {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
        return 0;
    }
    void * lowest = nullptr;
    size_t size = 0;
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_destroy(&attributes);
    char here = 0;
    const auto top = reinterpret_cast<uintptr_t>(&here);
    const uintptr_t room = top - reinterpret_cast<uintptr_t>(lowest);
    return top - std::min(stack_use, room / 2);
}

}  // namespace

// The replacements that C++ allows a program to make; the other forms call these.
__attribute__((weak)) void * operator new(size_t size) {
    if (account.is_open) {
        check(size);
    }
    void * memory = std::malloc(size > 0 ? size : 1);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    if (account.is_open) {
        account.bytes += static_cast<ptrdiff_t>(malloc_usable_size(memory));
    }
    return memory;
}

__attribute__((weak)) void operator delete(void * memory) noexcept {
    if (account.is_open && memory != nullptr) {
        account.bytes -= static_cast<ptrdiff_t>(malloc_usable_size(memory));
    }
    std::free(memory);
}

__attribute__((weak)) void operator delete(void * memory, size_t) noexcept { ::operator delete(memory); }

namespace freshet {

const char * WorkLimitPassed::what() const noexcept { return "it takes too many steps, too much memory, or nests too deep"; }

struct WorkLimit::State {
    Account outer;
};

WorkLimit::WorkLimit(Amounts amounts) : state(new State{account}) {
    account = Account{true, false, 0, amounts.steps, 0, static_cast<ptrdiff_t>(amounts.bytes), stack_limit()};
}

WorkLimit::~WorkLimit() {
    account = state->outer;
    delete state;
}

bool WorkLimit::is_passed() const { return account.is_passed; }

bool WorkLimit::is_effective() {
    WorkLimit limit({0, 1 << 20});
    try {
        ::operator delete(::operator new(1));
    } catch (const WorkLimitPassed &) {
        return true;
    }
    return false;
}

}  // namespace freshet
