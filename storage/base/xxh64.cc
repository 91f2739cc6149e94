// SPDX-License-Identifier: Apache-2.0
#include "storage/base/xxh64.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace outrider {

uint64_t Xxh64(std::string_view bytes) { return XXH64(bytes.data(), bytes.size(), 0); }

}  // namespace outrider
