// SPDX-License-Identifier: Apache-2.0
// CPU by time of day, and which way of requesting it would have done best.
//
// Levels: the largest sample of each quarter of an hour of the day (UTC), 2 % less with each day
// that does not reach it. A quarter's forecast is the largest level of it and its neighbours.
//
// Trials: every row of kDayModels is a way to turn a forecast into a request. Each is tried on
// every sample with what was known when the day began, and its unused share and its violations are
// counted, a day's weight falling by a fifth a day. The best is the one with the lowest
//     unused share + kViolationPrice * (violations + caution),
// the caution being for how short the trial was and how little the model leaves to spare. (The
// idea of choosing among models by what they would have cost: Autopilot, EuroSys 2020.) Nothing of
// a day is used for a request on the same day.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "rules/capacity/recommend/level16.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// request = max(load * base, peak * highest, slot * forecast of the quarter)
struct DayModel {
  float load;
  float peak;
  float slot;
};

class DayProfile {
 public:
  static constexpr size_t kSlots = 96;
  static constexpr DurationMs kSlot = 15 * kMinute;
  static constexpr size_t kModels = 23;

  // Before the first sample of a UTC day: what was known when it began. `base`: the load-weighted
  // 90th percentile; `highest`: the peak of the last seven days.
  bool BeginsDay(Timestamp time) const { return time / kDay > day_; }
  void BeginDay(Timestamp time, double base, double highest);
  // Samples of all replicas, roughly in order; what is older than a quarter is left out. `weight`
  // in the trials: 0 leaves it out there.
  void Add(Timestamp time, double cores, double weight = 1);
  // What Add() looks at, soon.
  void PrefetchTrial() const {
    constexpr size_t kLine = 64;
    for (const auto* at = reinterpret_cast<const char*>(&slot_);
         at < reinterpret_cast<const char*>(this + 1); at += kLine) {
      __builtin_prefetch(at);
    }
  }
  void Merge(const DayProfile& other);

  struct Choice {
    size_t model = 0;
    float slack = 0;         // mean unused share, in the trial
    float violations = 0;    // share of samples
    float days = 0;          // tried
    bool scheduled = false;  // the request follows the time of day
  };
  // The best model; `only_flat`: of those that request the same all day. False without a trial of a
  // day and a half.
  bool Choose(bool only_flat, Choice* choice) const;
  // The request of each quarter of an hour from midnight UTC.
  std::array<float, kSlots> Requests(const Choice& choice, double base, double highest) const;

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  void BeginSlot(int32_t slot);
  static void Raise(Level16* level, float peak);
  float Forecast(std::span<const Level16, kSlots> levels, size_t slot) const;

  std::array<Level16, kSlots> levels_ = {};
  // The current quarter (since 1970) and the one before it: they become levels only when the
  // forecasts of their neighbours were tried.
  int32_t slot_ = INT32_MIN;
  int32_t day_ = INT32_MIN;
  float slot_peak_ = 0;
  float previous_peak_ = -1;  // below 0: none
  // What is tried today; 0: nothing.
  float base_ = 0;
  float highest_ = 0;
  float forecast_ = 0;
  // Sums over the samples tried.
  std::array<float, kModels> slack_ = {};
  std::array<float, kModels> violations_ = {};
  float samples_ = 0;
  float days_ = 0;
};

}  // namespace outrider
