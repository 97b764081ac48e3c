// Large pages for weights.

#include "boundary.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace {

// A large page on x86-64, and the smallest on most ARM systems; where they are larger the system passes over what is
// too small for them.
constexpr uintptr_t page_size = 2 << 20;

// A line of /proc/self/maps: "7f0000000000-7f0000400000 rw-p 00000000 00:00 0".
bool parse(const std::string & line, std::pair<uintptr_t, uintptr_t> & range, bool & is_anonymous) {
    unsigned long begin = 0;
    unsigned long end = 0;
    unsigned long inode = 0;
    char access[5] = {};
    int length = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %lu%n", &begin, &end, access, &inode, &length) != 4) {
        return false;
    }
    range = {begin, end};
    const bool has_name = line.find_first_not_of(' ', static_cast<size_t>(length)) != std::string::npos;
    is_anonymous = inode == 0 && !has_name && std::strcmp(access, "rw-p") == 0;
    return true;
}

// The anonymous mappings that can hold a large page.
std::vector<std::pair<uintptr_t, uintptr_t>> large_mappings() {
    std::vector<std::pair<uintptr_t, uintptr_t>> ranges;
    std::ifstream maps("/proc/self/maps");
    std::string line;
    while (std::getline(maps, line)) {
        std::pair<uintptr_t, uintptr_t> range;
        bool is_anonymous = false;
        if (parse(line, range, is_anonymous) && is_anonymous && range.second - range.first >= page_size) {
            ranges.push_back(range);
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
        Range range;
        bool is_anonymous = false;
        unsigned long kilobytes = 0;
        if (parse(line, range, is_anonymous)) {
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
