// SPDX-License-Identifier: Apache-2.0
// What stands in the cells of tables: KRR's texts. Source: specs/cost_and_rightsizing.md §5.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "exporter/advice/resource_change.h"

namespace outrider {

inline constexpr std::string_view kUnset = "unset";  // there is none
inline constexpr std::string_view kUnknown = "?";    // not enough data

// "(-200m) 500m -> 300m", "(+300m) unset -> 300m", "500m -> ?", "unset".
std::string RequestCell(const ResourceChange& change);
// The same without the difference.
std::string LimitCell(const ResourceChange& change);
// Of the requests of all pods: "-400m", "+1Gi"; empty when it is not known.
std::string DifferenceCell(const ResourceChange& change, uint64_t pods);

// "12 %", "0.3 %".
std::string PercentText(double ratio);

// What is worth a remark about both resources, in short: not enough data, OOM kills, throttling, a
// CPU limit that should go, kept by hysteresis, outliers. Empty: nothing.
std::string RemarkOf(const Recommendation& recommendation);

}  // namespace outrider
