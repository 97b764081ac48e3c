// What Freshet needs of libxxhash: XXH3 with 128 bits, over bytes that come piece by piece (XXH3_createState,
// XXH3_128bits_reset, XXH3_128bits_update, XXH3_128bits_digest, XXH3_freeState). Swift can call these as they are, so
// there is no code of ours here. A state belongs to whoever created it, and is used from one thread at a time.

#ifndef FRESHET_XXHASH_H
#define FRESHET_XXHASH_H

#include <xxhash.h>

#endif
