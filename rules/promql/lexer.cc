// SPDX-License-Identifier: Apache-2.0
// A state per surrounding bracket, like the grammar needs it: `:` is part of a name outside of [ ]
// and a separator inside; { } knows only label matchers. Between [ and the first number only
// duration expressions are allowed.
#include "rules/promql/lexer.h"

#include <fmt/format.h>

#include <utility>

#include "storage/base/text.h"

namespace outrider::promql {
namespace {

bool IsBlank(int c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(int c) { return c >= '0' && c <= '9'; }
bool IsAlpha(int c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsAlphaNumeric(int c) { return IsAlpha(c) || IsDigit(c); }

// Length of the UTF-8 sequence at the front of `text`, 0 when it is invalid.
size_t RuneLength(std::string_view text) {
  for (size_t n = 1; n <= 4 && n <= text.size(); ++n) {
    if (IsValidUtf8(text.substr(0, n))) return n;
  }
  return 0;
}

}  // namespace

Item Lexer::Next() {
  if (done_) return last_;
  SkipBlanksAndComments();
  start_ = pos_;
  last_ = brace_open_ ? LexInsideBraces() : in_duration_ ? LexInDuration() : LexStatement();
  done_ = last_.token == Token::kEof || last_.token == Token::kError;
  return last_;
}

void Lexer::SkipBlanksAndComments() {
  while (pos_ < input_.size()) {
    if (IsBlank(Peek())) {
      ++pos_;
    } else if (Peek() == '#' && !in_duration_) {
      while (pos_ < input_.size() && Peek() != '\n' && Peek() != '\r') ++pos_;
    } else {
      return;
    }
  }
}

int Lexer::Take() {
  const int c = Peek();
  if (c != kEnd) ++pos_;
  return c;
}

bool Lexer::Is(std::string_view set) const {
  return Peek() != kEnd && set.find(static_cast<char>(Peek())) != std::string_view::npos;
}

bool Lexer::Accept(std::string_view set) {
  if (!Is(set)) return false;
  ++pos_;
  return true;
}

Item Lexer::Emit(Token token) {
  return {.token = token,
          .pos = static_cast<uint32_t>(start_),
          .text = input_.substr(start_, pos_ - start_),
          .error = ""};
}

Item Lexer::Error(std::string message) {
  return {.token = Token::kError,
          .pos = static_cast<uint32_t>(start_),
          .text = input_.substr(start_, pos_ - start_),
          .error = std::move(message)};
}

std::string Lexer::QuotedRuneAt(size_t pos) const {
  if (pos >= input_.size()) return "'\xEF\xBF\xBD'";
  const std::string_view rest = input_.substr(pos);
  const size_t length = RuneLength(rest);
  if (length == 0) return "'\xEF\xBF\xBD'";
  if (rest[0] == '\'') return "'\\''";
  if (length == 1 && rest[0] == '"') return "'\"'";
  const std::string quoted = Quote(rest.substr(0, length));
  return fmt::format("'{}'", std::string_view(quoted).substr(1, quoted.size() - 2));
}

Item Lexer::LexStatement() {
  const int c = Take();
  if (c == kEnd) {
    if (paren_depth_ != 0) return Error("unclosed left parenthesis");
    if (bracket_open_) return Error("unclosed left bracket");
    return Emit(Token::kEof);
  }
  if (IsDigit(c) || (c == '.' && IsDigit(Peek()))) {
    --pos_;
    return LexNumberOrDuration();
  }
  if (IsAlpha(c) || c == ':') return LexWordCharacter(static_cast<char>(c));
  if (c == '"' || c == '\'') return LexString(static_cast<char>(c));
  if (c == '`') return LexRawString();
  return LexOperator(static_cast<char>(c));
}

Item Lexer::LexWordCharacter(char c) {
  if (!bracket_open_) {
    --pos_;
    return LexWord();
  }
  if (c == ':') {
    if (got_colon_) return Error("unexpected colon ':'");
    got_colon_ = true;
    return Emit(Token::kColon);
  }
  while (IsAlpha(Peek())) ++pos_;
  if (const auto token = FindDurationKeyword(input_.substr(start_, pos_ - start_))) {
    return Emit(*token);
  }
  return Error(fmt::format("unexpected character: {}, expected ':'", QuotedRuneAt(start_)));
}

Item Lexer::LexOperator(char c) {
  switch (c) {
    case ',':
      return Emit(Token::kComma);
    case '*':
      return Emit(Token::kMul);
    case '/':
      return Emit(Token::kDiv);
    case '%':
      return Emit(Token::kMod);
    case '+':
      return Emit(Token::kAdd);
    case '-':
      return Emit(Token::kSub);
    case '^':
      return Emit(Token::kPow);
    case '@':
      return Emit(Token::kAt);
    case '=':
      if (Accept("=")) return Emit(Token::kEqual);
      if (Is("~")) return Error("unexpected character after '=': '~'");
      return Emit(Token::kAssign);
    case '!':
      if (Accept("=")) return Emit(Token::kNotEqual);
      return Error(fmt::format("unexpected character after '!': {}", QuotedRuneAt(pos_)));
    case '<':
      if (Accept("=")) return Emit(Token::kLessEqual);
      return Accept("/") ? Emit(Token::kTrimUpper) : Emit(Token::kLess);
    case '>':
      if (Accept("=")) return Emit(Token::kGreaterEqual);
      return Accept("/") ? Emit(Token::kTrimLower) : Emit(Token::kGreater);
    default:
      return LexBracketed(c);
  }
}

Item Lexer::LexBracketed(char c) {
  switch (c) {
    case '(':
      ++paren_depth_;
      return Emit(Token::kLeftParen);
    case ')':
      if (--paren_depth_ >= 0) return Emit(Token::kRightParen);
      start_ = pos_;  // Prometheus points behind it
      return Error("unexpected right parenthesis ')'");
    case '{':
      brace_open_ = true;
      return Emit(Token::kLeftBrace);
    case '[':
      if (bracket_open_) return Error("unexpected left bracket '['");
      got_colon_ = got_duration_ = false;
      bracket_open_ = in_duration_ = true;
      return Emit(Token::kLeftBracket);
    case ']':
      if (!bracket_open_) return Error("unexpected right bracket ']'");
      bracket_open_ = in_duration_ = false;
      return Emit(Token::kRightBracket);
    default:
      return Error(fmt::format("unexpected character: {}", QuotedRuneAt(start_)));
  }
}

// Between [ and the first number.
Item Lexer::LexInDuration() {
  const int c = Take();
  if (c == kEnd) return Error("unexpected end of input in duration expression");
  if (c == ':') {
    if (!got_duration_) return Error("unexpected colon before duration in duration expression");
    if (got_colon_) return Error("unexpected repeated colon in duration expression");
    got_colon_ = true;
    return Emit(Token::kColon);
  }
  if (IsDigit(c) || (c == '.' && IsDigit(Peek()))) {
    --pos_;
    got_duration_ = true;
    in_duration_ = false;
    return LexNumberOrDuration();
  }
  if (std::string_view("()]+-*/%^,").find(static_cast<char>(c)) != std::string_view::npos) {
    return LexOperator(static_cast<char>(c));
  }
  if (std::string_view("srmSRM").find(static_cast<char>(c)) != std::string_view::npos) {
    while (IsAlpha(Peek())) ++pos_;
    if (const auto token = FindDurationKeyword(input_.substr(start_, pos_ - start_))) {
      got_duration_ = true;
      return Emit(*token);
    }
  }
  return Error(
      fmt::format("unexpected character in duration expression: {}", QuotedRuneAt(start_)));
}

Item Lexer::LexInsideBraces() {
  const int c = Take();
  if (c == kEnd) return Error("unexpected end of input inside braces");
  if (IsAlpha(c)) {
    while (IsAlphaNumeric(Peek())) ++pos_;
    return Emit(Token::kIdentifier);
  }
  switch (c) {
    case ',':
      return Emit(Token::kComma);
    case '"':
    case '\'':
      return LexString(static_cast<char>(c));
    case '`':
      return LexRawString();
    case '=':
      return Accept("~") ? Emit(Token::kEqualRegex) : Emit(Token::kAssign);
    case '!':
      if (Accept("~")) return Emit(Token::kNotEqualRegex);
      if (Accept("=")) return Emit(Token::kNotEqual);
      return Error(
          fmt::format("unexpected character after '!' inside braces: {}", QuotedRuneAt(pos_)));
    case '{':
      return Error("unexpected left brace '{'");
    case '}':
      brace_open_ = false;
      return Emit(Token::kRightBrace);
    default:
      return Error(fmt::format("unexpected character inside braces: {}", QuotedRuneAt(start_)));
  }
}

Item Lexer::LexWord() {
  while (IsAlphaNumeric(Peek()) || Peek() == ':') ++pos_;
  const std::string_view word = input_.substr(start_, pos_ - start_);
  if (const auto token = FindKeyword(word)) return Emit(*token);
  const bool metric = word.find(':') != std::string_view::npos;
  return Emit(metric ? Token::kMetricIdentifier : Token::kIdentifier);
}

Item Lexer::LexString(char quote) {
  while (true) {
    const size_t at = pos_;
    const int c = Take();
    if (c == kEnd || c == '\n') return Error("unterminated quoted string");
    if (c == quote) return Emit(Token::kString);
    if (c == '\\') {
      std::string error;
      if (!ScanEscape(quote, &error)) return Error(std::move(error));
    } else if (c >= 0x80) {
      const size_t length = RuneLength(input_.substr(at));
      if (length == 0) return Error("invalid UTF-8 rune");
      pos_ = at + length;
    }
  }
}

Item Lexer::LexRawString() {
  while (true) {
    const size_t at = pos_;
    const int c = Take();
    if (c == kEnd) return Error("unterminated raw string");
    if (c == '`') return Emit(Token::kString);
    if (c >= 0x80) {
      const size_t length = RuneLength(input_.substr(at));
      if (length == 0) return Error("invalid UTF-8 rune");
      pos_ = at + length;
    }
  }
}

// The escapes of Go strings; the backslash was taken.
bool Lexer::ScanEscape(char quote, std::string* error) {
  const size_t at = pos_;
  const int c = Take();
  if (c == kEnd) {
    *error = "escape sequence not terminated";
    return false;
  }
  if (c == quote ||
      std::string_view("abfnrtv\\").find(static_cast<char>(c)) != std::string_view::npos) {
    return true;
  }
  int digits = 0;
  uint32_t base = 16;
  if (c >= '0' && c <= '7') {
    digits = 3, base = 8, pos_ = at;
  } else if (c == 'x') {
    digits = 2;
  } else if (c == 'u') {
    digits = 4;
  } else if (c == 'U') {
    digits = 8;
  } else {
    *error = fmt::format("unknown escape sequence U+{:04X} {}", c, QuotedRuneAt(at));
    return false;
  }
  uint64_t value = 0;
  for (int i = 0; i < digits; ++i) {
    const size_t here = pos_;
    const int d = Take();
    const uint32_t digit = IsDigit(d)             ? static_cast<uint32_t>(d - '0')
                           : d >= 'a' && d <= 'f' ? static_cast<uint32_t>(d - 'a' + 10)
                           : d >= 'A' && d <= 'F' ? static_cast<uint32_t>(d - 'A' + 10)
                                                  : base;
    if (d == kEnd || digit >= base) {
      *error = d == kEnd ? std::string("escape sequence not terminated")
                         : fmt::format("illegal character U+{:04X} {} in escape sequence", d,
                                       QuotedRuneAt(here));
      return false;
    }
    value = value * base + digit;
  }
  const bool byte = digits < 4;
  if ((byte && value > 255) || value > 0x10FFFF || (!byte && value >= 0xD800 && value < 0xE000)) {
    *error = "escape sequence is an invalid Unicode code point";
    return false;
  }
  return true;
}

Item Lexer::LexNumberOrDuration() {
  if (ScanNumber()) return Emit(Token::kNumber);
  if (AcceptRestOfDuration()) return Emit(Token::kDuration);
  return Error(fmt::format("bad number or duration syntax: {}",
                           Quote(input_.substr(start_, pos_ - start_))));
}

// Decimal or hexadecimal, with `_` between digits. False leaves pos_ after what was taken, for the
// duration attempt and the error text.
bool Lexer::ScanNumber() {
  std::string_view digits = "0123456789";
  std::string_view exponent = "eE";
  if (Accept("0") && Accept("xX")) {
    Accept("_");
    digits = "0123456789abcdefABCDEF";
    exponent = "";
  }
  Accept(".");
  bool dot = pos_ > start_ && input_[pos_ - 1] == '.';
  bool exponent_seen = false;
  while (Is(digits) || Is("._") || Is(exponent)) {
    if (Accept(".")) {
      if (dot || exponent.empty()) return false;
      dot = true;
      if (Accept("_.")) return false;
    } else if (!exponent.empty() && Accept(exponent)) {
      if (exponent_seen) return false;
      exponent_seen = true;
      Accept("+-");
      if (Accept("._eE") || Peek() == kEnd) return false;
    } else if (Accept("_")) {
      if (Accept("._eE") || Peek() == kEnd) return false;
    } else {
      while (Accept(digits)) {
      }
    }
  }
  return !IsAlphaNumeric(Peek());
}

// After the first digits: a unit, then more digits with units. Wrong order or units show when it is
// parsed.
bool Lexer::AcceptRestOfDuration() {
  if (!Accept("smhdwy")) return false;
  Accept("s");
  while (Accept("0123456789")) {
    while (Accept("0123456789")) {
    }
    if (!Accept("smhdw")) return false;
    Accept("s");
  }
  if (!IsAlphaNumeric(Peek())) return true;
  ++pos_;
  return false;
}

}  // namespace outrider::promql
