// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/resource_usage.h"

#include <algorithm>

namespace outrider {

void ResourceUsage::Add(std::span<const Sample> points) {
  for (const Sample& point : points) {
    if (point.time < closed_until_ || point.value < 0) continue;
    const int64_t slot = point.time / kSlot;
    auto place = std::ranges::lower_bound(open_, slot, {}, &Sum::slot);
    if (place == open_.end() || place->slot != slot) {
      place = open_.insert(place, Sum{.slot = slot});
    }
    ++place->count;
    place->sum += point.value;
    place->largest = std::max(place->largest, static_cast<float>(point.value));
  }
}

bool ResourceUsage::CloseUntil(Timestamp until) {
  size_t closed = 0;
  for (; closed < open_.size() && (open_[closed].slot + 1) * kSlot <= until; ++closed) {
    Close(open_[closed]);
  }
  open_.erase(open_.begin(), open_.begin() + static_cast<ptrdiff_t>(closed));
  return closed > 0;
}

void ResourceUsage::Close(const Sum& minute) {
  closed_until_ = (minute.slot + 1) * kSlot;
  newest_ = minute.Mean();
  peak_ = minute.largest;
  minutes_.Add(minute.slot, newest_);
  Pass(minute, kFive, &five_, &fives_);
  Pass(minute, kHour, &hour_, &hours_);
}

template <size_t kCapacity>
void ResourceUsage::Pass(const Sum& minute, DurationMs width, Sum* longer,
                         SlotRing<kCapacity>* ring) {
  const int64_t slot = minute.slot * kSlot / width;
  if (longer->slot != slot) {
    if (longer->count > 0) ring->Add(longer->slot, longer->Mean());
    *longer = {.slot = slot};
  }
  ++longer->count;
  longer->sum += minute.Mean();
}

}  // namespace outrider
