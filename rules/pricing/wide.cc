// SPDX-License-Identifier: Apache-2.0
// Schoolbook multiplication in 64-bit limbs; division limb by limb where the divisor fits one, else
// bit by bit (seldom: only quantities beyond 1.8e7 are that large).
#include "rules/pricing/wide.h"

#include <cstddef>

namespace outrider {
namespace {

constexpr uint64_t Low(UInt128 value) { return static_cast<uint64_t>(value); }
constexpr uint64_t High(UInt128 value) { return static_cast<uint64_t>(value >> 64); }

UInt128 Joined(uint64_t high, uint64_t low) { return (UInt128{high} << 64) | low; }

}  // namespace

Product256 MultiplyWide(UInt128 a, UInt128 b) {
  const std::array<uint64_t, 2> left = {Low(a), High(a)};
  const std::array<uint64_t, 2> right = {Low(b), High(b)};
  Product256 product;
  for (size_t i = 0; i < 2; ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < 2; ++j) {
      const UInt128 sum = UInt128{left[i]} * right[j] + product.limbs[i + j] + carry;
      product.limbs[i + j] = Low(sum);
      carry = High(sum);
    }
    product.limbs[i + 2] = carry;
  }
  return product;
}

Quotient DivideWide(const Product256& dividend, UInt128 divisor) {
  std::array<uint64_t, 4> whole = {};
  UInt128 remainder = 0;
  for (size_t at = 4; at-- > 0;) {
    if (High(divisor) == 0) {
      const UInt128 part = Joined(Low(remainder), dividend.limbs[at]);
      whole[at] = Low(part / divisor);
      remainder = part % divisor;
      continue;
    }
    for (unsigned bit = 64; bit-- > 0;) {
      remainder = (remainder << 1) | ((dividend.limbs[at] >> bit) & 1);
      if (remainder >= divisor) {
        remainder -= divisor;
        whole[at] |= uint64_t{1} << bit;
      }
    }
  }
  return {Joined(whole[1], whole[0]), remainder, whole[2] != 0 || whole[3] != 0};
}

}  // namespace outrider
