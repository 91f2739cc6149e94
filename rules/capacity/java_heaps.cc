// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/java_heaps.h"

#include <algorithm>

namespace outrider {

uint32_t JavaHeaps::Admit(uint32_t container, std::string_view pool, bool is_max) {
  auto number = static_cast<uint32_t>(series_.size());
  if (free_.empty()) {
    series_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  series_[number] = {
      .container = container, .is_max = is_max, .bytes = 0, .pool = std::string(pool)};
  by_container_[container].push_back(number);
  return number;
}

void JavaHeaps::Leave(uint32_t number) {
  const auto place = by_container_.find(series_[number].container);
  std::erase(place->second, number);
  if (place->second.empty()) by_container_.erase(place);
  series_[number] = {};
  free_.push_back(number);
}

JavaHeaps::Size JavaHeaps::Of(uint32_t container) const {
  Size size;
  const auto place = by_container_.find(container);
  if (place == by_container_.end()) return size;
  const std::vector<uint32_t>& all = place->second;
  for (const uint32_t number : all) {
    const Series& one = series_[number];
    const bool is_largest = std::ranges::none_of(all, [&](uint32_t other_number) {
      const Series& other = series_[other_number];
      return other.is_max == one.is_max && other.pool == one.pool &&
             (other.bytes > one.bytes || (other.bytes == one.bytes && other_number < number));
    });
    if (is_largest) (one.is_max ? size.max : size.committed) += std::max(one.bytes, 0.0);
  }
  return size;
}

}  // namespace outrider
