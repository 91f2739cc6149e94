// SPDX-License-Identifier: Apache-2.0
#include "notifiers/route/alert_order.h"

#include <string_view>

namespace outrider {

bool LabelSetBefore(const Labels& a, const Labels& b) {
  const size_t left = a.size();
  const size_t right = b.size();
  if (left != right) return left < right;
  auto in_b = b.begin();
  for (const LabelView label : a) {
    const LabelView other = *in_b;
    // The smaller of the two names is missing in the other set, and that set comes first.
    if (label.name != other.name) return label.name > other.name;
    if (label.value != other.value) return label.value < other.value;
    ++in_b;
  }
  return false;
}

bool AlertBefore(const Labels& a, const Labels& b) {
  for (const std::string_view name : {"job", "instance"}) {
    const std::string_view left = a.Get(name);
    const std::string_view right = b.Get(name);
    if (left == right) continue;
    if (left.empty() || right.empty()) return !left.empty();
    return left < right;
  }
  return LabelSetBefore(a, b);
}

}  // namespace outrider
