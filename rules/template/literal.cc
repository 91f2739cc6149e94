// SPDX-License-Identifier: Apache-2.0
#include "rules/template/literal.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

struct Integer {
  bool valid = false;
  bool overflow = false;
  int64_t value = 0;
};

// Base 0 rules of strconv.ParseInt.
Integer ParseGoInteger(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
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

}  // namespace

StatusOr<Value> ParseNumber(const std::string& text) {
  const std::string digits = WithoutUnderscores(text);
  const bool hex = Contains(digits, "0x") || Contains(digits, "0X");
  const bool is_float = digits.find_first_of(hex ? ".pP" : ".eE") != std::string::npos;
  if (!is_float) {
    const Integer integer = ParseGoInteger(digits);
    if (integer.overflow) return InvalidArgument(fmt::format("integer overflow: {}", Quote(text)));
    if (integer.valid) return Value(integer.value);
    return InvalidArgument(fmt::format("illegal number syntax: {}", Quote(text)));
  }
  const bool negative = digits[0] == '-';
  size_t start = digits.find_first_not_of("+-");
  if (start == std::string::npos) start = digits.size();
  if (hex) start += 2;
  double value = 0;
  const char* last = digits.data() + digits.size();
  const auto [end, code] =
      std::from_chars(digits.data() + std::min(start, digits.size()), last, value,
                      hex ? std::chars_format::hex : std::chars_format::general);
  if (code != std::errc() || end != last) {
    return InvalidArgument(fmt::format("illegal number syntax: {}", Quote(text)));
  }
  return Value(negative ? -value : value);
}

StatusOr<Value> ParseCharacter(const std::string& text) {
  // The same escapes as in a string, with ' in place of ".
  std::string quoted = "\"";
  const std::string inner = text.substr(1, text.size() - 2);
  quoted += inner == "\\'" ? "'" : inner == "\"" ? "\\\"" : inner;
  quoted += '"';
  const StatusOr<std::string> rune = Unquote(quoted);
  if (!rune.ok() || RuneCount(*rune) != 1 || inner == "\\\"") {
    return InvalidArgument(fmt::format("malformed character constant: {}", text));
  }
  uint32_t code = static_cast<unsigned char>((*rune)[0]);
  if (rune->size() > 1) {
    code &= 0xFFU >> (rune->size() + 1);
    for (const char c : rune->substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
  }
  return Value(static_cast<int64_t>(code));
}

}  // namespace outrider::tmpl
