// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/duration_expr.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rules/promql/limits.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

constexpr double kMillis = 1000;
constexpr double kMaxSeconds = 9223372036.854775808;  // what nanoseconds in 64 bits hold

Status ErrorAt(const DurationExpr& e, std::string_view message) {
  return ExecutionError(fmt::format("{}:{}: {}", e.pos.start, e.pos.end, message));
}

StatusOr<double> Seconds(const DurationExpr& e, const DurationContext& context) {
  switch (e.op) {
    case Token::kNumber:
      return e.value;
    case Token::kStep:
      return static_cast<double>(context.step) / kMillis;
    case Token::kRange:
      return static_cast<double>(context.range) / kMillis;
    default:
      break;
  }
  const double rhs = TRY(Seconds(*e.rhs, context));
  if (e.lhs == nullptr) return e.op == Token::kSub ? -rhs : rhs;
  const double lhs = TRY(Seconds(*e.lhs, context));
  switch (e.op) {
    case Token::kAdd:
      return lhs + rhs;
    case Token::kSub:
      return lhs - rhs;
    case Token::kMul:
      return lhs * rhs;
    case Token::kDiv:
      if (rhs == 0) return ErrorAt(e, "division by zero");
      return lhs / rhs;
    case Token::kMod:
      if (rhs == 0) return ErrorAt(e, "modulo by zero");
      return std::fmod(lhs, rhs);
    case Token::kPow:
      return std::pow(lhs, rhs);
    case Token::kMinOf:
      return std::min(lhs, rhs);
    case Token::kMaxOf:
      return std::max(lhs, rhs);
    default:
      return ExecutionError("unexpected duration expression operator");
  }
}

}  // namespace

StatusOr<DurationMs> ResolveDuration(const DurationSpec& spec, const DurationContext& context) {
  if (spec.expr == nullptr) return spec.ms;
  const double seconds = TRY(Seconds(*spec.expr, context));
  if (!std::isfinite(seconds)) return ErrorAt(*spec.expr, "duration is NaN or infinite");
  if (std::fabs(seconds) > kMaxSeconds) return ErrorAt(*spec.expr, "duration is out of range");
  return static_cast<DurationMs>(seconds * kMillis);
}

StatusOr<DurationMs> ResolvePositiveDuration(const DurationSpec& spec,
                                             const DurationContext& context) {
  if (spec.expr == nullptr) return spec.ms;
  const double seconds = TRY(Seconds(*spec.expr, context));
  if (seconds <= 0) return ErrorAt(*spec.expr, "duration must be greater than 0");
  return ResolveDuration(spec, context);
}

std::string PrintDuration(DurationMs duration) {
  return duration < 0 ? "-" + FormatDuration(-duration) : FormatDuration(duration);
}

std::string PrintDurationExpr(const DurationExpr& e) {
  std::string out;
  if (e.op == Token::kNumber) {
    out = e.written_as_duration ? PrintDuration(std::llround(e.value * kMillis))
                                : FormatFloatF(e.value);
  } else if (e.op == Token::kStep || e.op == Token::kRange) {
    out = fmt::format("{}()", TokenText(e.op));
  } else if (e.op == Token::kMinOf || e.op == Token::kMaxOf) {
    out = fmt::format("{}({}, {})", TokenText(e.op), PrintDurationExpr(*e.lhs),
                      PrintDurationExpr(*e.rhs));
  } else if (e.lhs == nullptr) {
    out = (e.op == Token::kSub ? "-" : "") + PrintDurationExpr(*e.rhs);
  } else {
    out = fmt::format("{} {} {}", PrintDurationExpr(*e.lhs), TokenText(e.op),
                      PrintDurationExpr(*e.rhs));
  }
  return e.wrapped ? fmt::format("({})", out) : out;
}

}  // namespace outrider::promql
