// SPDX-License-Identifier: Apache-2.0
// What all alerts have in common, in one walk over each: pairs come in the order of their names.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/model/labels.h"

namespace outrider {

// The pairs that every alert has with the same value; none for no alerts. As in Go, one that is not
// there is one that is empty. `each(alert, visit)` calls `visit(name, value)` by ascending name.
template <typename A, typename Each>
std::map<std::string, std::string> CommonPairs(std::span<const A> alerts, Each each) {
  std::vector<LabelView> common;
  if (!alerts.empty()) {
    each(alerts.front(),
         [&](std::string_view name, std::string_view value) { common.push_back({name, value}); });
  }
  for (size_t i = 1; i < alerts.size() && !common.empty(); ++i) {
    size_t kept = 0;
    size_t at = 0;
    const auto pass = [&](bool same) {
      if (same) common[kept++] = common[at];
      ++at;
    };
    each(alerts[i], [&](std::string_view name, std::string_view value) {
      while (at < common.size() && common[at].name < name) pass(common[at].value.empty());
      if (at < common.size() && common[at].name == name) pass(common[at].value == value);
    });
    while (at < common.size()) pass(common[at].value.empty());
    common.resize(kept);
  }
  std::map<std::string, std::string> pairs;
  for (const LabelView& pair : common) pairs.emplace_hint(pairs.end(), pair.name, pair.value);
  return pairs;
}

}  // namespace outrider
