// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/novelty_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "rules/detect/saved_fields.h"
#include "rules/detect/single.h"

namespace outrider {
namespace {

constexpr double kKnown = 0.5;  // from this (faded) count on something is known
// A value outside the range by less than this share of it is the range growing, not news.
constexpr double kOutside = 0.02;
// Many such steps together are: something creeps up.
constexpr float kCreeping = 0.25F;
// What went out of the range and has not been back since is news again when the range has doubled.
constexpr float kDoubled = 1;
constexpr uint32_t kShortestLongStay = 64;  // samples
constexpr double kLongStay = 2;             // times the longest
// So many steps from a level must be known for one that is new to mean something.
constexpr double kKnownSteps = 3;
constexpr double kNarrowEvery = 4;  // half-lives
constexpr double kLargestUnit = 1e6;

size_t LevelIn(double value, double lowest, double highest) {
  const double share = (value - lowest) / (highest - lowest);
  if (!(share > 0)) return 0;  // no range, too
  return static_cast<size_t>(std::min(share * NoveltyTable::kLevels, NoveltyTable::kLevels - 1.0));
}

double MiddleOf(size_t level, double lowest, double highest) {
  const double share = (static_cast<double>(level) + 0.5) / NoveltyTable::kLevels;
  return lowest * (1 - share) + highest * share;
}

}  // namespace

size_t NoveltyTable::LevelOf(double value) const { return LevelIn(value, lowest_, highest_); }

NoveltyTable::Finding NoveltyTable::Observe(const StepTracker::Step& step, double value) {
  if (!any_) {
    any_ = true;
    lowest_ = highest_ = recent_lowest_ = recent_highest_ = value;
  }
  const double keep = fade_.Keep(step.length);
  Forget(keep);
  const double outside = Widen(value);
  recent_lowest_ = std::min(recent_lowest_, value);
  recent_highest_ = std::max(recent_highest_, value);
  age_ -= static_cast<float>(std::log2(keep));
  if (age_ >= kNarrowEvery) Narrow(value);
  if (step.gap) known_ = 0;

  const size_t level = LevelOf(value);
  const bool long_stay = StaysLong(level);
  double known = 0;
  const bool transition = IsNewTransition(level, &known);
  recent_[next_] = static_cast<uint8_t>(level);
  next_ = static_cast<uint8_t>((next_ + 1) % kLag);
  known_ = static_cast<uint8_t>(std::min<size_t>(known_ + 1U, kLag));
  grown_ += static_cast<float>(outside);
  const int8_t side = value > lowest_ / 2 + highest_ / 2 ? 1 : -1;
  if (side != beyond_) beyond_ = 0;
  if (outside >= kOutside ? beyond_ == 0 || grown_ >= kDoubled
                          : grown_ >= (beyond_ == 0 ? kCreeping : kDoubled)) {
    grown_ = 0;
    beyond_ = side;
    return {Kind::kOutside, 1 + std::min(1.0, outside), 1, outside < kOutside};
  }
  if (transition) return {Kind::kTransition, 1, known / kKnownSteps};
  if (long_stay) {
    return {Kind::kLongStay, 1, static_cast<double>(visits_[level]) / static_cast<double>(unit_)};
  }
  return {};
}

void NoveltyTable::Forget(double keep) {
  const double unit = static_cast<double>(unit_) / keep;
  unit_ = static_cast<float>(unit);
  if (unit <= kLargestUnit) return;
  for (Levels& row : transitions_) {
    for (float& count : row) count = Single(static_cast<double>(count) / unit);
  }
  for (float& count : visits_) count = Single(static_cast<double>(count) / unit);
  unit_ = 1;
}

double NoveltyTable::Widen(double value) {
  if (value >= lowest_ && value <= highest_) return 0;
  const double range = highest_ - lowest_;
  const double excess = value > highest_ ? value - highest_ : lowest_ - value;
  const double old_lowest = lowest_;
  const double old_highest = highest_;
  lowest_ = std::min(lowest_, value);
  highest_ = std::max(highest_, value);
  if (range <= 0) return 1;
  std::array<size_t, kLevels> to{};
  for (size_t i = 0; i < kLevels; ++i) {
    to[i] = LevelOf(MiddleOf(i, old_lowest, old_highest));
  }
  Merge(to);
  return std::isfinite(range) ? excess / range : 0;
}

void NoveltyTable::Narrow(double value) {
  age_ = 0;
  const double old_lowest = lowest_;
  const double old_highest = highest_;
  lowest_ += (recent_lowest_ - lowest_) / 2;
  highest_ += (recent_highest_ - highest_) / 2;
  std::array<size_t, kLevels> from{};
  for (size_t i = 0; i < kLevels; ++i) {
    from[i] = LevelIn(MiddleOf(i, lowest_, highest_), old_lowest, old_highest);
  }
  Copy(from);
  for (float& stay : longest_) stay /= 2;
  // What is seen from now on; the newest value is within both ranges.
  recent_lowest_ = recent_highest_ = value;
}

void NoveltyTable::Merge(const std::array<size_t, kLevels>& to) {
  Transitions transitions{};
  Levels visits{};
  Levels longest{};
  for (size_t i = 0; i < kLevels; ++i) {
    for (size_t j = 0; j < kLevels; ++j) transitions[to[i]][to[j]] += transitions_[i][j];
    visits[to[i]] += visits_[i];
    longest[to[i]] = std::max(longest[to[i]], longest_[i]);
  }
  // Stays on levels that are now one were parts of longer ones: nothing is known of those.
  for (size_t i = 1; i < kLevels; ++i) {
    if (to[i] != to[i - 1]) continue;
    visits[to[i]] = 0;
    if (to[level_] == to[i]) stay_ = 0;
  }
  for (uint8_t& level : recent_) level = static_cast<uint8_t>(to[level]);
  transitions_ = transitions;
  visits_ = visits;
  longest_ = longest;
  level_ = static_cast<uint8_t>(to[level_]);
}

void NoveltyTable::Copy(const std::array<size_t, kLevels>& from) {
  Transitions transitions{};
  Levels visits{};
  Levels longest{};
  for (size_t i = 0; i < kLevels; ++i) {
    for (size_t j = 0; j < kLevels; ++j) transitions[i][j] = transitions_[from[i]][from[j]];
    visits[i] = visits_[from[i]];
    longest[i] = longest_[from[i]];
  }
  transitions_ = transitions;
  visits_ = visits;
  longest_ = longest;
  // Where a level's own middle lies now, as near as the new levels tell.
  const auto moved = [&](uint8_t level) {
    size_t nearest = 0;
    for (size_t i = 1; i < kLevels; ++i) {
      const auto off = [&](size_t k) {
        return from[k] > level ? from[k] - level : level - from[k];
      };
      if (off(i) < off(nearest)) nearest = i;
    }
    return static_cast<uint8_t>(nearest);
  };
  for (uint8_t& level : recent_) level = moved(level);
  level_ = moved(level_);
}

bool NoveltyTable::StaysLong(size_t level) {
  if (level != level_ || stay_ == 0) {
    if (stay_ > 0) {
      visits_[level_] = visits_[level_] + unit_;
      longest_[level_] = std::max(longest_[level_], static_cast<float>(stay_));
    }
    level_ = static_cast<uint8_t>(level);
    stay_ = 0;
  }
  if (stay_ < std::numeric_limits<uint32_t>::max()) ++stay_;
  // A level that was never left has no usual stay.
  if (stay_ < kShortestLongStay ||
      static_cast<double>(visits_[level]) < kKnown * static_cast<double>(unit_)) {
    return false;
  }
  const double longest = static_cast<double>(longest_[level]);
  if (static_cast<double>(stay_) < std::max<double>(kShortestLongStay, kLongStay * longest)) {
    return false;
  }
  longest_[level] = static_cast<float>(stay_);  // said again when it has doubled
  return true;
}

bool NoveltyTable::IsNewTransition(size_t level, double* known) {
  if (known_ < kLag) return false;
  Levels& from = transitions_[recent_[next_]];
  float& count = from[level];
  const bool is_new = static_cast<double>(count) < kKnown * static_cast<double>(unit_);
  for (const float each : from) *known += static_cast<double>(each) / static_cast<double>(unit_);
  count += unit_;
  return is_new && highest_ > lowest_;
}

double NoveltyTable::ShareOf(double value) const {
  const size_t level = LevelOf(value);
  double all = 0;
  double here = 0;
  for (const Levels& row : transitions_) {
    for (size_t to = 0; to < kLevels; ++to) {
      all += static_cast<double>(row[to]);
      if (to == level) here += static_cast<double>(row[to]);
    }
  }
  return all > 0 ? here / all : 1;
}

void NoveltyTable::Save(RowWriter& out) const {
  out.Bool(any_).Double(lowest_).Double(highest_).Double(recent_lowest_).Double(recent_highest_);
  out.Double(static_cast<double>(age_))
      .Double(static_cast<double>(grown_))
      .Double(static_cast<double>(unit_))
      .U64(stay_)
      .U64(level_)
      .U64(known_)
      .U64(next_);
  for (const uint8_t level : recent_) out.U64(level);
  for (const Levels& row : transitions_) PutFloats(out, row);
  PutFloats(out, visits_);
  PutFloats(out, longest_);
  out.I64(beyond_);
}

void NoveltyTable::Load(RowReader& in) {
  any_ = in.Bool();
  lowest_ = TakeFinite(in);
  highest_ = TakeAtLeast(in, lowest_);
  recent_lowest_ = TakeFinite(in);
  recent_highest_ = TakeAtLeast(in, recent_lowest_);
  age_ = Single(TakeAtLeast(in, 0));
  grown_ = Single(TakeAtLeast(in, 0));
  unit_ = Single(TakeAtLeast(in, 1));
  stay_ = static_cast<uint32_t>(TakeAtMost(in, std::numeric_limits<uint32_t>::max()));
  level_ = static_cast<uint8_t>(TakeAtMost(in, kLevels - 1));
  known_ = static_cast<uint8_t>(TakeAtMost(in, kLag));
  next_ = static_cast<uint8_t>(TakeAtMost(in, kLag - 1));
  for (uint8_t& level : recent_) level = static_cast<uint8_t>(TakeAtMost(in, kLevels - 1));
  for (Levels& row : transitions_) TakeFloats(in, row);
  TakeFloats(in, visits_);
  TakeFloats(in, longest_);
  if (in.format() >= 3) beyond_ = static_cast<int8_t>(std::clamp<int64_t>(in.I64(), -1, 1));
}

}  // namespace outrider
