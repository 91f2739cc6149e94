// SPDX-License-Identifier: Apache-2.0
// Labels of kube-state-metrics' series.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace outrider {

// A label of a kube-state-metrics series: exported_<name> where it was scraped without
// honor_labels, for then <name> is about kube-state-metrics itself. `Set` is Labels or
// SeriesLabels.
template <typename Set>
std::string_view KubeLabel(const Set& labels, std::string_view name) {
  constexpr std::string_view kPrefix = "exported_";
  std::array<char, 64> exported{};
  const size_t length = kPrefix.size() + name.size();
  if (length > exported.size()) return labels.Get(name);
  std::ranges::copy(kPrefix, exported.begin());
  std::ranges::copy(name, exported.begin() + kPrefix.size());
  const std::string_view value = labels.Get({exported.data(), length});
  return value.empty() ? labels.Get(name) : value;
}

}  // namespace outrider
