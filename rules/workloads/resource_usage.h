// SPDX-License-Identifier: Apache-2.0
// What one container of a workload uses of one resource, as its detectors look at it: the mean per
// pod of the last minutes, five minutes and hours. A mean, so that neither a scale-out nor a
// rolling update looks like a change of behaviour.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rules/workloads/slot_ring.h"
#include "storage/base/clock.h"
#include "storage/model/sample.h"

namespace outrider {

// Not thread-safe.
class ResourceUsage {
 public:
  static constexpr size_t kMinutes = 64;
  static constexpr size_t kFives = 288;  // 24 hours
  static constexpr size_t kHours = 192;  // eight days
  static constexpr DurationMs kSlot = kMinute;
  static constexpr DurationMs kFive = 5 * kMinute;

  // Points of one pod, cores or bytes. What falls into a closed minute is left out.
  void Add(std::span<const Sample> points);
  // Closes the minutes that end at or before `until`. True if one had data.
  bool CloseUntil(Timestamp until);

  const SlotRing<kMinutes>& minutes() const { return minutes_; }
  const SlotRing<kFives>& fives() const { return fives_; }
  const SlotRing<kHours>& hours() const { return hours_; }
  double newest() const { return newest_; }  // mean of the newest closed minute
  double peak() const { return peak_; }      // its largest pod
  // End of the newest closed minute with data; INT64_MIN: none yet.
  Timestamp closed_until() const { return closed_until_; }

  // Hours and five minutes: the windows have the rest.
  void Save(RowWriter& out) const {
    hours_.Save(out);
    fives_.Save(out);
  }
  void Load(RowReader& in) {
    hours_.Load(in);
    if (in.format() >= 2) fives_.Load(in);
  }

 private:
  struct Sum {
    int64_t slot = INT64_MIN;
    uint32_t count = 0;
    float largest = 0;
    double sum = 0;
    double Mean() const { return sum / count; }
  };
  void Close(const Sum& minute);
  // Adds a minute to a longer slot; the longer one is done when the next begins.
  template <size_t kCapacity>
  static void Pass(const Sum& minute, DurationMs width, Sum* longer, SlotRing<kCapacity>* ring);

  std::vector<Sum> open_;  // minutes, oldest first
  Sum five_;
  Sum hour_;
  SlotRing<kMinutes> minutes_;
  SlotRing<kFives> fives_;
  SlotRing<kHours> hours_;
  double newest_ = 0;
  double peak_ = 0;
  Timestamp closed_until_ = INT64_MIN;
};

}  // namespace outrider
