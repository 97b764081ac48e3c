// Memory for packed weights, compiled into ggml's CPU backend (CMakeLists.txt).
//
// The system clears a page when it is written to first, which for a whole model takes as long as to read it. So this memory
// is only reserved when a model is loaded, and written to as its weights are used (packed.cpp).
#include "kernels.h"

#include "ggml-backend-impl.h"

#include <mutex>
#include <unordered_map>
#include <vector>

#include <sys/mman.h>

namespace {

constexpr size_t large_page = 2 << 20;

size_t rounded_up(size_t size) { return (size + large_page - 1) / large_page * large_page; }

// What goes with each buffer, by its beginning: a buffer's own context is that address, as for all of ggml's CPU backend.
std::mutex                                                   mutex;
std::unordered_map<const void *, std::vector<std::shared_ptr<void>>> kept;

// Reserves memory that begins at a multiple of a large page.
char * reserve(size_t size) {
    void * const mapping = mmap(nullptr, rounded_up(size) + large_page, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) {
        return nullptr;
    }
    auto * const first = static_cast<char *>(mapping);
    auto * const start = reinterpret_cast<char *>(rounded_up(reinterpret_cast<uintptr_t>(mapping)));
    if (start > first) {
        munmap(first, start - first);
    }
    munmap(start + rounded_up(size), first + large_page - start);
#ifdef MADV_HUGEPAGE
    // Weights are read from one end to the other, and with small pages the processor looks for each of them. Where the
    // system has none, it is as it was.
    (void) madvise(start, rounded_up(size), MADV_HUGEPAGE);
#endif
    return start;
}

void give_back(ggml_backend_buffer_t buffer) {
    {
        const std::lock_guard<std::mutex> lock(mutex);
        kept.erase(buffer->context);
    }
    munmap(buffer->context, rounded_up(buffer->size));
}

} // namespace

ggml_backend_buffer_t freshet_packed_buffer(size_t size) {
    char * const start = freshet_kernels_are_on() ? reserve(size) : nullptr;
    if (start == nullptr) {
        return nullptr;
    }
    ggml_backend_buffer_t buffer = ggml_backend_cpu_buffer_from_ptr(start, size);
    buffer->iface.free_buffer    = give_back;
    return buffer;
}

void freshet_keep(ggml_backend_buffer_t buffer, std::shared_ptr<void> object) {
    const std::lock_guard<std::mutex> lock(mutex);
    kept[buffer->context].push_back(std::move(object));
}
