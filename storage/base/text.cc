// SPDX-License-Identifier: Apache-2.0
// Splitting, UTF-8, Go's quoting and URL escaping. Numbers as text are in number_text.cc.
#include "storage/base/text.h"

#include <fmt/format.h>

#include <cstring>

namespace outrider {
namespace {

// Length of the UTF-8 sequence at the start of `text`, 0 if it is invalid; `rune` receives the code
// point.
size_t DecodeRune(std::string_view text, uint32_t* rune) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    *rune = first;
    return 1;
  }
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  uint32_t value = first & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    value = value << 6 | (byte(i) & 0x3f);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return 0;
  *rune = value;
  return length;
}

void AppendRune(uint32_t rune, std::string* out) {
  if (rune < 0x80) {
    *out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    *out += static_cast<char>(0xc0 | rune >> 6);
    *out += static_cast<char>(0x80 | (rune & 0x3f));
  } else if (rune < 0x10000) {
    *out += static_cast<char>(0xe0 | rune >> 12);
    *out += static_cast<char>(0x80 | (rune >> 6 & 0x3f));
    *out += static_cast<char>(0x80 | (rune & 0x3f));
  } else {
    *out += static_cast<char>(0xf0 | rune >> 18);
    *out += static_cast<char>(0x80 | (rune >> 12 & 0x3f));
    *out += static_cast<char>(0x80 | (rune >> 6 & 0x3f));
    *out += static_cast<char>(0x80 | (rune & 0x3f));
  }
}

// Code points strconv.Quote escapes although they are valid: controls, blanks other than ' ',
// private and unassigned formatting ranges that matter in practice.
bool IsPrintable(uint32_t rune) {
  if (rune < 0x20 || rune == 0x7f) return false;
  if (rune >= 0x80 && rune <= 0xa0) return false;
  if (rune == 0xad || rune == 0xfeff) return false;
  if (rune >= 0x2000 && rune <= 0x200f) return false;
  if (rune >= 0x2028 && rune <= 0x202f) return false;
  if (rune >= 0x205f && rune <= 0x206f) return false;
  if (rune >= 0xe000 && rune <= 0xf8ff) return false;
  return rune != 0x3000 && rune != 0x1680;
}

void AppendEscaped(uint32_t rune, std::string* out) {
  switch (rune) {
    case '"':
      *out += "\\\"";
      return;
    case '\\':
      *out += "\\\\";
      return;
    case '\a':
      *out += "\\a";
      return;
    case '\b':
      *out += "\\b";
      return;
    case '\f':
      *out += "\\f";
      return;
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    case '\v':
      *out += "\\v";
      return;
    default:
      break;
  }
  if (IsPrintable(rune)) {
    AppendRune(rune, out);
  } else if (rune < 0x80) {
    *out += fmt::format("\\x{:02x}", rune);
  } else if (rune < 0x10000) {
    *out += fmt::format("\\u{:04x}", rune);
  } else {
    *out += fmt::format("\\U{:08x}", rune);
  }
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Status BadSyntax() { return InvalidArgument("invalid syntax"); }

// The digits of \xhh (a byte), \uhhhh or \Uhhhhhhhh (a code point).
Status TakeHexEscape(std::string_view* text, char kind, std::string* out) {
  const size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
  if (text->size() < digits) return BadSyntax();
  uint32_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    const int digit = HexDigit((*text)[i]);
    if (digit < 0) return BadSyntax();
    value = value << 4 | static_cast<uint32_t>(digit);
  }
  text->remove_prefix(digits);
  if (kind == 'x') {
    *out += static_cast<char>(value);
    return absl::OkStatus();
  }
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return BadSyntax();
  AppendRune(value, out);
  return absl::OkStatus();
}

// A byte as three octal digits; the first is taken already.
Status TakeOctalEscape(std::string_view* text, char first, std::string* out) {
  if (first < '0' || first > '7' || text->size() < 2) return BadSyntax();
  auto value = static_cast<uint32_t>(first - '0');
  for (size_t i = 0; i < 2; ++i) {
    const char c = (*text)[i];
    if (c < '0' || c > '7') return BadSyntax();
    value = value * 8 + static_cast<uint32_t>(c - '0');
  }
  if (value > 255) return BadSyntax();
  text->remove_prefix(2);
  *out += static_cast<char>(value);
  return absl::OkStatus();
}

// One escape of a Go string literal behind its backslash; consumes it from `text`.
Status TakeEscape(std::string_view* text, char quote, std::string* out) {
  if (text->empty()) return BadSyntax();
  const char kind = text->front();
  text->remove_prefix(1);
  static constexpr std::string_view kNames = "abfnrtv\\";
  static constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\";
  if (const size_t i = kNames.find(kind); i != std::string_view::npos) {
    *out += kValues[i];
    return absl::OkStatus();
  }
  if (kind == '\'' || kind == '"') {
    if (kind != quote) return BadSyntax();
    *out += kind;
    return absl::OkStatus();
  }
  if (kind == 'x' || kind == 'u' || kind == 'U') return TakeHexEscape(text, kind, out);
  return TakeOctalEscape(text, kind, out);
}

std::string UrlEncode(std::string_view text, std::string_view safe, bool blank_is_plus) {
  std::string out;
  for (const char c : text) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (alnum || safe.find(c) != std::string_view::npos) {
      out += c;
    } else if (c == ' ' && blank_is_plus) {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  static constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string ToLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string ToUpper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    // Eight ASCII bytes at a time: labels nearly always are.
    if (text.size() >= 8) {
      uint64_t word = 0;
      std::memcpy(&word, text.data(), 8);
      if ((word & 0x8080808080808080ULL) == 0) {
        text.remove_prefix(8);
        continue;
      }
    }
    uint32_t rune = 0;
    const size_t n = DecodeRune(text, &rune);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

std::string_view RunePrefix(std::string_view text, size_t runes) {
  size_t at = 0;
  uint32_t rune = 0;
  while (at < text.size() && runes-- > 0) {
    at += std::max<size_t>(1, DecodeRune(text.substr(at), &rune));
  }
  return text.substr(0, at);
}

size_t RuneCount(std::string_view text) {
  size_t count = 0;
  uint32_t rune = 0;
  while (!text.empty()) {
    text.remove_prefix(std::max<size_t>(1, DecodeRune(text, &rune)));
    ++count;
  }
  return count;
}

namespace {

// How many bytes stand for themselves.
size_t PlainPrefix(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && text[n] >= ' ' && text[n] <= '~' && text[n] != '"' && text[n] != '\\') {
    ++n;
  }
  return n;
}

}  // namespace

std::string Quote(std::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  while (true) {
    const size_t plain = PlainPrefix(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    uint32_t rune = 0;
    const size_t n = DecodeRune(text, &rune);
    if (n == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    AppendEscaped(rune, &out);
    text.remove_prefix(n);
  }
  return out += '"';
}

StatusOr<std::string> Unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back()) return InvalidArgument("invalid syntax");
  const char quote = text.front();
  text = text.substr(1, text.size() - 2);
  if (quote == '`') {
    if (text.find('`') != std::string_view::npos) return InvalidArgument("invalid syntax");
    return std::string(text);
  }
  if (quote != '"' && quote != '\'') return InvalidArgument("invalid syntax");
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == quote || c == '\n') return InvalidArgument("invalid syntax");
    if (c == '\\') {
      TRY(TakeEscape(&text, quote, &out));
    } else {
      out += c;
    }
  }
  return out;
}

std::string HexEncode(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string Base64Encode(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

std::string UrlEncodeQuery(std::string_view text) { return UrlEncode(text, "-_.~", true); }
std::string UrlEncodePath(std::string_view text) { return UrlEncode(text, "-_.~$&+=:@", false); }

StatusOr<std::string> UrlDecode(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return InvalidArgument("invalid URL escape " + Quote(text.substr(i, 3)));
      }
      out += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return out;
}

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace outrider
