// Pages of weights: large ones for what is copied, and none for what was copied from the file.

#include "boundary.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace {

// A large page on x86-64, and the smallest on most ARM systems; where they are larger the system passes over what is
// too small for them.
constexpr uintptr_t page_size = 2 << 20;

// A line of /proc/self/maps: "7f0000000000-7f0000400000 rw-p 00000000 00:00 0".
struct Mapping {
    std::pair<uintptr_t, uintptr_t> range;
    unsigned long inode = 0;
    char access[5] = {};
    bool has_name = false;

    bool parse(const std::string & line) {
        unsigned long begin = 0;
        unsigned long end = 0;
        int length = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %lu%n", &begin, &end, access, &inode, &length) != 4) {
            return false;
        }
        range = {begin, end};
        has_name = line.find_first_not_of(' ', static_cast<size_t>(length)) != std::string::npos;
        return true;
    }

    bool is_anonymous() const { return inode == 0 && !has_name && std::strcmp(access, "rw-p") == 0; }
};

// The anonymous mappings that can hold a large page.
std::vector<std::pair<uintptr_t, uintptr_t>> large_mappings() {
    std::vector<std::pair<uintptr_t, uintptr_t>> ranges;
    std::ifstream maps("/proc/self/maps");
    std::string line;
    while (std::getline(maps, line)) {
        Mapping mapping;
        if (mapping.parse(line) && mapping.is_anonymous() && mapping.range.second - mapping.range.first >= page_size) {
            ranges.push_back(mapping.range);
        }
    }
    return ranges;
}

}  // namespace

freshet::HugePages::HugePages() : before(large_mappings()) {}

void freshet::HugePages::advise() {
    for (const Range & range : large_mappings()) {
        // A mapping that grew, or that the system joined with another, is new too: the advice changes no content.
        if (std::find(before.begin(), before.end(), range) != before.end()) {
            continue;
        }
        if (madvise(reinterpret_cast<void *>(range.first), range.second - range.first, MADV_HUGEPAGE) == 0) {
            advised.push_back(range);
        }
    }
}

uint64_t freshet::HugePages::count() const {
    std::ifstream maps("/proc/self/smaps");
    std::string line;
    uint64_t bytes = 0;
    bool is_ours = false;
    while (std::getline(maps, line)) {
        Mapping mapping;
        unsigned long kilobytes = 0;
        if (mapping.parse(line)) {
            const Range & range = mapping.range;
            // Part of the memory may have been given back, or have got another neighbour, since.
            is_ours = std::any_of(advised.begin(), advised.end(), [&](const Range & other) {
                return range.first < other.second && other.first < range.second;
            });
        } else if (is_ours && std::sscanf(line.c_str(), "AnonHugePages: %lu kB", &kilobytes) == 1) {
            bytes += static_cast<uint64_t>(kilobytes) << 10;
        }
    }
    return bytes;
}

void freshet::release_pages(const char * path) {
    struct stat file = {};
    if (stat(path, &file) != 0) {
        return;
    }
    std::ifstream maps("/proc/self/maps");
    std::string line;
    while (std::getline(maps, line)) {
        Mapping mapping;
        // llama.cpp maps a model shared and for reading. Such pages hold nothing that the file does not.
        if (mapping.parse(line) && mapping.inode == file.st_ino && std::strcmp(mapping.access, "r--s") == 0) {
            const auto & [begin, end] = mapping.range;
            (void) madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
        }
    }
}
