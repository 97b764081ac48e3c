// Low-rank adapters: small matrices that are added to a model's weights as it computes.

#ifndef FRESHET_ADAPTER_H
#define FRESHET_ADAPTER_H

#include "freshet_llama.h"

#ifdef __cplusplus
extern "C" {
#endif

// Reads an adapter's GGUF file, whose header must have been checked against the model's before: llama.cpp aborts the
// process when shapes do not fit each other. Every context and embedder that is made of the model afterwards uses it,
// `scale` times. `path` ends in a zero byte. Not while another thread uses the model.
//
// The model owns the adapter. False on failure, with `error` filled and the model as it was.
bool freshet_model_add_adapter(freshet_model * _Nonnull model, const char * _Nonnull path, float scale,
                               freshet_error * _Nonnull error);

#ifdef __cplusplus
}
#endif

#endif
