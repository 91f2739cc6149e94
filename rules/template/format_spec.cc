// SPDX-License-Identifier: Apache-2.0
#include "rules/template/format_spec.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

constexpr int64_t kMaxRune = 0x10FFFF;

bool IsOneOf(std::string_view verbs, char32_t verb) {
  return verb < 0x80 && verbs.find(static_cast<char>(verb)) != std::string_view::npos;
}

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
  std::string prefix;
  if (spec.sharp && spec.verb == 'b') prefix = "0b";
  if (spec.sharp && spec.verb == 'x') prefix = "0x";
  if (spec.sharp && spec.verb == 'X') prefix = "0X";
  const bool octal = spec.verb == 'o' || spec.verb == 'O';
  if (spec.sharp && octal && !digits.starts_with('0')) prefix = "0";
  return spec.verb == 'O' ? "0o" + prefix : prefix;
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

// Every rune beyond ASCII as \uNNNN or \UNNNNNNNN.
std::string ToAscii(std::string_view quoted) {
  std::string out;
  while (!quoted.empty()) {
    const std::string_view rune = RunePrefix(quoted, 1);
    const auto code = static_cast<uint32_t>(DecodeOneRune(rune));
    if (rune.size() == 1) {
      out += rune;
    } else {
      out += code < 0x10000 ? fmt::format("\\u{:04x}", code) : fmt::format("\\U{:08x}", code);
    }
    quoted.remove_prefix(rune.size());
  }
  return out;
}

// A character as Go quotes it.
std::string QuotedRune(const std::string& rune) {
  std::string out = rune == "'" ? "\\'" : rune == "\"" ? "\"" : Quote(rune).substr(1);
  if (out.size() > 1 && out.back() == '"') out.pop_back();
  return "'" + out + "'";
}

// One that a raw string literal can hold.
bool CanBackquote(std::string_view text) {
  if (!IsValidUtf8(text) || Contains(text, "\xEF\xBB\xBF")) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != '`' && c != 0x7F);
  });
}

std::string QuotedText(const FormatSpec& spec, std::string_view text) {
  if (spec.sharp && CanBackquote(text)) return "`" + std::string(text) + "`";
  return spec.plus ? ToAscii(Quote(text)) : Quote(text);
}

// A number with its sign and prefix, zeros in front as the precision or a zero-padded width asks.
std::string SignedDigits(const FormatSpec& spec, uint64_t magnitude, bool negative) {
  int precision = spec.has_precision ? spec.precision : 0;
  if (!spec.has_precision && spec.zero && !spec.minus && spec.has_width) {
    precision = spec.width - (negative || spec.plus || spec.space ? 1 : 0);
  }
  const size_t zeros = std::min(static_cast<size_t>(std::max(precision, 0)), kMaxFormatted);
  std::string digits = Digits(magnitude, spec.verb);
  if (digits.size() < zeros) digits.insert(0, zeros - digits.size(), '0');
  digits.insert(0, Prefix(spec, digits));
  digits.insert(0, negative ? "-" : spec.plus ? "+" : spec.space ? " " : "");
  return digits;
}

// U+20AC, with # also the character itself.
std::string UnicodeText(const FormatSpec& spec, uint64_t code) {
  const size_t zeros = spec.has_precision ? static_cast<size_t>(spec.precision) : 0;
  std::string digits = fmt::format("{:04X}", code);
  if (digits.size() < zeros) {
    digits.insert(0, std::min(zeros, kMaxFormatted) - digits.size(), '0');
  }
  std::string out = "U+" + digits;
  const bool character = spec.sharp && code <= static_cast<uint64_t>(kMaxRune);
  if (!character) return out;
  const std::string rune = EncodeRune(static_cast<int64_t>(code));
  const bool printable = Quote(rune).size() == rune.size() + 2 || rune == "\"" || rune == "\\";
  return printable ? out + " '" + rune + "'" : out;
}

}  // namespace

std::string EncodeRune(int64_t code) {
  if (code < 0 || code > kMaxRune || (code >= 0xD800 && code <= 0xDFFF)) code = 0xFFFD;
  const auto c = static_cast<uint32_t>(code);
  const auto tail = [c](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

char32_t DecodeOneRune(std::string_view rune) {
  uint32_t code = static_cast<unsigned char>(rune[0]);
  if (rune.size() == 1) return code < 0x80 ? code : 0xFFFD;
  code &= 0xFFU >> (rune.size() + 1);
  for (const char c : rune.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
  return code;
}

std::string Pad(const FormatSpec& spec, std::string_view text) {
  const size_t runes = RuneCount(text);
  std::string out(text);
  if (!spec.has_width || static_cast<size_t>(spec.width) <= runes) return out;
  const size_t missing = std::min(static_cast<size_t>(spec.width) - runes, kMaxFormatted);
  if (spec.minus) return out.append(missing, ' ');
  return out.insert(0, missing, spec.zero ? '0' : ' ');
}

bool FormatText(const FormatSpec& spec, std::string_view text, std::string* out) {
  if (!IsOneOf("vsqxX", spec.verb)) return false;
  if (spec.verb == 'x' || spec.verb == 'X') {
    *out += Pad(spec, HexText(spec, text));
    return true;
  }
  if (spec.has_precision) text = RunePrefix(text, static_cast<size_t>(spec.precision));
  const bool quoted = spec.verb == 'q' || (spec.verb == 'v' && spec.sharp_v);
  *out += quoted ? Pad(spec, QuotedText(spec, text)) : Pad(spec, text);
  return true;
}

bool FormatInteger(const FormatSpec& spec, int64_t value, std::string* out) {
  const bool negative = value < 0;
  const uint64_t magnitude =
      negative ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  FormatSpec padding = spec;
  if (spec.verb == 'c') {
    *out += Pad(spec, EncodeRune(value));
    return true;
  }
  if (spec.verb == 'q') {
    const std::string quoted = QuotedRune(EncodeRune(value));
    *out += Pad(spec, spec.plus ? ToAscii(quoted) : quoted);
    return true;
  }
  padding.zero = false;
  if (spec.verb == 'U') {
    *out += Pad(padding, UnicodeText(spec, static_cast<uint64_t>(value)));
    return true;
  }
  if (!IsOneOf("vdboOxX", spec.verb)) return false;
  const bool nothing = spec.has_precision && spec.precision == 0 && value == 0;
  *out += Pad(padding, nothing ? "" : SignedDigits(spec, magnitude, negative));
  return true;
}

}  // namespace outrider::tmpl
