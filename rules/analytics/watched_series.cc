// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/watched_series.h"

#include <algorithm>

namespace outrider {

uint32_t WatchedSeries::Find(const Hash128& identity) const {
  const auto found = by_identity_.find(identity);
  return found == by_identity_.end() ? kNone : found->second;
}

uint32_t WatchedSeries::Make(const Hash128& identity) {
  uint32_t slot = size();
  if (free_.empty()) {
    slots_.emplace_back();
    detectors_.resize(detectors_.size() + per_detectors_);
    handles_.resize(handles_.size() + per_outputs_, DerivedTable::kNone);
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[slot].identity = identity;
  slots_[slot].used = true;
  by_identity_[identity] = slot;
  return slot;
}

void WatchedSeries::Free(uint32_t slot) {
  by_identity_.erase(slots_[slot].identity);
  slots_[slot] = Slot();
  for (auto& detector : Detectors(slot)) detector.reset();
  std::ranges::fill(Handles(slot), DerivedTable::kNone);
  free_.push_back(slot);
}

void WatchedSeries::Clear() {
  slots_.clear();
  detectors_.clear();
  handles_.clear();
  free_.clear();
  by_identity_.clear();
}

}  // namespace outrider
