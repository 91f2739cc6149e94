// SPDX-License-Identifier: Apache-2.0
// Functions of one number.
#include <cmath>
#include <numbers>

#include "rules/promql/functions/kernels.h"

namespace outrider::promql {
namespace {

// Go's: the infinity that nothing can be beyond wins, then NaN, unlike in std::min and std::fmin.
double Least(double a, double b) {
  if (std::isinf(a) && a < 0) return a;
  if (std::isinf(b) && b < 0) return b;
  if (std::isnan(a) || std::isnan(b)) return std::nan("");
  return a < b ? a : b;
}
double Greatest(double a, double b) { return -Least(-a, -b); }

StatusOr<Block> OfTwoScalars(Evaluator& evaluator, const Expr& expr, const Steps& steps,
                             double (*choose)(double, double)) {
  const auto& args = std::get<Call>(expr.node).args;
  Block a = TRY(evaluator.Eval(*args[0], steps));
  const Block b = TRY(evaluator.Eval(*args[1], steps));
  for (size_t i = 0; i < steps.count; ++i) a.values[i] = choose(a.values[i], b.values[i]);
  return a;
}

}  // namespace

double Abs(double v, const double* /*scalars*/) { return std::fabs(v); }
double Ceil(double v, const double* /*scalars*/) { return std::ceil(v); }
double Floor(double v, const double* /*scalars*/) { return std::floor(v); }
double Exp(double v, const double* /*scalars*/) { return std::exp(v); }
double Sqrt(double v, const double* /*scalars*/) { return std::sqrt(v); }
double Ln(double v, const double* /*scalars*/) { return std::log(v); }
double Log2(double v, const double* /*scalars*/) { return std::log2(v); }
double Log10(double v, const double* /*scalars*/) { return std::log10(v); }
double Sgn(double v, const double* /*scalars*/) { return v < 0 ? -1 : v > 0 ? 1 : v; }
double Deg(double v, const double* /*scalars*/) { return v * 180 / std::numbers::pi; }
double Rad(double v, const double* /*scalars*/) { return v * std::numbers::pi / 180; }
double Sin(double v, const double* /*scalars*/) { return std::sin(v); }
double Cos(double v, const double* /*scalars*/) { return std::cos(v); }
double Tan(double v, const double* /*scalars*/) { return std::tan(v); }
double Asin(double v, const double* /*scalars*/) { return std::asin(v); }
double Acos(double v, const double* /*scalars*/) { return std::acos(v); }
double Atan(double v, const double* /*scalars*/) { return std::atan(v); }
double Sinh(double v, const double* /*scalars*/) { return std::sinh(v); }
double Cosh(double v, const double* /*scalars*/) { return std::cosh(v); }
double Tanh(double v, const double* /*scalars*/) { return std::tanh(v); }
double Asinh(double v, const double* /*scalars*/) { return std::asinh(v); }
double Acosh(double v, const double* /*scalars*/) { return std::acosh(v); }
double Atanh(double v, const double* /*scalars*/) { return std::atanh(v); }

double Round(double v, const double* scalars) {
  // By the inverse: it is exact for 0.1 and the like where the step itself is not.
  const double inverse = 1 / scalars[0];
  return std::floor(v * inverse + 0.5) / inverse;
}

double Clamp(double v, const double* scalars) {
  if (scalars[1] < scalars[0]) return kAbsent;
  return Greatest(scalars[0], Least(scalars[1], v));
}
double ClampMin(double v, const double* scalars) { return Greatest(scalars[0], v); }
double ClampMax(double v, const double* scalars) { return Least(scalars[0], v); }

StatusOr<Block> Pi(Evaluator& /*evaluator*/, const Expr& /*expr*/, const Steps& steps) {
  return Block::Scalar(steps.count, std::numbers::pi);
}
StatusOr<Block> MinOf(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  return OfTwoScalars(evaluator, expr, steps, Least);
}
StatusOr<Block> MaxOf(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  return OfTwoScalars(evaluator, expr, steps, Greatest);
}

}  // namespace outrider::promql
