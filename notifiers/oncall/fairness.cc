// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/fairness.h"

#include <algorithm>

namespace outrider {

Fairness FairnessOf(const Schedule& schedule, Nanos from, Nanos to) {
  Fairness result;
  int64_t covered = 0;
  for (const Segment& segment : Segments(schedule, from, to)) {
    const int64_t length = segment.end - segment.start;
    if (!segment.on_call.users.empty()) covered += length;
    for (const std::string& user : segment.on_call.users) result.nanos[user] += length;
  }
  if (to > from) result.coverage = static_cast<double>(covered) / static_cast<double>(to - from);
  double sum = 0;
  int pairs = 0;
  for (auto a = result.nanos.begin(); a != result.nanos.end(); ++a) {
    for (auto b = std::next(a); b != result.nanos.end(); ++b, ++pairs) {
      const auto [less, more] = std::minmax(a->second, b->second);
      sum += static_cast<double>(less) / static_cast<double>(more);
    }
  }
  if (pairs > 0) result.balance = sum / pairs;
  return result;
}

}  // namespace outrider
