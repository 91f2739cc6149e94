// SPDX-License-Identifier: Apache-2.0
#include "storage/base/random.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <cstdlib>

namespace outrider {

std::string Random::Uuid() {
  const uint64_t a = Next();
  const uint64_t b = Next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff,
                     0x8000 | (b >> 48 & 0x3fff), b & 0xffffffffffffULL);
}

uint64_t SystemRandom::Next() {
  uint64_t value = 0;
  if (getrandom(&value, sizeof value, 0) != sizeof value)
    std::abort();  // cannot happen for 8 bytes
  return value;
}

uint64_t SeededRandom::Next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace outrider
