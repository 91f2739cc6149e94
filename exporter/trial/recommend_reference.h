// SPDX-License-Identifier: Apache-2.0
// How others recommend, on the samples themselves: what the policies of rules/capacity, which keep
// no samples, are compared with, and a check of the evaluation (specs/cost_and_rightsizing.md
// §7.3).
#pragma once

#include <span>
#include <string_view>

#include "storage/base/clock.h"

namespace outrider {

struct SampleSpan {
  std::span<const Timestamp> times;
  std::span<const double> values;
};

struct RecommendReference {
  std::string_view name;
  // From the samples before a day; an oracle is given the day itself, which nobody has.
  double (*request)(const SampleSpan& samples) = nullptr;
  bool oracle = false;
};

std::span<const RecommendReference> RecommendReferences();

}  // namespace outrider
