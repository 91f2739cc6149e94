// SPDX-License-Identifier: Apache-2.0
#include "rules/template/literal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "rules/template/format_spec.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

struct Integer {
  bool valid = false;
  bool overflow = false;    // of int64
  bool fits_64bit = false;  // of uint64
  int64_t value = 0;
};

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

// Underscores only between digits, or between a base prefix and a digit.
bool UnderscoresOk(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  char before = '^';  // ^ the start, 0 a digit or prefix, _ an underscore, ! anything else
  size_t i = 0;
  bool hex = false;
  if (text.size() > 1 && text[0] == '0') {
    const char letter = static_cast<char>(text[1] | 0x20);
    hex = letter == 'x';
    if (hex || letter == 'b' || letter == 'o') {
      i = 2;
      before = '0';
    }
  }
  for (; i < text.size(); ++i) {
    if (DigitOf(text[i]) < (hex ? 16 : 10)) {
      before = '0';
    } else if (text[i] == '_') {
      if (before != '0') return false;
      before = '_';
    } else {
      if (before == '_') return false;
      before = '!';
    }
  }
  return before != '_';
}

// Base 0 rules of strconv.ParseInt.
Integer ParseGoInteger(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  const bool has_sign = negative || (!text.empty() && text[0] == '+');
  if (has_sign) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char letter = static_cast<char>(text[1] | 0x20);
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    text.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
  }
  uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  Integer out;
  if (end != text.data() + text.size() || text.empty()) return out;
  const uint64_t limit = uint64_t{1} << 63;
  out.fits_64bit = code == std::errc() && !has_sign;
  out.overflow = code != std::errc() || value > limit || (value == limit && !negative);
  out.valid = code == std::errc() || code == std::errc::result_out_of_range;
  out.value = static_cast<int64_t>(negative ? uint64_t{0} - value : value);
  return out;
}

std::string WithoutUnderscores(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c != '_') out += c;
  }
  return out;
}

// A number that no double is near enough to is tiny when its exponent is negative.
bool IsTiny(const std::string& digits, bool hex) {
  const size_t exponent = digits.find_first_of(hex ? "pP" : "eE");
  return exponent != std::string::npos && digits[exponent + 1] == '-';
}

std::optional<int64_t> IntegerOf(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  const bool fits = value >= -kLimit && value < kLimit;  // false for NaN
  if (!fits || std::trunc(value) != value) return std::nullopt;
  return static_cast<int64_t>(value);
}

// The first character of a constant with its escape; empty when that is cut off.
std::string_view FirstCharacter(std::string_view inner) {
  if (inner.empty() || inner[0] != '\\') return RunePrefix(inner, 1);
  const char kind = inner.size() > 1 ? inner[1] : '\0';
  const bool octal = kind >= '0' && kind <= '7';
  const size_t size = kind == 'U' ? 10 : kind == 'u' ? 6 : kind == 'x' || octal ? 4 : 2;
  return inner.size() < size ? std::string_view() : inner.substr(0, size);
}

Status IllegalNumber(const std::string& text) {
  return InvalidArgument(fmt::format("illegal number syntax: {}", Quote(text)));
}

StatusOr<Number> ParseFloat(const std::string& text, const std::string& digits, bool hex) {
  if (hex && digits.find_first_of("pP") == std::string::npos) return IllegalNumber(text);
  const bool negative = digits[0] == '-';
  size_t start = std::min(digits.find_first_not_of("+-"), digits.size());
  if (hex) start += 2;
  double value = 0;
  const char* last = digits.data() + digits.size();
  const auto format = hex ? std::chars_format::hex : std::chars_format::general;
  const auto [end, code] =
      std::from_chars(digits.data() + std::min(start, digits.size()), last, value, format);
  // Too small is zero, too large an error.
  const bool tiny = code == std::errc::result_out_of_range && end == last && IsTiny(digits, hex);
  if ((code != std::errc() && !tiny) || end != last) return IllegalNumber(text);
  if (tiny) value = 0;
  value = negative ? -value : value;
  return Number{Value(value), IntegerOf(value), false};
}

}  // namespace

StatusOr<Number> ParseNumber(const std::string& text) {
  const std::string digits = WithoutUnderscores(text);
  if (text.ends_with('i')) {
    return InvalidArgument(fmt::format("complex numbers are not supported: {}", Quote(text)));
  }
  if (Contains(text, "_") && !UnderscoresOk(text)) return IllegalNumber(text);
  const bool hex = Contains(digits, "0x") || Contains(digits, "0X");
  if (digits.find_first_of(hex ? ".pP" : ".eE") != std::string::npos) {
    return ParseFloat(text, digits, hex);
  }
  const Integer integer = ParseGoInteger(digits);
  if (integer.overflow && integer.fits_64bit) return Number{Value(), std::nullopt, true};
  if (integer.overflow) return InvalidArgument(fmt::format("integer overflow: {}", Quote(text)));
  if (integer.valid) return Number{Value(integer.value), integer.value, false};
  const bool decimal = digits.find_first_not_of("+-0123456789") == std::string::npos;  // 08
  if (!decimal || digits.find_first_of("0123456789") == std::string::npos) {
    return IllegalNumber(text);
  }
  return InvalidArgument(fmt::format("integer overflow: {}", Quote(text)));
}

StatusOr<Number> ParseCharacter(const std::string& text) {
  const std::string_view inner = std::string_view(text).substr(1, text.size() - 2);
  const std::string_view first = FirstCharacter(inner);
  if (first.empty() || first == "\\\"") return InvalidArgument("invalid syntax");
  const bool same = first == "\\'" || first == "\"";  // stands for itself without the backslash
  const StatusOr<std::string> bytes =
      same ? std::string(1, first.back()) : Unquote("\"" + std::string(first) + "\"");
  if (!bytes.ok()) return bytes.status();
  if (first.size() != inner.size()) {
    return InvalidArgument(fmt::format("malformed character constant: {}", text));
  }
  const bool byte = first[0] == '\\' && bytes->size() == 1;  // \xff is 255
  const auto code = byte ? int64_t{static_cast<unsigned char>((*bytes)[0])}
                         : static_cast<int64_t>(DecodeOneRune(*bytes));
  return Number{Value(code), code, false};
}

}  // namespace outrider::tmpl
