// SPDX-License-Identifier: Apache-2.0
// Does a result look as a test expects? Source: specs/prometheus.md §2.5.
#pragma once

#include <vector>

#include "rules/promql/value.h"
#include "rules/trial/promql_script.h"
#include "storage/base/status.h"

namespace outrider {

// Equal up to a relative difference of 1e-6; any NaN equals any NaN, a stale marker only itself.
bool AlmostEqual(double a, double b);

// All errors say what differs.
Status CompareVector(const EvalCommand& expected, const promql::Vector& got, bool ordered);
Status CompareScalar(const EvalCommand& expected, double got);
// Expected values belong to start, start + step, …
Status CompareMatrix(const EvalCommand& expected, const EvalCommand::Range& at,
                     const promql::Matrix& got);
Status CompareAnnotations(const EvalCommand& expected, const promql::QueryResult& got);
Status CompareFailure(const EvalCommand& expected, const Status& got);

}  // namespace outrider
