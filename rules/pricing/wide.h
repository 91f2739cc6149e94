// SPDX-License-Identifier: Apache-2.0
// a * b / c on 128-bit numbers with the whole 256-bit product in between.
#pragma once

#include <array>
#include <cstdint>

namespace outrider {

__extension__ using UInt128 = unsigned __int128;

// Little end first.
struct Product256 {
  std::array<uint64_t, 4> limbs = {};
};
struct Quotient {
  UInt128 whole = 0;
  UInt128 remainder = 0;
  bool overflow = false;  // the quotient needs more than 128 bits; `whole` means nothing
};

Product256 MultiplyWide(UInt128 a, UInt128 b);
// `divisor` is more than 0 and less than 2^127.
Quotient DivideWide(const Product256& dividend, UInt128 divisor);

}  // namespace outrider
