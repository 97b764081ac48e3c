// The program's own malloc takes the place of the C library's in every library that the program loads; it counts and
// hands on to the C library's by its inner name. This is in C because Swift may not allocate while it counts.

#include "allocations.h"

#include <errno.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static _Thread_local uint64_t count;
static _Thread_local uint64_t large_count;

uint64_t allocations_of_this_thread(void) { return count; }

uint64_t large_allocations_of_this_thread(void) { return large_count; }

#if defined(SANITIZED) || !defined(__GLIBC__)

bool allocations_are_counted(void) { return false; }

#else

bool allocations_are_counted(void) { return true; }

static void add(size_t size) {
    ++count;
    if (size >= 256) { ++large_count; }
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    add(size);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    add(number * size);
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    add(size);
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    add(size);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    add(size);
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) { return EINVAL; }
    void *made = __libc_memalign(alignment, size);
    if (made == NULL) { return ENOMEM; }
    *memory = made;
    return 0;
}

#endif
