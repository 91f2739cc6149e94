// SPDX-License-Identifier: Apache-2.0
#include "rules/template/format_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

// Digits after sign and padding to the precision.
std::string Digits(uint64_t magnitude, char32_t verb) {
  switch (verb) {
    case 'b':
      return fmt::format("{:b}", magnitude);
    case 'o':
    case 'O':
      return fmt::format("{:o}", magnitude);
    case 'x':
      return fmt::format("{:x}", magnitude);
    case 'X':
      return fmt::format("{:X}", magnitude);
    default:
      return fmt::format("{}", magnitude);
  }
}

std::string Prefix(const FormatSpec& spec, const std::string& digits) {
  if (spec.verb == 'O') return "0o";
  if (!spec.sharp) return "";
  if (spec.verb == 'b') return "0b";
  if (spec.verb == 'o') return digits.starts_with('0') ? "" : "0";
  if (spec.verb == 'x') return "0x";
  return spec.verb == 'X' ? "0X" : "";
}

std::string HexText(const FormatSpec& spec, std::string_view text) {
  std::string out;
  const std::string_view bytes =
      spec.has_precision ? text.substr(0, static_cast<size_t>(spec.precision)) : text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (i > 0 && spec.space) out += ' ';
    if (spec.sharp && (i == 0 || spec.space)) out += spec.verb == 'x' ? "0x" : "0X";
    out += spec.verb == 'x' ? fmt::format("{:02x}", byte) : fmt::format("{:02X}", byte);
  }
  return out;
}

// A character as Go quotes it.
std::string QuotedRune(const std::string& rune) {
  std::string out = rune == "'" ? "\\'" : rune == "\"" ? "\"" : Quote(rune).substr(1);
  if (out.size() > 1 && out.back() == '"') out.pop_back();
  return "'" + out + "'";
}

// A number with its sign and prefix, zeros in front as the precision or a zero-padded width asks.
std::string SignedDigits(const FormatSpec& spec, uint64_t magnitude, bool negative) {
  int precision = spec.has_precision ? spec.precision : 0;
  if (!spec.has_precision && spec.zero && !spec.minus && spec.has_width) {
    precision = spec.width - (negative || spec.plus || spec.space ? 1 : 0);
  }
  std::string digits = Digits(magnitude, spec.verb);
  if (digits.size() < static_cast<size_t>(std::max(precision, 0))) {
    digits.insert(0, static_cast<size_t>(precision) - digits.size(), '0');
  }
  digits.insert(0, Prefix(spec, digits));
  digits.insert(0, negative ? "-" : spec.plus ? "+" : spec.space ? " " : "");
  return digits;
}

// The number without its sign.
std::string Unsigned(const FormatSpec& spec, double magnitude) {
  if (std::isnan(magnitude)) return "NaN";
  if (std::isinf(magnitude)) return "Inf";
  const bool general = spec.verb == 'v' || spec.verb == 'g' || spec.verb == 'G';
  if (general && !spec.has_precision) {
    std::string text = FormatFloatG(magnitude);
    return spec.verb == 'G' ? ToUpper(text) : text;
  }
  const int precision = spec.has_precision ? spec.precision : 6;
  switch (spec.verb) {
    case 'e':
      return fmt::format("{:.{}e}", magnitude, precision);
    case 'E':
      return fmt::format("{:.{}E}", magnitude, precision);
    case 'f':
    case 'F':
      return fmt::format("{:.{}f}", magnitude, precision);
    case 'G':
      return fmt::format("{:.{}G}", magnitude, std::max(precision, 1));
    default:
      return fmt::format("{:.{}g}", magnitude, std::max(precision, 1));
  }
}

}  // namespace

std::string EncodeRune(int64_t code) {
  if (code < 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) code = 0xFFFD;
  const auto c = static_cast<uint32_t>(code);
  const auto tail = [c](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

std::string Pad(const FormatSpec& spec, std::string_view text) {
  const size_t runes = RuneCount(text);
  std::string out(text);
  if (!spec.has_width || static_cast<size_t>(spec.width) <= runes) return out;
  const size_t missing = static_cast<size_t>(spec.width) - runes;
  if (spec.minus) return out.append(missing, ' ');
  return out.insert(0, missing, spec.zero ? '0' : ' ');
}

bool FormatText(const FormatSpec& spec, std::string_view text, std::string* out) {
  if (spec.verb == 'x' || spec.verb == 'X') {
    *out += Pad(spec, HexText(spec, text));
    return true;
  }
  if (spec.has_precision) text = RunePrefix(text, static_cast<size_t>(spec.precision));
  if (spec.verb == 'q' || (spec.verb == 'v' && spec.sharp)) {
    const bool raw = spec.verb == 'q' && spec.sharp && text.find('`') == std::string_view::npos;
    *out += Pad(spec, raw ? "`" + std::string(text) + "`" : Quote(text));
    return true;
  }
  if (spec.verb != 'v' && spec.verb != 's') return false;
  *out += Pad(spec, text);
  return true;
}

bool FormatInteger(const FormatSpec& spec, int64_t value, std::string* out) {
  const bool negative = value < 0;
  const uint64_t magnitude =
      negative ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  if (spec.verb == 'c' || spec.verb == 'q') {
    const std::string rune = EncodeRune(value);
    *out += Pad(spec, spec.verb == 'q' ? QuotedRune(rune) : rune);
    return true;
  }
  if (spec.verb == 'U') {
    *out += Pad(spec, fmt::format("U+{:04X}", magnitude));
    return true;
  }
  if (spec.verb > 0x7F ||
      std::string_view("vdboOxX").find(static_cast<char>(spec.verb)) == std::string_view::npos) {
    return false;
  }
  FormatSpec padding = spec;
  padding.zero = false;
  const bool nothing = spec.has_precision && spec.precision == 0 && value == 0;
  *out += Pad(padding, nothing ? "" : SignedDigits(spec, magnitude, negative));
  return true;
}

bool FormatFloat(const FormatSpec& spec, double value, std::string* out) {
  if (spec.verb > 0x7F ||
      std::string_view("veEfFgG").find(static_cast<char>(spec.verb)) == std::string_view::npos) {
    return false;
  }
  const bool special = std::isnan(value) || std::isinf(value);
  const std::string number = Unsigned(spec, std::fabs(value));
  std::string sign;
  if (std::signbit(value) && !std::isnan(value)) {
    sign = "-";
  } else if (spec.plus || (std::isinf(value) && !spec.space)) {
    sign = "+";
  } else if (spec.space) {
    sign = " ";
  }
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
