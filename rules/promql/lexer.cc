// SPDX-License-Identifier: Apache-2.0
// Scanners are pure: each looks at the rest of the query and says what stands at its beginning. The
// lexer picks one by the first character, then moves on and follows the areas.
#include "rules/promql/lexer.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "storage/base/text.h"

namespace outrider::promql {

// What a scanner found: a token and its length, or an error and how far behind the scanner's start
// it is reported.
struct LexPiece {
  LexPiece(Token t, size_t n) : token(t), length(n) {}

  static LexPiece Failure(std::string message, size_t behind = 0) {
    LexPiece piece(Token::kError, behind);
    piece.error = std::move(message);
    return piece;
  }

  Token token;
  size_t length;
  std::string error;
};

namespace {

enum CharClass : uint8_t {
  kBlank = 1,
  kDecimal = 2,
  kHexadecimal = 4,
  kLetter = 8,  // and _
  kWord = kDecimal | kLetter,
};

constexpr std::array<uint8_t, 256> kClasses = [] {
  std::array<uint8_t, 256> classes{};
  const auto add = [&](std::string_view chars, uint8_t flag) {
    for (const char c : chars) classes[static_cast<unsigned char>(c)] |= flag;
  };
  add(" \t\r\n", kBlank);
  add("0123456789", kDecimal | kHexadecimal);
  add("abcdefABCDEF", kHexadecimal);
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", kLetter);
  return classes;
}();

// Reads along a text. Peek gives 0 at the end, which is in no class.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Sees(uint8_t classes) const {
    return (kClasses[static_cast<unsigned char>(Peek())] & classes) != 0;
  }
  bool SeesOneOf(std::string_view chars) const {
    return at_ < text_.size() && chars.find(text_[at_]) != std::string_view::npos;
  }
  bool Eat(std::string_view one_of) {
    const bool eaten = SeesOneOf(one_of);
    if (eaten) ++at_;
    return eaten;
  }
  size_t EatRun(uint8_t classes) {
    const size_t before = at_;
    while (Sees(classes)) ++at_;
    return at_ - before;
  }
  void Skip(size_t bytes) { at_ += bytes; }
  size_t at() const { return at_; }
  std::string_view eaten() const { return text_.substr(0, at_); }
  std::string_view rest() const { return text_.substr(at_); }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// The code point a text begins with; the replacement character for none or broken bytes.
struct Rune {
  uint32_t code = 0xFFFD;
  std::string_view text = "\xEF\xBF\xBD";
};

Rune RuneAt(std::string_view text) {
  const std::string_view bytes = RunePrefix(text, 1);
  if (bytes.empty() || !IsValidUtf8(bytes)) return {};
  const auto lead = static_cast<unsigned char>(bytes[0]);
  uint32_t code = bytes.size() == 1 ? lead : lead & (0x7FU >> bytes.size());
  for (const char c : bytes.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3FU);
  return {code, bytes};
}

// Go's %q of the code point: 'é', '\''.
std::string QuotedRune(std::string_view text) {
  const Rune rune = RuneAt(text);
  if (rune.text == "'") return "'\\''";
  if (rune.text == "\"") return "'\"'";
  std::string quoted = Quote(rune.text);
  quoted.front() = quoted.back() = '\'';
  return quoted;
}

// Go's %#U: U+00E9 'é', without the second part when it cannot be printed.
std::string CodePoint(std::string_view text) {
  const Rune rune = RuneAt(text);
  const bool escaped_only_in_quotes = rune.text == "\"" || rune.text == "\\";
  const bool printable = escaped_only_in_quotes || Quote(rune.text).size() == rune.text.size() + 2;
  const std::string code = fmt::format("U+{:04X}", rune.code);
  return printable ? fmt::format("{} '{}'", code, rune.text) : code;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

// What may not stand behind an exponent or an underscore.
bool EndsOrEats(Cursor* cursor) { return cursor->Eat("._eE") || cursor->rest().empty(); }

// Whatever looks like a number; its value is computed, and maybe refused, by the parser. What may
// follow what is Prometheus', so that the cursor stops where its messages do.
bool EatNumber(Cursor* cursor) {
  const bool hexadecimal = cursor->Eat("0") && cursor->Eat("xX");
  const std::string_view digits = hexadecimal ? kHexDigits : kDigits;
  if (hexadecimal) cursor->Eat("_");
  cursor->Eat(".");
  cursor->Eat(digits);
  bool point = false;
  bool exponent = false;
  while (cursor->SeesOneOf("._eE") || cursor->SeesOneOf(digits)) {
    if (cursor->Eat(".")) {
      if (std::exchange(point, true) || cursor->Eat("_.") || hexadecimal) return false;
    } else if (cursor->Eat("eE")) {
      if (std::exchange(exponent, true)) return false;
      cursor->Eat("+-");
      if (EndsOrEats(cursor)) return false;
    } else if (cursor->Eat("_")) {
      if (EndsOrEats(cursor)) return false;
    } else {
      while (cursor->Eat(digits)) continue;
    }
  }
  return cursor->at() > 0 && !cursor->Sees(kWord);
}

// The units behind the first number, and further numbers with units. An s may follow any unit, as
// in Prometheus: ms is one, and the duration's value refuses others.
bool EatUnits(Cursor* cursor) {
  if (!cursor->Eat("smhdwy")) return false;
  cursor->Eat("s");
  while (cursor->EatRun(kDecimal) > 0) {
    if (!cursor->Eat("smhdw")) return false;
    cursor->Eat("s");
  }
  if (!cursor->Sees(kWord)) return true;
  cursor->Skip(1);
  return false;
}

LexPiece ScanNumber(std::string_view rest) {
  Cursor cursor(rest);
  if (EatNumber(&cursor)) return {Token::kNumber, cursor.at()};
  if (EatUnits(&cursor)) return {Token::kDuration, cursor.at()};
  return LexPiece::Failure(fmt::format("bad number or duration syntax: {}", Quote(cursor.eaten())));
}

// Escapes that give a code point or byte by its digits.
struct NumericEscape {
  std::string_view intro;  // behind the backslash
  uint32_t base = 0;
  int digits = 0;
  uint32_t max = 0;
};
constexpr NumericEscape kNumericEscapes[] = {
    {"x", 16, 2, 0xFF},
    {"u", 16, 4, 0x10FFFF},
    {"U", 16, 8, 0x10FFFF},
    {"", 8, 3, 0xFF},
};

uint32_t DigitValue(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0');
  return static_cast<uint32_t>((c | 0x20) - 'a') + 10;
}

// The cursor is behind a backslash. Empty: a good escape has been eaten.
std::string EatEscape(Cursor* cursor, char quote) {
  constexpr const char* kNotTerminated = "escape sequence not terminated";
  if (cursor->rest().empty()) return kNotTerminated;
  if (cursor->Eat("abfnrtv\\") || cursor->Eat({&quote, 1})) return "";
  if (!cursor->SeesOneOf("01234567xuU")) {
    return fmt::format("unknown escape sequence {}", CodePoint(cursor->rest()));
  }
  const NumericEscape* escape = kNumericEscapes;
  while (!escape->intro.empty() && cursor->Peek() != escape->intro[0]) ++escape;
  cursor->Skip(escape->intro.size());
  uint32_t value = 0;
  for (int i = 0; i < escape->digits; ++i) {
    if (cursor->rest().empty()) return kNotTerminated;
    const bool digit = cursor->Sees(kHexadecimal) && DigitValue(cursor->Peek()) < escape->base;
    if (!digit) {
      return fmt::format("illegal character {} in escape sequence", CodePoint(cursor->rest()));
    }
    value = value * escape->base + DigitValue(cursor->Peek());
    cursor->Skip(1);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value > escape->max || surrogate) {
    return "escape sequence is an invalid Unicode code point";
  }
  return "";
}

LexPiece ScanString(std::string_view rest) {
  const char quote = rest[0];
  const bool raw = quote == '`';
  Cursor cursor(rest);
  cursor.Skip(1);
  while (!cursor.rest().empty() && (raw || cursor.Peek() != '\n')) {
    if (cursor.Eat({&quote, 1})) return {Token::kString, cursor.at()};
    if (!raw && cursor.Eat("\\")) {
      std::string error = EatEscape(&cursor, quote);
      if (!error.empty()) return LexPiece::Failure(std::move(error));
      continue;
    }
    const std::string_view rune = RunePrefix(cursor.rest(), 1);
    if (!IsValidUtf8(rune)) return LexPiece::Failure("invalid UTF-8 rune");
    cursor.Skip(rune.size());
  }
  return LexPiece::Failure(raw ? "unterminated raw string" : "unterminated quoted string");
}

constexpr uint8_t In(auto... areas) {
  return static_cast<uint8_t>((0U | ... | (1U << static_cast<unsigned>(areas))));
}

// Signs, where they may stand and what they are there. Of two that fit, the longer comes first.
struct Mark {
  constexpr Mark(std::string_view t, Token k, uint8_t a, std::string_view e = {})
      : text(t), token(k), areas(a), error(e) {}

  std::string_view text;
  Token token;
  uint8_t areas;
  std::string_view error;  // of kError
};

using Area = LexArea;
constexpr uint8_t kOpen = In(Area::kExpression, Area::kRange);
constexpr uint8_t kArithmetic = kOpen | In(Area::kRangeStart);
constexpr uint8_t kMatch = kOpen | In(Area::kBraces);

constexpr Mark kMarks[] = {
    {"==", Token::kEqual, kOpen},
    {"!=", Token::kNotEqual, kMatch},
    {"=~", Token::kEqualRegex, In(Area::kBraces)},
    {"=~", Token::kError, kOpen, "unexpected character after '=': '~'"},
    {"!~", Token::kNotEqualRegex, In(Area::kBraces)},
    {"<=", Token::kLessEqual, kOpen},
    {">=", Token::kGreaterEqual, kOpen},
    {"</", Token::kTrimUpper, kOpen},
    {">/", Token::kTrimLower, kOpen},
    {"<", Token::kLess, kOpen},
    {">", Token::kGreater, kOpen},
    {"=", Token::kAssign, kMatch},
    {"+", Token::kAdd, kArithmetic},
    {"-", Token::kSub, kArithmetic},
    {"*", Token::kMul, kArithmetic},
    {"/", Token::kDiv, kArithmetic},
    {"%", Token::kMod, kArithmetic},
    {"^", Token::kPow, kArithmetic},
    {"(", Token::kLeftParen, kArithmetic},
    {")", Token::kRightParen, kArithmetic},
    {",", Token::kComma, kArithmetic | kMatch},
    {"@", Token::kAt, kOpen},
    {"{", Token::kLeftBrace, kOpen},
    {"{", Token::kError, In(Area::kBraces), "unexpected left brace '{'"},
    {"}", Token::kRightBrace, In(Area::kBraces)},
    {"[", Token::kLeftBracket, In(Area::kExpression)},
    {"[", Token::kError, In(Area::kRange), "unexpected left bracket '['"},
    {"]", Token::kRightBracket, In(Area::kRangeStart, Area::kRange)},
    {"]", Token::kError, In(Area::kExpression), "unexpected right bracket ']'"},
};

}  // namespace

Item Lexer::Next() {
  if (finished_) return last_;
  SkipBlanks();
  const std::string_view rest = input_.substr(pos_);
  LexPiece piece = rest.empty() ? CutEnd() : Cut(rest);
  Item item;
  item.token = piece.token;
  item.pos = static_cast<uint32_t>(pos_);
  if (piece.token == Token::kError) {
    item.pos += static_cast<uint32_t>(piece.length);
    item.error = std::move(piece.error);
  } else {
    item.text = rest.substr(0, piece.length);
    pos_ += piece.length;
    Follow(piece.token);
  }
  finished_ = item.token == Token::kError || item.token == Token::kEof;
  if (finished_) last_ = item;
  return item;
}

void Lexer::SkipBlanks() {
  Cursor cursor(input_.substr(pos_));
  cursor.EatRun(kBlank);
  // Prometheus has no comments before the first value of a range.
  while (area_ != Area::kRangeStart && cursor.Peek() == '#') {
    const size_t line_end = cursor.rest().find('\n');
    cursor.Skip(line_end == std::string_view::npos ? cursor.rest().size() : line_end);
    cursor.EatRun(kBlank);
  }
  pos_ += cursor.at();
}

LexPiece Lexer::Cut(std::string_view rest) const {
  Cursor cursor(rest);
  if (cursor.SeesOneOf("\"'`") && area_ != Area::kRangeStart) return ScanString(rest);
  if (cursor.Sees(kLetter) || (cursor.Peek() == ':' && area_ == Area::kExpression)) {
    return CutWord(rest);
  }
  if (cursor.Peek() == ':' && in_brackets_ && area_ != Area::kBraces) return CutColon();
  const bool leading_point = cursor.Eat(".");
  if (cursor.Sees(kDecimal) && area_ != Area::kBraces) return ScanNumber(rest);
  return leading_point ? Stray(rest) : CutMark(rest);
}

LexPiece Lexer::CutWord(std::string_view rest) const {
  Cursor cursor(rest);
  if (in_brackets_ && area_ != Area::kBraces) {
    cursor.EatRun(kLetter);
    if (const auto token = FindDurationKeyword(cursor.eaten())) return {*token, cursor.at()};
    return Stray(rest);
  }
  cursor.EatRun(kWord);
  if (area_ == Area::kBraces) return {Token::kIdentifier, cursor.at()};
  bool colon = false;
  while (cursor.Eat(":")) {
    colon = true;
    cursor.EatRun(kWord);
  }
  if (colon) return {Token::kMetricIdentifier, cursor.at()};
  Token token = FindKeyword(cursor.eaten()).value_or(Token::kIdentifier);
  const size_t length = cursor.at();
  // Modifiers only with a value behind them, so that metrics of these names keep working.
  if (token == Token::kFill || token == Token::kFillLeft || token == Token::kFillRight) {
    cursor.EatRun(kBlank);
    if (cursor.Peek() != '(') token = Token::kIdentifier;
  }
  return {token, length};
}

LexPiece Lexer::CutMark(std::string_view rest) const {
  for (const Mark& mark : kMarks) {
    if ((mark.areas & In(area_)) == 0 || !rest.starts_with(mark.text)) continue;
    if (mark.token == Token::kError) return LexPiece::Failure(std::string(mark.error));
    if (mark.token == Token::kRightParen && open_parens_ == 0) {
      return LexPiece::Failure("unexpected right parenthesis ')'", 1);
    }
    return {mark.token, mark.text.size()};
  }
  return Stray(rest);
}

// Behind a range. Errors stand behind the colon where only durations are expected.
LexPiece Lexer::CutColon() const {
  if (area_ == Area::kRange && got_colon_) return LexPiece::Failure("unexpected colon ':'");
  if (area_ == Area::kRange) return {Token::kColon, 1};
  if (!got_duration_) {
    return LexPiece::Failure("unexpected colon before duration in duration expression", 1);
  }
  if (got_colon_) {
    return LexPiece::Failure("unexpected repeated colon in duration expression", 1);
  }
  return {Token::kColon, 1};
}

LexPiece Lexer::CutEnd() const {
  if (area_ == Area::kBraces) return LexPiece::Failure("unexpected end of input inside braces");
  if (area_ == Area::kRangeStart) {
    return LexPiece::Failure("unexpected end of input in duration expression");
  }
  if (open_parens_ > 0) return LexPiece::Failure("unclosed left parenthesis");
  if (area_ != Area::kExpression) return LexPiece::Failure("unclosed left bracket");
  return {Token::kEof, 0};
}

// What may not stand here.
LexPiece Lexer::Stray(std::string_view rest) const {
  std::string_view where;
  std::string_view instead;
  if (area_ == Area::kBraces) where = " inside braces";
  if (area_ == Area::kRangeStart) where = " in duration expression";
  if (area_ == Area::kRange && Cursor(rest).Sees(kLetter)) instead = ", expected ':'";
  if (rest[0] == '!' && area_ != Area::kRangeStart) {
    return LexPiece::Failure(
        fmt::format("unexpected character after '!'{}: {}", where, QuotedRune(rest.substr(1))));
  }
  return LexPiece::Failure(
      fmt::format("unexpected character{}: {}{}", where, QuotedRune(rest), instead));
}

void Lexer::Follow(Token token) {
  switch (token) {
    case Token::kLeftParen:
      ++open_parens_;
      break;
    case Token::kLeftBrace:
      area_ = Area::kBraces;
      break;
    case Token::kRightParen:
      --open_parens_;
      break;
    case Token::kLeftBracket:
      area_ = Area::kRangeStart;
      in_brackets_ = true;
      got_colon_ = false;
      break;
    case Token::kRightBracket:
      area_ = Area::kExpression;
      in_brackets_ = false;
      break;
    case Token::kRightBrace:
      area_ = in_brackets_ ? Area::kRange : Area::kExpression;
      break;
    case Token::kColon:
      got_colon_ = true;
      break;
    case Token::kNumber:
    case Token::kDuration:
      if (area_ != Area::kRangeStart) break;
      area_ = Area::kRange;
      got_duration_ = true;
      break;
    default:
      break;
  }
}

}  // namespace outrider::promql
