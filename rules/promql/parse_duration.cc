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

constexpr std::string_view kRangeContext = "subquery or range selector";
constexpr std::string_view kOffsetContext = "offset";
constexpr std::string_view kWanted = "number, duration, step(), or range()";
constexpr double kMillisPerSecond = 1000;
// What Prometheus' nanoseconds in 64 bits hold.
constexpr double kMaxSeconds = 9223372036;

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

// The first thing between digits that is no unit; empty: all are.
std::string_view UnknownUnit(std::string_view duration) {
  constexpr std::string_view kUnits[] = {"ms", "s", "m", "h", "d", "w", "y"};
  constexpr std::string_view kDigits = "0123456789";
  while (!duration.empty()) {
    duration.remove_prefix(std::min(duration.find_first_not_of(kDigits), duration.size()));
    const std::string_view unit = duration.substr(0, duration.find_first_of(kDigits));
    if (std::ranges::find(kUnits, unit) == std::end(kUnits)) return unit;
    duration.remove_prefix(unit.size());
  }
  return "";
}

bool IsLiteral(const DurationExpr& e) { return e.op == Token::kNumber; }

}  // namespace

StatusOr<double> Parser::NumberValue(const Item& item) const {
  std::string text(item.text);
  std::erase(text, '_');
  const auto failure = [&](std::string_view why) {
    return ErrorAt(item.pos, fmt::format("error parsing number: strconv.ParseFloat: parsing {}: {}",
                                         Quote(text), why));
  };
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
  const std::string_view unknown = UnknownUnit(item.text);
  if (!unknown.empty()) {
    return ErrorAt(item.pos,
                   fmt::format("unknown unit {} in duration {}", Quote(unknown), Quote(item.text)));
  }
  const StatusOr<DurationMs> value = ParseDuration(item.text);
  if (!value.ok()) return ErrorAt(item.pos, Message(value.status()));
  return *value;
}

bool Parser::StartsDuration() const {
  switch (current_.token) {
    case Token::kNumber:
    case Token::kDuration:
    case Token::kLeftParen:
    case Token::kAdd:
    case Token::kSub:
    case Token::kStep:
    case Token::kRange:
    case Token::kMinOf:
    case Token::kMaxOf:
      return true;
    default:
      return false;
  }
}

StatusOr<Parser::DurationPtr> Parser::NewDuration(Token op, DurationPtr lhs,
                                                  DurationPtr rhs) const {
  auto made = std::make_unique<DurationExpr>();
  made->op = op;
  made->lhs = std::move(lhs);
  made->rhs = std::move(rhs);
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
    spec.ms = std::llround(expr->value * kMillisPerSecond);
    if (spec.ms <= 0) return ErrorAt(start, "duration must be greater than 0");
    if (!expr->wrapped) return spec;
    spec.ms = 0;
  }
  spec.expr = std::move(expr);
  return spec;
}

// Operators behind an offset belong to the expression around it, unless parentheses hold them.
StatusOr<DurationSpec> Parser::ParseOffsetDuration() {
  DurationPtr expr = TRY(ParseSignedDuration(0, kOffsetContext));
  DurationSpec spec;
  if (IsLiteral(*expr) && !expr->wrapped) {
    spec.ms = std::llround(expr->value * kMillisPerSecond);
  } else {
    spec.expr = std::move(expr);
  }
  return spec;
}

// Operands and the operators between them that bind at least so strongly.
StatusOr<Parser::DurationPtr> Parser::ParseDurationSum(int min_strength) {
  const Guard guard(&recursion_);
  TRY(CheckDepth());
  DurationPtr lhs = TRY(ParseSignedDuration(kPowStrength, kRangeContext));
  for (int strength = StrengthOf(current_.token); strength >= min_strength && strength > 0;
       strength = StrengthOf(current_.token)) {
    const Item op = Take();
    // Only ^ groups to the right.
    DurationPtr rhs = TRY(ParseDurationSum(op.token == Token::kPow ? strength : strength + 1));
    if (IsLiteral(*rhs) && rhs->value == 0) {
      if (op.token == Token::kDiv) return ErrorAt(op.pos, "division by zero");
      if (op.token == Token::kMod) return ErrorAt(op.pos, "modulo by zero");
    }
    lhs = TRY(NewDuration(op.token, std::move(lhs), std::move(rhs)));
  }
  return lhs;
}

// An operand with its sign. The sign reaches over operators that bind at least as strongly as
// `reach`; 0: over one bare operand.
StatusOr<Parser::DurationPtr> Parser::ParseSignedDuration(int reach, std::string_view context) {
  if (!At(Token::kAdd) && !At(Token::kSub)) return ParseDurationOperand(context);
  const Token sign = Take().token;
  DurationPtr operand = TRY(reach == 0 ? ParseDurationOperand(context) : ParseDurationSum(reach));
  if (sign == Token::kAdd) return operand;
  if (IsLiteral(*operand) && !operand->wrapped) {
    operand->value = -operand->value;
    return operand;
  }
  return NewDuration(sign, nullptr, std::move(operand));
}

StatusOr<Parser::DurationPtr> Parser::ParseDurationOperand(std::string_view context) {
  if (At(Token::kNumber) || At(Token::kDuration)) return ParseDurationLiteral();
  if (At(Token::kLeftParen)) {
    Take();
    DurationPtr inner = TRY(ParseDurationSum(1));
    TRY(Expect(Token::kRightParen));
    inner->wrapped = true;
    return inner;
  }
  const bool sign = At(Token::kAdd) || At(Token::kSub);
  if (sign || !StartsDuration()) return Unexpected(context, kWanted);
  return ParseDurationWord();
}

StatusOr<Parser::DurationPtr> Parser::ParseDurationLiteral() {
  const Item item = Take();
  DurationPtr literal = TRY(NewDuration(Token::kNumber, nullptr, nullptr));
  if (item.token == Token::kDuration) {
    literal->written_as_duration = true;
    literal->value = static_cast<double>(TRY(DurationValue(item))) / kMillisPerSecond;
  } else {
    literal->value = TRY(NumberValue(item));
  }
  // Also refuses NaN.
  if (!(std::fabs(literal->value) <= kMaxSeconds)) {
    return ErrorAt(item.pos, "duration out of range");
  }
  return literal;
}

// step(), range(), min_of(a, b), max_of(a, b).
StatusOr<Parser::DurationPtr> Parser::ParseDurationWord() {
  const Token word = Take().token;
  DurationPtr lhs;
  DurationPtr rhs;
  TRY(Expect(Token::kLeftParen, kRangeContext, kWanted));
  if (word == Token::kMinOf || word == Token::kMaxOf) {
    lhs = TRY(ParseDurationSum(1));
    TRY(Expect(Token::kComma, kRangeContext, kWanted));
    rhs = TRY(ParseDurationSum(1));
  }
  TRY(Expect(Token::kRightParen, kRangeContext, kWanted));
  return NewDuration(word, std::move(lhs), std::move(rhs));
}

}  // namespace outrider::promql
