#pragma once

// For a copy of ggml's repack.cpp alone, whose class this derives from: packed weights among ggml's own layouts.

#include "kernels.h"

struct freshet_packed_traits : ggml::cpu::repack::tensor_traits_base {
    bool work_size(int, const ggml_tensor * op, size_t & size) override {
        size = freshet_packed_work_size(op);
        return true;
    }

    bool compute_forward(ggml_compute_params * params, ggml_tensor * op) override {
        freshet_packed_product(params, op);
        return true;
    }

    int repack(ggml_tensor * weights, const void * rows, size_t) override {
        freshet_pack(weights, rows);
        return 0;
    }
};
