// SPDX-License-Identifier: Apache-2.0
// What is worth doing first. Pure.
#pragma once

#include <span>
#include <vector>

#include "rules/capacity/recommendation.h"

namespace outrider {

// Those that save (from a cent a month on), the largest savings first; at most `most`.
std::vector<const Recommendation*> TopSavings(std::span<const Recommendation> rows, size_t most);
// Those whose request is below what they need, the largest need first: they are at risk, whatever
// it costs. Needs are compared as shares of what is set.
std::vector<const Recommendation*> TopNeeds(std::span<const Recommendation> rows, size_t most);

}  // namespace outrider
