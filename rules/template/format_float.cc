// SPDX-License-Identifier: Apache-2.0
// Floats as Go's fmt writes them: strconv's digits first, then sign, the decimal point a # asks for
// and padding.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "rules/template/format_spec.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

constexpr int kShortest = -1;

// %b: the mantissa as an integer, and the power of two.
std::string BinaryExponent(double magnitude) {
  int exponent = 0;
  const double fraction = std::frexp(magnitude, &exponent);
  if (magnitude == 0) return "0p-1074";
  const int lowest = std::max(exponent - 53, -1074);
  return fmt::format("{}p{:+}", static_cast<int64_t>(std::ldexp(fraction, exponent - lowest)),
                     lowest);
}

// 0x1.8p+01; the exponent has at least two digits, the first digit is 0 or 1.
std::string Hexadecimal(double magnitude, int precision) {
  char buffer[2048];
  const int digits = std::min(precision, 1000);
  const auto format = std::chars_format::hex;
  double scaled = magnitude;
  int shift = 0;
  if (magnitude != 0 && magnitude < 2.2250738585072014e-308) {  // subnormal: made normal first
    scaled = std::ldexp(magnitude, 100);
    shift = -100;
  }
  const auto result = precision == kShortest
                          ? std::to_chars(buffer, buffer + sizeof buffer, scaled, format)
                          : std::to_chars(buffer, buffer + sizeof buffer, scaled, format, digits);
  const std::string text(buffer, result.ptr);
  const size_t p = text.find('p');
  int exponent = 0;
  const char* start = text.data() + p + (text[p + 1] == '+' ? 2 : 1);
  std::from_chars(start, text.data() + text.size(), exponent);
  std::string mantissa = text.substr(0, p);
  if (mantissa[0] == '2') {  // rounded up
    mantissa[0] = '1';
    ++exponent;
  }
  const int power = exponent + shift;
  return fmt::format("0x{}p{}{:02}", mantissa, power < 0 ? '-' : '+', std::abs(power));
}

// The number without its sign, as strconv.FormatFloat(magnitude, verb, precision) gives it.
std::string Unsigned(double magnitude, char verb, int precision) {
  if (std::isnan(magnitude)) return "NaN";
  if (std::isinf(magnitude)) return "Inf";
  switch (verb) {
    case 'b':
      return BinaryExponent(magnitude);
    case 'x':
      return Hexadecimal(magnitude, precision);
    case 'X':
      return ToUpper(Hexadecimal(magnitude, precision));
    case 'e':
      return fmt::format("{:.{}e}", magnitude, precision);
    case 'E':
      return fmt::format("{:.{}E}", magnitude, precision);
    case 'f':
    case 'F':
      return fmt::format("{:.{}f}", magnitude, precision);
    case 'G':
      return precision == kShortest ? ToUpper(FormatFloatG(magnitude))
                                    : fmt::format("{:.{}G}", magnitude, std::max(precision, 1));
    default:
      return precision == kShortest ? FormatFloatG(magnitude)
                                    : fmt::format("{:.{}g}", magnitude, std::max(precision, 1));
  }
}

// The # flag: always a decimal point, and for %g the zeros its precision (6) asks for.
std::string WithPoint(const std::string& number, char verb, int precision) {
  const bool hex = verb == 'x' || verb == 'X';
  const size_t tail = std::min(number.find_first_of(hex ? "pP" : "eEpP"), number.size());
  std::string digits = number.substr(0, tail);
  int wanted = 0;
  if (verb == 'v' || verb == 'g' || verb == 'G' || verb == 'x') {
    wanted = precision == kShortest ? 6 : precision;
  }
  bool significant = false;
  for (const char c : digits) {
    if (c == '.') continue;
    significant = significant || c != '0';
    if (significant) --wanted;
  }
  if (!Contains(digits, ".")) {
    if (digits == "0") --wanted;  // a lone zero counts
    digits += '.';
  }
  if (wanted > 0) digits.append(std::min(static_cast<size_t>(wanted), kMaxFormatted), '0');
  return digits + number.substr(tail);
}

std::string Sign(const FormatSpec& spec, double value) {
  if (std::signbit(value) && !std::isnan(value)) return "-";
  if (spec.plus) return "+";
  if (spec.space) return " ";
  return std::isinf(value) ? "+" : "";
}

}  // namespace

bool FormatFloat(const FormatSpec& spec, double value, std::string* out) {
  if (spec.verb > 0x7F) return false;
  auto verb = static_cast<char>(spec.verb);
  if (std::string_view("vbeEfFgGxX").find(verb) == std::string_view::npos) return false;
  const bool fixed = std::string_view("eEfF").find(verb) != std::string_view::npos;
  if (verb == 'v') verb = 'g';
  const int precision = spec.has_precision ? spec.precision : fixed ? 6 : kShortest;
  std::string number =
      Unsigned(std::fabs(value), verb, std::min(precision, static_cast<int>(kMaxFormatted)));
  const bool special = std::isnan(value) || std::isinf(value);
  if (spec.sharp && !special && verb != 'b') number = WithPoint(number, verb, precision);
  const std::string sign = Sign(spec, value);
  FormatSpec padding = spec;
  padding.zero = spec.zero && !special && !spec.minus;
  if (padding.zero && spec.has_width && !sign.empty()) {
    padding.width = std::max(spec.width - 1, 0);  // the sign stands before the zeros
    *out += sign + Pad(padding, number);
  } else {
    *out += Pad(padding, sign + number);
  }
  return true;
}

}  // namespace outrider::tmpl
