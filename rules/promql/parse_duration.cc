// SPDX-License-Identifier: Apache-2.0
// Numbers, durations, and the arithmetic on durations inside [ ] and after `offset`. After `offset`
// a binary operator that is not in parentheses belongs to the surrounding expression.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "rules/promql/parser_state.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

constexpr double kMaxSeconds = 9223372036.0;  // nanoseconds in 64 bits
constexpr int kSignPrecedence = 3;            // a sign binds tighter than * and looser than ^

int Precedence(Token op) {
  switch (op) {
    case Token::kAdd:
    case Token::kSub:
      return 1;
    case Token::kMul:
    case Token::kDiv:
    case Token::kMod:
      return 2;
    case Token::kPow:
      return kSignPrecedence;
    default:
      return 0;
  }
}

struct Unit {
  std::string_view text;
  int64_t ms;
};
// From long to short: the order in which they may be written.
constexpr Unit kUnits[] = {{"y", 365 * kDay}, {"w", 7 * kDay}, {"d", kDay}, {"h", kHour},
                           {"m", kMinute},    {"s", kSecond},  {"ms", 1}};

// Integers as Go's ParseInt with base 0 reads them: 0x…, 0o…, 0b…, a leading 0 is octal.
bool ParseGoInteger(std::string text, double* value) {
  int base = 10;
  size_t from = 0;
  if (text.size() > 1 && text[0] == '0') {
    const char kind = static_cast<char>(text[1] | 0x20);
    base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 8;
    from = kind == 'x' || kind == 'o' || kind == 'b' ? 2 : 1;
  }
  int64_t parsed = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + from, end, parsed, base);
  if (error != std::errc() || at != end) return false;
  *value = static_cast<double>(parsed);
  return true;
}

}  // namespace

StatusOr<double> Parser::NumberValue(const Item& item) const {
  std::string text;
  for (const char c : item.text) {
    if (c != '_') text += c;
  }
  double value = 0;
  if (ParseGoInteger(text, &value)) return value;
  const StatusOr<double> parsed = ParseDouble(text);
  if (parsed.ok()) return *parsed;
  return ErrorAt(item.pos, fmt::format("error parsing number: strconv.ParseFloat: parsing {}: {}",
                                       Quote(item.text), Message(parsed.status())));
}

StatusOr<DurationMs> Parser::DurationValue(const Item& item) const {
  const std::string_view text = item.text;
  size_t next_unit = 0;
  int64_t total = 0;
  size_t i = 0;
  while (i < text.size()) {
    int64_t count = 0;
    const auto [end, error] =
        std::from_chars(text.data() + i, text.data() + text.size(), count, 10);
    i = static_cast<size_t>(end - text.data());
    size_t unit_end = i;
    while (unit_end < text.size() && (text[unit_end] < '0' || text[unit_end] > '9')) ++unit_end;
    const std::string_view name = text.substr(i, unit_end - i);
    i = unit_end;
    size_t unit = 0;
    while (unit < std::size(kUnits) && kUnits[unit].text != name) ++unit;
    if (unit == std::size(kUnits)) {
      return ErrorAt(item.pos,
                     fmt::format("unknown unit {} in duration {}", Quote(name), Quote(text)));
    }
    if (unit < next_unit) {
      return ErrorAt(item.pos, fmt::format("not a valid duration string: {}", Quote(text)));
    }
    next_unit = unit + 1;
    int64_t part = 0;
    if (error != std::errc() || __builtin_mul_overflow(count, kUnits[unit].ms, &part) ||
        __builtin_add_overflow(total, part, &total) ||
        static_cast<double>(total) / 1000 > kMaxSeconds) {
      return ErrorAt(item.pos, "duration out of range");
    }
  }
  return total;
}

bool Parser::StartsDuration() const {
  switch (current_.token) {
    case Token::kNumber:
    case Token::kDuration:
    case Token::kAdd:
    case Token::kSub:
    case Token::kLeftParen:
    case Token::kStep:
    case Token::kRange:
    case Token::kMinOf:
    case Token::kMaxOf:
      return true;
    default:
      return false;
  }
}

StatusOr<Parser::DurationPtr> Parser::ParseDurationNumber() {
  const Item item = Take();
  auto number = std::make_unique<DurationExpr>();
  if (item.token == Token::kDuration) {
    number->value = static_cast<double>(TRY(DurationValue(item))) / 1000;
    number->written_as_duration = true;
  } else {
    number->value = TRY(NumberValue(item));
  }
  if (!(std::fabs(number->value) <= kMaxSeconds)) {
    return ErrorAt(item.pos, "duration out of range");
  }
  return number;
}

// step() range() min_of(a, b) max_of(a, b).
StatusOr<Parser::DurationPtr> Parser::ParseDurationCall() {
  constexpr std::string_view kContext = "subquery or range selector";
  constexpr std::string_view kExpected = "number, duration, step(), or range()";
  auto call = std::make_unique<DurationExpr>();
  call->op = Take().token;
  TRY(Expect(Token::kLeftParen, kContext, kExpected));
  if (call->op == Token::kMinOf || call->op == Token::kMaxOf) {
    call->lhs = TRY(ParseDurationBinary(1));
    TRY(Expect(Token::kComma, kContext, kExpected));
    call->rhs = TRY(ParseDurationBinary(1));
    call->depth = 1 + std::max(call->lhs->depth, call->rhs->depth);
  }
  TRY(Expect(Token::kRightParen, kContext, kExpected));
  return call;
}

StatusOr<Parser::DurationPtr> Parser::ParseDurationPrimary(bool offset) {
  switch (current_.token) {
    case Token::kNumber:
    case Token::kDuration:
      return ParseDurationNumber();
    case Token::kStep:
    case Token::kRange:
    case Token::kMinOf:
    case Token::kMaxOf:
      return ParseDurationCall();
    case Token::kLeftParen: {
      Take();
      DurationPtr inner = TRY(ParseDurationBinary(1));
      TRY(Expect(Token::kRightParen));
      inner->wrapped = true;
      return inner;
    }
    default:
      return Unexpected(offset ? "offset" : "subquery or range selector",
                        "number, duration, step(), or range()");
  }
}

StatusOr<Parser::DurationPtr> Parser::ParseDurationUnary(bool offset) {
  if (!At(Token::kAdd) && !At(Token::kSub)) return ParseDurationPrimary(offset);
  const Guard guard(&recursion_);
  TRY(CheckDepth());
  const Token sign = Take().token;
  DurationPtr operand =
      TRY(offset ? ParseDurationPrimary(true) : ParseDurationBinary(kSignPrecedence));
  if (operand->op == Token::kNumber && !operand->wrapped) {
    if (sign == Token::kSub) operand->value = -operand->value;
    return operand;
  }
  auto unary = std::make_unique<DurationExpr>();
  unary->op = sign;
  unary->depth = operand->depth + 1;
  unary->rhs = std::move(operand);
  return unary;
}

StatusOr<Parser::DurationPtr> Parser::ParseDurationBinary(int min_precedence) {
  const Guard guard(&recursion_);
  TRY(CheckDepth());
  DurationPtr lhs = TRY(ParseDurationUnary(false));
  while (true) {
    const int precedence = Precedence(current_.token);
    if (precedence == 0 || precedence < min_precedence) return lhs;
    const Item op = Take();
    auto binary = std::make_unique<DurationExpr>();
    binary->op = op.token;
    binary->rhs = TRY(ParseDurationBinary(op.token == Token::kPow ? precedence : precedence + 1));
    const bool zero = binary->rhs->op == Token::kNumber && binary->rhs->value == 0;
    if (zero && op.token == Token::kDiv) return ErrorAt(op.pos, "division by zero");
    if (zero && op.token == Token::kMod) return ErrorAt(op.pos, "modulo by zero");
    binary->depth = 1 + std::max(lhs->depth, binary->rhs->depth);
    if (binary->depth > kMaxDepth) {
      return ErrorAt(op.pos, fmt::format("expression nests deeper than {} levels", kMaxDepth));
    }
    binary->lhs = std::move(lhs);
    lhs = std::move(binary);
  }
}

namespace {

// A plain number is resolved at once; everything else waits for the query.
DurationSpec ToSpec(std::unique_ptr<DurationExpr> expr) {
  DurationSpec spec;
  if (expr->op == Token::kNumber && !expr->wrapped) {
    spec.ms = std::llround(expr->value * 1000);
  } else {
    spec.expr = std::move(expr);
  }
  return spec;
}

}  // namespace

StatusOr<DurationSpec> Parser::ParsePositiveDuration() {
  const uint32_t start = current_.pos;
  DurationPtr expr = TRY(ParseDurationBinary(1));
  if (expr->op == Token::kNumber && expr->value <= 0) {
    return ErrorAt(start, "duration must be greater than 0");
  }
  return ToSpec(std::move(expr));
}

StatusOr<DurationSpec> Parser::ParseOffsetDuration() {
  DurationPtr expr = TRY(ParseDurationUnary(true));
  return ToSpec(std::move(expr));
}

}  // namespace outrider::promql
