#pragma once

#include <utility>

// Square blocks of 32-bit elements, transposed in registers.

#if defined(__AVX512F__)
constexpr int lanes = 16;
#elif defined(__AVX__)
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif

// As many floats as a register of this CPU holds; may be read and written at any address.
typedef float float_vector __attribute__((vector_size(lanes * sizeof(float)), aligned(sizeof(float)), may_alias));

// Exchanges the off-diagonal blocks of `Size` elements between two rows that lie `Size` apart.
template <int Size, int... Lane>
inline void exchange(float_vector & upper, float_vector & lower, std::integer_sequence<int, Lane...>) {
    const float_vector first  = __builtin_shufflevector(upper, lower, ((Lane & Size) ? lanes + Lane - Size : Lane)...);
    const float_vector second = __builtin_shufflevector(upper, lower, ((Lane & Size) ? lanes + Lane : Lane + Size)...);
    upper = first;
    lower = second;
}

// Makes the rows of a square matrix its columns: blocks of one element first, of half the matrix last.
template <int Size = 1> inline void transpose(float_vector (&rows)[lanes]) {
    if constexpr (Size < lanes) {
        for (int i = 0; i < lanes; ++i) {
            if ((i & Size) == 0) {
                exchange<Size>(rows[i], rows[i + Size], std::make_integer_sequence<int, lanes>());
            }
        }
        transpose<2 * Size>(rows);
    }
}
