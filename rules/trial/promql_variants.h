// SPDX-License-Identifier: Apache-2.0
// The further queries that must give what a test's own query gives.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"

namespace outrider {

struct QueryVariant {
  std::string expr;
  Timestamp time = 0;
};

// The query itself first. Then, unless it reads the clock, the query with `@ time` on every
// selector and subquery that has none, printed, and asked at other times.
std::vector<QueryVariant> VariantsOf(const std::string& expr, Timestamp time);

// Whether the query means the same as the middle step of a range query.
bool SameInRange(std::string_view expr);

}  // namespace outrider
