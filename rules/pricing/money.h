// SPDX-License-Identifier: Apache-2.0
// Exact decimal numbers: Money (dollars) and Decimal (quantities: cores, GiB, hours, ratios).
//
// Both are whole numbers of a small unit in 128 bits, so that sums and differences are exact and
// 0.1 is 0.1. Nothing is rounded before it is shown, with these stated exceptions:
//   - FromDouble() takes the shortest decimal that reads back as the same double, so that 0.0416
//     is 0.0416; digits beyond the type's are rounded half-up;
//   - Times() is exact as long as the digits of both factors behind the point are at most 24
//     together (a price of 12 and a quantity of 12); beyond, it rounds half-up to 1e-24 dollars;
//   - Over() and TimesRatio() round once, half-up, to the last digit.
// "Half-up" is away from zero at exactly one half, as in ROUND_HALF_UP. A result beyond the range
// stays at the range's end (never wraps). Value types: as thread-safe as an int.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/status.h"

namespace outrider {

__extension__ using Int128 = __int128;

template <int kDigits>
class FixedPoint;
using Money = FixedPoint<24>;    // dollars, or dollars per unit; up to 1.7e14
using Decimal = FixedPoint<12>;  // up to 1.7e26

// A decimal number with kDigits digits behind the point.
template <int kDigits>
class FixedPoint {
 public:
  constexpr FixedPoint() = default;
  static constexpr FixedPoint FromUnits(Int128 units) {
    FixedPoint number;
    number.units_ = units;
    return number;
  }
  static constexpr Int128 UnitsPerOne() {
    Int128 units = 1;
    for (int i = 0; i < kDigits; ++i) units *= 10;
    return units;
  }
  static constexpr FixedPoint FromInt(int64_t whole) {
    const Int128 most = kMost / UnitsPerOne();
    if (whole > most) return FromUnits(kMost);
    if (whole < -most) return FromUnits(-kMost);
    return FromUnits(whole * UnitsPerOne());
  }
  // 1, -0.25, .5, 1e-3. InvalidArgument for anything else, for a value out of range and for digits
  // that would be lost.
  static StatusOr<FixedPoint> Parse(std::string_view text);
  // NaN is 0, infinities are the range's ends.
  static FixedPoint FromDouble(double value);

  constexpr Int128 units() const { return units_; }
  constexpr bool IsZero() const { return units_ == 0; }
  constexpr bool IsNegative() const { return units_ < 0; }

  friend constexpr FixedPoint operator+(FixedPoint a, FixedPoint b) {
    Int128 sum = 0;
    if (__builtin_add_overflow(a.units_, b.units_, &sum)) sum = a.units_ < 0 ? -kMost : kMost;
    return FromUnits(sum);
  }
  constexpr FixedPoint operator-() const { return FromUnits(-units_); }
  friend constexpr FixedPoint operator-(FixedPoint a, FixedPoint b) { return a + -b; }
  friend constexpr FixedPoint operator*(FixedPoint a, int64_t factor) {
    Int128 product = 0;
    if (__builtin_mul_overflow(a.units_, Int128{factor}, &product)) {
      product = (a.units_ < 0) != (factor < 0) ? -kMost : kMost;
    }
    return FromUnits(product);
  }
  friend constexpr FixedPoint operator*(int64_t factor, FixedPoint a) { return a * factor; }
  FixedPoint& operator+=(FixedPoint other) { return *this = *this + other; }
  FixedPoint& operator-=(FixedPoint other) { return *this = *this - other; }
  friend constexpr auto operator<=>(FixedPoint a, FixedPoint b) { return a.units_ <=> b.units_; }
  friend constexpr bool operator==(FixedPoint a, FixedPoint b) = default;

  FixedPoint Times(Decimal factor) const;
  FixedPoint Over(Decimal divisor) const;  // by 0: 0
  // * numerator / denominator, rounded once: TimesRatio(bytes, 1 << 30) of a price per GiB.
  FixedPoint TimesRatio(int64_t numerator, int64_t denominator) const;

  FixedPoint Rounded(int digits) const;  // half-up to so many digits behind the point
  std::string Text() const;              // exact, without trailing zeros: 0.0416
  std::string Text(int digits) const;    // rounded half-up, exactly so many digits: 91.10
  double ToDouble() const;               // the nearest double

 private:
  // The range is symmetric, so that negating never overflows.
  static constexpr Int128 kMost = ~(Int128{1} << 127);

  Int128 units_ = 0;
};

extern template class FixedPoint<24>;
extern template class FixedPoint<12>;

// A price times a quantity.
inline Money operator*(Money price, Decimal quantity) { return price.Times(quantity); }
inline Money operator*(Decimal quantity, Money price) { return price.Times(quantity); }
inline Decimal operator*(Decimal a, Decimal b) { return a.Times(b); }

// Shares of `total` in proportion to `weights` (negative ones count as 0), by largest remainder:
// they sum to `total` exactly. All weights 0: equal shares. No weights: none.
std::vector<Money> SplitByWeights(Money total, std::span<const Decimal> weights);
std::vector<Money> SplitByWeights(Money total, std::span<const Money> weights);
// The parts rounded to `digits` so that they sum to their rounded sum: each is rounded down, and
// what is missing goes to the largest remainders (of equal ones to the first).
std::vector<Money> RoundParts(std::span<const Money> parts, int digits);

namespace money_internal {
// Digits and at most one point; anything else does not compile.
template <int kDigits>
consteval FixedPoint<kDigits> FromLiteral(const char* text) {
  Int128 units = 0;
  int behind = -1;
  for (const char* at = text; *at != 0; ++at) {
    if (*at == '.') {
      behind = 0;
    } else if (*at >= '0' && *at <= '9') {
      units = units * 10 + (*at - '0');
      if (behind >= 0) ++behind;
    } else {
      throw "a decimal literal is made of digits and a point";
    }
  }
  for (int i = behind < 0 ? 0 : behind; i < kDigits; ++i) units *= 10;
  return FixedPoint<kDigits>::FromUnits(units);
}
}  // namespace money_internal

// 0.0416_usd and 0.5_dec are exact: the digits are read, not a double.
consteval Money operator""_usd(const char* text) { return money_internal::FromLiteral<24>(text); }
consteval Decimal operator""_dec(const char* text) { return money_internal::FromLiteral<12>(text); }

}  // namespace outrider
