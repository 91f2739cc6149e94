// SPDX-License-Identifier: Apache-2.0
#include "storage/base/hash.h"

#define XXH_INLINE_ALL  // a call into the library costs more than the hash of a short text
#include <xxhash.h>

namespace outrider {

uint64_t Hash64(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Hash128 HashBytes128(std::string_view bytes, uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.low64, hash.high64};
}

Hasher128::Hasher128(uint64_t seed) : seed_(seed), secret_() {
  static_assert(kSecretBytes == XXH_SECRET_DEFAULT_SIZE);
  XXH3_generateSecret_fromSeed(secret_.data(), seed);
}

Hash128 Hasher128::operator()(std::string_view bytes) const {
  const XXH128_hash_t hash = XXH3_128bits_withSecretandSeed(bytes.data(), bytes.size(),
                                                            secret_.data(), secret_.size(), seed_);
  return {hash.low64, hash.high64};
}

uint64_t Fnv1a64(std::string_view bytes, uint64_t state) {
  for (const char c : bytes) {
    state ^= static_cast<unsigned char>(c);
    state *= 1099511628211ULL;
  }
  return state;
}

}  // namespace outrider
