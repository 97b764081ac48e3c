#pragma once

// For a copy of ggml's repack.cpp alone, whose class this derives from: packed weights among ggml's own layouts.

#include "kernels.h"

// A tensor has one of its own as soon as its weights are known; until then all share one.
struct freshet_packed_traits : ggml::cpu::repack::tensor_traits_base {
    std::shared_ptr<freshet_packed_weights> weights;

    bool work_size(int threads, const ggml_tensor * op, size_t & size) override {
        size = freshet_packed_work_size(op, threads);
        return true;
    }

    bool compute_forward(ggml_compute_params * params, ggml_tensor * op) override {
        GGML_ASSERT(weights != nullptr);
        freshet_packed_product(params, op, *weights);
        return true;
    }

    int repack(ggml_tensor * tensor, const void * rows, size_t) override {
        const auto own = std::make_shared<freshet_packed_traits>();
        own->weights   = freshet_pack(tensor, rows);
        tensor->extra  = own.get();
        freshet_keep(tensor->buffer, own);
        return 0;
    }
};
