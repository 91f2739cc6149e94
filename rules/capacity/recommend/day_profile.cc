// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/day_profile.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outrider {
namespace {

constexpr float kForget = 0.98F;      // of a level, each day
constexpr float kTrialMemory = 0.8F;  // of a trial, each day
constexpr float kViolationPrice = 6;
constexpr float kCaution = 0.04F;
constexpr float kShortestTrial = 1.4F;  // days, faded: most of a second day
constexpr float kSlotShare = 1.0F / static_cast<float>(DayProfile::kSlots);

constexpr std::array<DayModel, DayProfile::kModels> kDayModels = {{
    {.6F, 0, 0},     {.8F, 0, 0},   {.9F, 0, 0},     {1.0F, 0, 0},  {1.1F, 0, 0},    {1.25F, 0, 0},
    {1.5F, 0, 0},    {2.0F, 0, 0},  {3.0F, 0, 0},    {0, .5F, 0},   {0, .7F, 0},     {0, .85F, 0},
    {0, 1.0F, 0},    {0, 1.15F, 0}, {0, 1.3F, 0},    {0, 0, 1.05F}, {.6F, 0, 1.05F}, {0, 0, 1.15F},
    {.6F, 0, 1.15F}, {0, 0, 1.25F}, {.6F, 0, 1.25F}, {0, 0, 1.5F},  {.6F, 0, 1.5F},
}};

// 1 / factor of each model, so that use / request is the smallest of three products.
struct Inverse {
  std::array<float, DayProfile::kModels> load;
  std::array<float, DayProfile::kModels> peak;
  std::array<float, DayProfile::kModels> slot;
};
constexpr Inverse MakeInverse() {
  Inverse inverse = {};
  constexpr float kNever = 1e30F;
  for (size_t i = 0; i < DayProfile::kModels; ++i) {
    inverse.load[i] = kDayModels[i].load > 0 ? 1 / kDayModels[i].load : kNever;
    inverse.peak[i] = kDayModels[i].peak > 0 ? 1 / kDayModels[i].peak : kNever;
    inverse.slot[i] = kDayModels[i].slot > 0 ? 1 / kDayModels[i].slot : kNever;
  }
  return inverse;
}
constexpr Inverse kInverse = MakeInverse();

size_t SlotOfDay(int64_t slot) { return static_cast<size_t>(slot % DayProfile::kSlots); }

// The less a model leaves to spare, the longer it must have been tried.
float Caution(const DayModel& model, float days) {
  const float spare = model.slot > 0 ? model.slot : 1.3F;
  return kCaution / (days * spare * spare * spare * spare);
}

}  // namespace

void DayProfile::Raise(Level16* level, float peak) {
  *level = Level16(std::max(level->Value() * kForget, peak));
}

float DayProfile::Forecast(std::span<const Level16, kSlots> levels, size_t slot) const {
  const float forecast = std::max({levels[(slot + kSlots - 1) % kSlots].Value(),
                                   levels[slot].Value(), levels[(slot + 1) % kSlots].Value()});
  // A time of day that was never seen is held to be like the busiest one.
  return forecast > 0 ? forecast : highest_;
}

void DayProfile::BeginDay(Timestamp time, double base, double highest) {
  day_ = static_cast<int32_t>(time / kDay);
  base_ = static_cast<float>(base);
  highest_ = static_cast<float>(highest);
  for (float& sum : slack_) sum *= kTrialMemory;
  for (float& sum : violations_) sum *= kTrialMemory;
  samples_ *= kTrialMemory;
  days_ *= kTrialMemory;
}

void DayProfile::BeginSlot(int32_t slot) {
  if (slot_ != INT32_MIN) {
    if (previous_peak_ >= 0) Raise(&levels_[SlotOfDay(slot_ - 1)], previous_peak_);
    previous_peak_ = -1;
    if (slot == slot_ + 1) {
      previous_peak_ = slot_peak_;
    } else {
      Raise(&levels_[SlotOfDay(slot_)], slot_peak_);
    }
  }
  slot_ = slot;
  slot_peak_ = 0;
  forecast_ = Forecast(levels_, SlotOfDay(slot));
  if (base_ > 0) days_ += kSlotShare;
}

void DayProfile::Add(Timestamp time, double cores, double weight) {
  const auto slot = static_cast<int32_t>(time / kSlot);
  const auto value = static_cast<float>(cores);
  if (slot < slot_) {
    if (slot == slot_ - 1 && previous_peak_ >= 0) previous_peak_ = std::max(previous_peak_, value);
    return;
  }
  if (slot > slot_) BeginSlot(slot);
  slot_peak_ = std::max(slot_peak_, value);
  if (!(base_ > 0) || !(highest_ > 0) || !(weight > 0)) return;
  const auto counted = static_cast<float>(weight);
  const float of_base = value / base_;
  const float of_highest = value / highest_;
  const float of_forecast = value / forecast_;
  samples_ += counted;
  for (size_t i = 0; i < kModels; ++i) {
    const float ratio = std::min({of_base * kInverse.load[i], of_highest * kInverse.peak[i],
                                  of_forecast * kInverse.slot[i]});
    slack_[i] += counted * std::max(0.0F, 1 - ratio);
    violations_[i] += ratio > 1 ? counted : 0.0F;
  }
}

void DayProfile::Merge(const DayProfile& other) {
  for (size_t i = 0; i < kSlots; ++i) {
    levels_[i] = Level16(std::max(levels_[i].Value(), other.levels_[i].Value()));
  }
  for (size_t i = 0; i < kModels; ++i) {
    slack_[i] += other.slack_[i];
    violations_[i] += other.violations_[i];
  }
  samples_ += other.samples_;
  days_ = std::max(days_, other.days_);
  if (other.slot_ > slot_) {
    slot_ = other.slot_;
    slot_peak_ = other.slot_peak_;
    previous_peak_ = other.previous_peak_;
    forecast_ = std::max(forecast_, other.forecast_);
  }
  if (other.day_ > day_) {
    day_ = other.day_;
    base_ = other.base_;
    highest_ = other.highest_;
  }
}

bool DayProfile::Choose(bool only_flat, Choice* choice) const {
  if (days_ < kShortestTrial || !(samples_ > 0)) return false;
  float lowest = std::numeric_limits<float>::max();
  for (size_t i = 0; i < kModels; ++i) {
    const DayModel& model = kDayModels[i];
    if (only_flat && model.slot > 0) continue;
    const float slack = slack_[i] / samples_;
    const float violations = violations_[i] / samples_;
    const float cost = slack + kViolationPrice * (violations + Caution(model, days_));
    if (cost >= lowest) continue;
    lowest = cost;
    *choice = {i, slack, violations, days_, model.slot > 0};
  }
  return true;
}

std::array<float, DayProfile::kSlots> DayProfile::Requests(const Choice& choice, double base,
                                                           double highest) const {
  std::array<Level16, kSlots> levels = levels_;
  if (previous_peak_ >= 0) Raise(&levels[SlotOfDay(slot_ - 1)], previous_peak_);
  if (slot_ != INT32_MIN) Raise(&levels[SlotOfDay(slot_)], slot_peak_);
  const DayModel& model = kDayModels[choice.model];
  const float flat =
      std::max(model.load * static_cast<float>(base), model.peak * static_cast<float>(highest));
  std::array<float, kSlots> requests = {};
  for (size_t i = 0; i < kSlots; ++i) {
    requests[i] = std::max(flat, model.slot * Forecast(levels, i));
  }
  return requests;
}

void DayProfile::Save(RowWriter& out) const {
  for (Level16 level : levels_) out.U64(level.code());
  out.I64(slot_).I64(day_).Double(slot_peak_).Double(previous_peak_).Double(base_);
  out.Double(highest_).Double(forecast_).Double(samples_).Double(days_).U64(kModels);
  for (size_t i = 0; i < kModels; ++i) out.Double(slack_[i]).Double(violations_[i]);
}

void DayProfile::Load(RowReader& in) {
  bool good = true;
  for (Level16& level : levels_) {
    const uint64_t code = in.U64();
    good &= code <= UINT16_MAX;
    level = Level16::FromCode(static_cast<uint16_t>(code));
  }
  const auto whole = [&] {
    const int64_t value = in.I64();
    good &= value >= INT32_MIN && value < INT32_MAX;
    return static_cast<int32_t>(value);
  };
  const auto number = [&](float least = 0) {
    const auto value = static_cast<float>(in.Double());
    good &= std::isfinite(value) && value >= least;
    return value;
  };
  slot_ = whole();
  day_ = whole();
  good &= slot_ == INT32_MIN || slot_ > 0;
  slot_peak_ = number();
  previous_peak_ = number(-1);
  base_ = number();
  highest_ = number();
  forecast_ = number();
  samples_ = number();
  days_ = number();
  // Trials of another set of models mean nothing: they begin anew.
  const uint64_t models = in.U64();
  good &= models <= 1000;
  for (uint64_t i = 0; good && i < models; ++i) {
    const float slack = number();
    const float violations = number();
    if (models != kModels) continue;
    slack_[i] = slack;
    violations_[i] = violations;
  }
  if (models != kModels) samples_ = days_ = 0;
  if (good) return;
  *this = {};
  in.Fail();
}

}  // namespace outrider
