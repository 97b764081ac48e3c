// Counts the allocations of a thread, so that a test can say that there were none.

#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

// How often the calling thread has allocated or resized memory since it began. Always 0 where nothing is counted.
uint64_t allocations_of_this_thread(void);

// As above, but only those of 256 bytes and more. An unoptimised build allocates a small frame for each turn of a loop
// over an array; a copy of a buffer is larger.
uint64_t large_allocations_of_this_thread(void);

// Whether allocations are counted: not under a sanitizer, which has its own malloc.
bool allocations_are_counted(void);

#endif
