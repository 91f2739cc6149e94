// SPDX-License-Identifier: Apache-2.0
// Hashes, and string-keyed maps that look up a std::string_view without a copy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace outrider {

uint64_t Hash64(std::string_view bytes,
                uint64_t seed = 0);  // XXH3-64: stable across processes and versions
struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};
Hash128 HashBytes128(std::string_view bytes, uint64_t seed = 0);  // XXH3-128

// HashBytes128 for many texts: what long ones need of the seed is made once.
class Hasher128 {
 public:
  explicit Hasher128(uint64_t seed);
  Hash128 operator()(std::string_view bytes) const;

 private:
  static constexpr size_t kSecretBytes = 192;
  uint64_t seed_;
  alignas(64) std::array<unsigned char, kSecretBytes> secret_;
};
uint64_t Fnv1a64(std::string_view bytes, uint64_t state = 14695981039346656037ULL);

// The bucket of an aggregate (core.md rule 7): Hash64(id) mod 256.
inline uint8_t BucketOf(std::string_view id) { return static_cast<uint8_t>(Hash64(id) % 256); }

struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return static_cast<size_t>(Hash64(text)); }
};
template <typename V>
using StringMap = std::unordered_map<std::string, V, StringHash, std::equal_to<>>;
template <typename V>
using OrderedStringMap = std::map<std::string, V, std::less<>>;

}  // namespace outrider
