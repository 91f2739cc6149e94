// SPDX-License-Identifier: Apache-2.0
// What a duration expression is worth in one query. Source: specs/prometheus.md §2.2.
#pragma once

#include <string>

#include "rules/promql/ast.h"
#include "storage/base/status.h"

namespace outrider::promql {

// What step() and range() stand for; both 0 in an instant query.
struct DurationContext {
  DurationMs step = 0;
  DurationMs range = 0;
};

// `spec` in milliseconds; FailedPrecondition for a division by zero or what does not fit.
StatusOr<DurationMs> ResolveDuration(const DurationSpec& spec, const DurationContext& context);
// The same, and anything but a positive duration is an error too: for ranges and subquery steps.
StatusOr<DurationMs> ResolvePositiveDuration(const DurationSpec& spec,
                                             const DurationContext& context);
// Canonical text of a duration expression.
std::string PrintDurationExpr(const DurationExpr& expr);
// Milliseconds as `5m`, with a sign in front when negative.
std::string PrintDuration(DurationMs duration);

}  // namespace outrider::promql
