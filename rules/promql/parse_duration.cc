// SPDX-License-Identifier: Apache-2.0
// Numbers, and the arithmetic of durations in [ ] and after `offset`. What is a plain number when
// parsed becomes milliseconds at once; everything else is a DurationExpr. Source:
// specs/prometheus.md §2.2.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "rules/promql/duration_expr.h"
#include "rules/promql/parser_state.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

constexpr double kMillisPerSecond = 1000;
// What Prometheus' nanoseconds in 64 bits hold.
constexpr double kMaxSeconds = 9223372036.854775808;

// How strongly an operator binds; 0: none of durations.
struct Strength {
  Token op;
  int strength;
};
constexpr int kSignStrength = 2;
constexpr int kPowStrength = 3;
constexpr Strength kStrengths[] = {
    {Token::kAdd, 1},
    {Token::kSub, 1},
    {Token::kMul, kSignStrength},
    {Token::kDiv, kSignStrength},
    {Token::kMod, kSignStrength},
    {Token::kPow, kPowStrength},
};

int StrengthOf(Token op) {
  const auto* found = std::ranges::find(kStrengths, op, &Strength::op);
  return found == std::end(kStrengths) ? 0 : found->strength;
}

// The whole text as an integer of `base` that fits 64 bits with sign.
std::optional<int64_t> WholeInteger(std::string_view digits, int base) {
  int64_t value = 0;
  const char* begin = digits.data();
  const char* end = begin + digits.size();
  const auto [stop, error] = std::from_chars(begin, end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// Also of NaN.
bool OutOfRange(double seconds) { return !(std::fabs(seconds) <= kMaxSeconds); }

// Nanoseconds are rounded, milliseconds are not.
DurationMs MillisOf(double seconds) { return std::llround(seconds * 1e9) / kNanosPerMilli; }

bool IsLiteral(const DurationExpr& e) { return e.op == Token::kNumber; }

}  // namespace

StatusOr<double> Parser::NumberValue(const Item& item) const {
  std::string text(item.text);
  std::erase(text, '_');
  const auto failure = [&](std::string_view why) {
    return ErrorAt(item.pos, fmt::format("error parsing number: strconv.ParseFloat: parsing {}: {}",
                                         Quote(item.text), why));
  };
  // The lexer has seen to underscores everywhere else.
  if (item.text.ends_with('_')) return failure("invalid syntax");
  if (text.starts_with("0x") || text.starts_with("0X")) {
    const auto value = WholeInteger(std::string_view(text).substr(2), 16);
    if (!value) return failure("invalid syntax");
    return static_cast<double>(*value);
  }
  // As in Go, a leading zero means octal where it can.
  if (text.starts_with('0')) {
    if (const auto value = WholeInteger(text, 8)) return static_cast<double>(*value);
  }
  const StatusOr<double> value = ParseDouble(text);
  if (!value.ok()) return failure("invalid syntax");
  const bool written_out = text.find_first_of("0123456789") != std::string::npos;
  if (written_out && std::isinf(*value)) return failure("value out of range");
  return *value;
}

StatusOr<DurationMs> Parser::DurationValue(const Item& item) const {
  const StatusOr<DurationMs> value = ParseDuration(item.text);
  if (!value.ok()) return ErrorAt(item.pos, Message(value.status()));
  return *value;
}

StatusOr<Parser::DurationPtr> Parser::NewDuration(Token op, DurationPtr lhs, DurationPtr rhs,
                                                  PosRange pos) const {
  auto made = std::make_unique<DurationExpr>();
  made->op = op;
  made->lhs = std::move(lhs);
  made->rhs = std::move(rhs);
  made->pos = pos;
  for (const DurationExpr* child : {made->lhs.get(), made->rhs.get()}) {
    if (child != nullptr) made->depth = std::max(made->depth, child->depth + 1);
  }
  if (made->depth <= kMaxDepth) return made;
  return ErrorAt(current_.pos, fmt::format("expression nests deeper than {} levels", kMaxDepth));
}

StatusOr<DurationSpec> Parser::ParsePositiveDuration() {
  const uint32_t start = current_.pos;
  DurationPtr expr = TRY(ParseDurationSum(1));
  DurationSpec spec;
  if (IsLiteral(*expr)) {
    if (expr->value <= 0) return ErrorBehind(start, "duration must be greater than 0");
    // What is less than a millisecond still is a range.
    spec.ms = std::max<DurationMs>(MillisOf(expr->value), 1);
  } else {
    spec.expr = std::move(expr);
  }
  return spec;
}

// Operators behind an offset belong to the expression around it, unless it begins with parentheses
// or two signs: then, as in Prometheus, they go on with the duration.
StatusOr<DurationSpec> Parser::ParseOffsetDuration() {
  Lexer ahead = lexer_;
  const bool sign = At(Token::kAdd) || At(Token::kSub);
  const Token second = sign ? ahead.Next().token : Token::kEof;
  const bool two_signs = second == Token::kAdd || second == Token::kSub;
  const uint32_t start = current_.pos;
  DurationPtr expr;
  if (At(Token::kLeftParen) || two_signs) {
    expr = TRY(ParseDurationSum(1));
    if (At(Token::kError)) return Unexpected();
  } else {
    expr = TRY(ParseSignedDuration(0));
  }
  if (IsLiteral(*expr) && OutOfRange(expr->value)) return ErrorAt(start, "duration out of range");
  DurationSpec spec;
  if (IsLiteral(*expr)) {
    spec.ms = MillisOf(expr->value);
  } else {
    spec.expr = std::move(expr);
  }
  return spec;
}

// Operands and the operators between them that bind at least so strongly.
StatusOr<Parser::DurationPtr> Parser::ParseDurationSum(int min_strength) {
  const Guard guard(&recursion_);
  TRY(CheckDepth());
  DurationPtr lhs = TRY(ParseSignedDuration(kPowStrength));
  for (int strength = StrengthOf(current_.token); strength >= min_strength && strength > 0;
       strength = StrengthOf(current_.token)) {
    const Item op = Take();
    // Only ^ groups to the right.
    DurationPtr rhs = TRY(ParseDurationSum(op.token == Token::kPow ? strength : strength + 1));
    if (IsLiteral(*rhs) && rhs->value == 0) {
      if (op.token == Token::kDiv) return ErrorBehind(op.pos, "division by zero");
      if (op.token == Token::kMod) return ErrorBehind(op.pos, "modulo by zero");
    }
    const PosRange pos{lhs->pos.start, rhs->pos.end};
    lhs = TRY(NewDuration(op.token, std::move(lhs), std::move(rhs), pos));
  }
  return lhs;
}

// An operand with its sign. The sign reaches over operators that bind at least as strongly as
// `reach`; 0: over one bare operand.
StatusOr<Parser::DurationPtr> Parser::ParseSignedDuration(int reach) {
  if (!At(Token::kAdd) && !At(Token::kSub)) return ParseDurationOperand();
  const Item sign = Take();
  // The position of what is out of range is that of the sign in front of a bare number only.
  const bool number = At(Token::kNumber) || At(Token::kDuration);
  if (reach == 0 && number) {
    DurationPtr literal = TRY(ParseDurationLiteral());
    if (sign.token == Token::kSub) literal->value = -literal->value;
    literal->pos.start = sign.pos;
    return literal;
  }
  DurationPtr operand = TRY(reach == 0 ? ParseDurationOperand() : ParseDurationSum(reach));
  if (IsLiteral(*operand)) {
    if (sign.token == Token::kSub) operand->value = -operand->value;
    operand->pos.start = sign.pos;
    return operand;
  }
  if (sign.token == Token::kAdd) return operand;
  const PosRange pos{sign.pos, operand->pos.end};
  return NewDuration(sign.token, nullptr, std::move(operand), pos);
}

StatusOr<Parser::DurationPtr> Parser::ParseDurationOperand() {
  const uint32_t start = current_.pos;
  if (At(Token::kNumber) || At(Token::kDuration)) {
    DurationPtr literal = TRY(ParseDurationLiteral());
    if (OutOfRange(literal->value)) return ErrorAt(start, "duration out of range");
    return literal;
  }
  if (At(Token::kLeftParen)) return ParseDurationParen();
  if (At(Token::kStep) || At(Token::kRange) || At(Token::kMinOf) || At(Token::kMaxOf)) {
    return ParseDurationWord();
  }
  return Unexpected();
}

StatusOr<Parser::DurationPtr> Parser::ParseDurationParen() {
  const uint32_t start = Take().pos;
  DurationPtr inner = TRY(ParseDurationSum(1));
  TRY(Expect(Token::kRightParen));
  // A number in parentheses is no plain number any more: its checks come when it is computed.
  if (IsLiteral(*inner)) {
    inner = TRY(NewDuration(Token::kAdd, nullptr, std::move(inner), {start, end_}));
  }
  inner->wrapped = true;
  return inner;
}

StatusOr<Parser::DurationPtr> Parser::ParseDurationLiteral() {
  const Item item = Take();
  DurationPtr literal = TRY(NewDuration(Token::kNumber, nullptr, nullptr, {item.pos, item.end()}));
  if (item.token == Token::kDuration) {
    literal->written_as_duration = true;
    literal->value = static_cast<double>(TRY(DurationValue(item))) / kMillisPerSecond;
  } else {
    literal->value = TRY(NumberValue(item));
  }
  return literal;
}

// step(), range(), min_of(a, b), max_of(a, b).
StatusOr<Parser::DurationPtr> Parser::ParseDurationWord() {
  const Item word = Take();
  DurationPtr lhs;
  DurationPtr rhs;
  TRY(Expect(Token::kLeftParen));
  if (word.token == Token::kMinOf || word.token == Token::kMaxOf) {
    lhs = TRY(ParseDurationSum(1));
    TRY(Expect(Token::kComma));
    rhs = TRY(ParseDurationSum(1));
  }
  TRY(Expect(Token::kRightParen));
  // As in Prometheus, the position of min_of and max_of is that of their arguments.
  const PosRange pos = lhs ? PosRange{lhs->pos.start, rhs->pos.end} : PosRange{word.pos, end_};
  return NewDuration(word.token, std::move(lhs), std::move(rhs), pos);
}

}  // namespace outrider::promql
