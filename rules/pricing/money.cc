// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/money.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include "fmt/format.h"
#include "rules/pricing/wide.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr UInt128 kMostUnits = ~UInt128{0} >> 1;

UInt128 Magnitude(Int128 value) {
  return value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

Int128 Signed(UInt128 magnitude, bool negative) {
  const auto value = static_cast<Int128>(std::min(magnitude, kMostUnits));
  return negative ? -value : value;
}

UInt128 PowerOfTen(int exponent) {
  UInt128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// value * factor / divisor, half-up; at most the range's end.
UInt128 MulDiv(UInt128 value, UInt128 factor, UInt128 divisor) {
  const Quotient quotient = DivideWide(MultiplyWide(value, factor), divisor);
  if (quotient.overflow || quotient.whole >= kMostUnits) return kMostUnits;
  return quotient.whole + (quotient.remainder >= divisor - quotient.remainder ? 1 : 0);
}

Int128 SignedMulDiv(Int128 value, Int128 factor, Int128 divisor) {
  if (divisor == 0) return 0;
  const bool negative = ((value < 0) != (factor < 0)) != (divisor < 0);
  return Signed(MulDiv(Magnitude(value), Magnitude(factor), Magnitude(divisor)), negative);
}

// digits * 10^exponent.
struct Scientific {
  UInt128 digits = 0;
  int exponent = 0;
  bool negative = false;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Digits with at most one point at the front of `*text`, which loses them.
bool TakeMantissa(std::string_view* text, Scientific* number) {
  bool point = false;
  bool any = false;
  int zeros = 0;  // not in `digits` yet: they may be at the end, where they say nothing
  while (!text->empty() && (IsDigit(text->front()) || (text->front() == '.' && !point))) {
    const char c = text->front();
    text->remove_prefix(1);
    if (c == '.') {
      point = true;
      continue;
    }
    any = true;
    if (point) --number->exponent;
    if (c == '0') {
      ++zeros;
      continue;
    }
    if (number->digits == 0) zeros = 0;
    for (; zeros >= 0; --zeros) {
      if (number->digits > kMostUnits / 16) return false;
      number->digits *= 10;
    }
    zeros = 0;
    number->digits += static_cast<UInt128>(c - '0');
  }
  if (number->digits != 0) number->exponent += zeros;
  return any;
}

bool ReadScientific(std::string_view text, Scientific* number) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    number->negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (!TakeMantissa(&text, number)) return false;
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  if (text.size() > 1 && text.front() == '+' && IsDigit(text[1])) text.remove_prefix(1);
  int exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc() || end != text.data() + text.size() || std::abs(exponent) > 400) {
    return false;
  }
  number->exponent += exponent;
  return true;
}

struct Units {
  UInt128 magnitude = 0;
  bool lost = false;      // digits that the type has no room for (rounded half-up)
  bool overflow = false;  // `magnitude` is the range's end
};

Units ToUnits(const Scientific& number, int digits) {
  const int shift = number.exponent + digits;
  if (number.digits == 0) return {};
  if (shift >= 0) {
    const UInt128 power = shift > 38 ? kMostUnits : PowerOfTen(shift);
    const Quotient whole = DivideWide(MultiplyWide(number.digits, power), 1);
    if (shift > 38 || whole.overflow || whole.whole > kMostUnits) return {kMostUnits, false, true};
    return {whole.whole};
  }
  if (shift < -38) return {0, true};
  const UInt128 power = PowerOfTen(std::min(-shift, 38));
  const UInt128 rest = number.digits % power;
  return {number.digits / power + (rest >= power - rest ? 1 : 0), rest != 0};
}

std::string DigitsText(UInt128 value) {
  std::string text;
  do {
    text += static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  std::ranges::reverse(text);
  return text;
}

}  // namespace

template <int kDigits>
StatusOr<FixedPoint<kDigits>> FixedPoint<kDigits>::Parse(std::string_view text) {
  Scientific number;
  if (!ReadScientific(text, &number)) {
    return InvalidArgument(fmt::format("{} is not a decimal number", Quote(text)));
  }
  const Units units = ToUnits(number, kDigits);
  if (units.overflow) return InvalidArgument(fmt::format("{} is out of range", Quote(text)));
  if (units.lost) {
    return InvalidArgument(
        fmt::format("{} has more than {} digits behind the point", Quote(text), kDigits));
  }
  return FromUnits(Signed(units.magnitude, number.negative));
}

template <int kDigits>
FixedPoint<kDigits> FixedPoint<kDigits>::FromDouble(double value) {
  if (std::isnan(value)) return {};
  if (std::isinf(value)) return FromUnits(value < 0 ? -kMost : kMost);
  std::array<char, 32> buffer = {};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                          std::chars_format::scientific);
  Scientific number;
  ReadScientific({buffer.data(), static_cast<size_t>(end - buffer.data())}, &number);
  return FromUnits(Signed(ToUnits(number, kDigits).magnitude, number.negative));
}

template <int kDigits>
FixedPoint<kDigits> FixedPoint<kDigits>::Times(Decimal factor) const {
  return FromUnits(SignedMulDiv(units_, factor.units(), Decimal::UnitsPerOne()));
}

template <int kDigits>
FixedPoint<kDigits> FixedPoint<kDigits>::Over(Decimal divisor) const {
  return FromUnits(SignedMulDiv(units_, Decimal::UnitsPerOne(), divisor.units()));
}

template <int kDigits>
FixedPoint<kDigits> FixedPoint<kDigits>::TimesRatio(int64_t numerator, int64_t denominator) const {
  return FromUnits(SignedMulDiv(units_, numerator, denominator));
}

template <int kDigits>
FixedPoint<kDigits> FixedPoint<kDigits>::Rounded(int digits) const {
  if (digits >= kDigits) return *this;
  const UInt128 step = PowerOfTen(kDigits - std::max(digits, 0));
  const UInt128 magnitude = Magnitude(units_);
  const UInt128 rest = magnitude % step;
  const bool up = rest >= step - rest && magnitude - rest <= kMostUnits - step;
  return FromUnits(Signed(magnitude - rest + (up ? step : 0), units_ < 0));
}

template <int kDigits>
std::string FixedPoint<kDigits>::Text() const {
  std::string text = Text(kDigits);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

template <int kDigits>
std::string FixedPoint<kDigits>::Text(int digits) const {
  const FixedPoint shown = Rounded(digits);
  std::string text = DigitsText(Magnitude(shown.units_));
  if (text.size() <= kDigits) text.insert(0, kDigits + 1 - text.size(), '0');
  text.insert(text.size() - kDigits, 1, '.');
  text.resize(text.size() - static_cast<size_t>(kDigits - std::clamp(digits, 0, kDigits)));
  if (text.back() == '.') text.pop_back();
  return shown.IsNegative() ? "-" + text : text;
}

template <int kDigits>
double FixedPoint<kDigits>::ToDouble() const {
  double value = 0;
  const std::string text = Text();
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

template class FixedPoint<24>;
template class FixedPoint<12>;

namespace {

// `scaled`: not negative.
std::vector<Money> SplitUnits(Money total, std::vector<UInt128> scaled) {
  const size_t count = scaled.size();
  UInt128 largest = scaled.empty() ? 0 : *std::ranges::max_element(scaled);
  if (largest == 0) std::ranges::fill(scaled, 1);
  // So small that their sum stays below 2^127; this moves no share by more than 1e-19 of the whole.
  while (largest > kMostUnits / std::max<size_t>(count, 1)) {
    largest >>= 1;
    for (UInt128& weight : scaled) weight >>= 1;
  }
  const UInt128 sum = std::accumulate(scaled.begin(), scaled.end(), UInt128{0});
  const UInt128 whole = Magnitude(total.units());
  std::vector<UInt128> shares(count, 0);
  std::vector<UInt128> remainders(count, 0);
  std::vector<size_t> order(count, 0);
  UInt128 given = 0;
  for (size_t i = 0; i < count; ++i) {
    const Quotient quotient = DivideWide(MultiplyWide(whole, scaled[i]), sum);
    shares[i] = quotient.whole;
    remainders[i] = quotient.remainder;
    given += quotient.whole;
    order[i] = i;
  }
  std::ranges::stable_sort(order,
                           [&](size_t a, size_t b) { return remainders[a] > remainders[b]; });
  for (size_t i = 0; given < whole && i < count; ++i, ++given) ++shares[order[i]];
  std::vector<Money> parts;
  parts.reserve(count);
  for (const UInt128 share : shares) {
    parts.push_back(Money::FromUnits(Signed(share, total.IsNegative())));
  }
  return parts;
}

template <int kDigits>
std::vector<UInt128> WeightUnits(std::span<const FixedPoint<kDigits>> weights) {
  std::vector<UInt128> units;
  units.reserve(weights.size());
  for (const auto weight : weights) {
    units.push_back(weight.IsNegative() ? 0 : static_cast<UInt128>(weight.units()));
  }
  return units;
}

}  // namespace

std::vector<Money> SplitByWeights(Money total, std::span<const Decimal> weights) {
  return SplitUnits(total, WeightUnits(weights));
}

std::vector<Money> SplitByWeights(Money total, std::span<const Money> weights) {
  return SplitUnits(total, WeightUnits(weights));
}

std::vector<Money> RoundParts(std::span<const Money> parts, int digits) {
  const auto step = static_cast<Int128>(PowerOfTen(24 - std::clamp(digits, 0, 24)));
  Money sum;
  Money given;
  std::vector<Money> rounded;
  std::vector<Int128> remainders;
  std::vector<size_t> order;
  for (const Money part : parts) {
    const Int128 rest = ((part.units() % step) + step) % step;
    sum += part;
    rounded.push_back(Money::FromUnits(part.units() - rest));
    given += rounded.back();
    remainders.push_back(rest);
    order.push_back(order.size());
  }
  std::ranges::stable_sort(order,
                           [&](size_t a, size_t b) { return remainders[a] > remainders[b]; });
  const Money target = sum.Rounded(digits);
  for (size_t i = 0; given < target && i < order.size(); ++i) {
    rounded[order[i]] += Money::FromUnits(step);
    given += Money::FromUnits(step);
  }
  return rounded;
}

}  // namespace outrider
