// SPDX-License-Identifier: Apache-2.0
// Has the series ever been there, gone there from where it was, or stayed there for so long? The
// known range is cut into a few levels. Counted are the transitions from the level some samples ago
// to the present one; remembered is the longest stay on each level. New is a transition without a
// count, a stay of twice the longest, a value clearly outside the range. When the range changes,
// counts move to where their values now lie. Counts, stays and range fade, so that what is long
// past counts as new again.
//
// Source: specs/anomaly_and_trends.md §3 "transition novelty". Moving the counts, the longer
// transition, stays and fading are ours; docs/performance.md says what each is worth.
#pragma once

#include <array>
#include <cstdint>

#include "rules/detect/fade.h"
#include "rules/detect/step_tracker.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class NoveltyTable {
 public:
  static constexpr size_t kLevels = 4;
  static constexpr size_t kLag = 6;  // samples from the one level of a transition to the other

  // `half_life`: of counts and stays, and a fourth of the range's; in samples never less than 1000.
  explicit NoveltyTable(DurationMs half_life) : fade_(half_life, kMostPerSample) {}

  enum class Kind : uint8_t { kNothing, kTransition, kLongStay, kOutside };
  struct Finding {
    Kind kind = Kind::kNothing;
    double strength = 0;  // 0, or from 1: the larger the farther outside
    // What is known of the like, 1: enough at a risk of 1e-4. (Fading) steps from the level before,
    // stays here.
    double known = 1;
    bool creeps = false;  // outside, by small steps
    // Whether so much is known that it is as rare as that.
    bool Enough(double risk) const { return kind == Kind::kOutside || known * risk >= 1e-4; }
  };
  Finding Observe(const StepTracker::Step& step, double value);

  // What is known of the range; both 0 before the first sample.
  double lowest() const { return lowest_; }
  double highest() const { return highest_; }
  // Share of the (fading) samples that lay on the level of this value; 1 before there are any.
  double ShareOf(double value) const;

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  using Levels = std::array<float, kLevels>;
  using Transitions = std::array<Levels, kLevels>;
  static constexpr float kMostPerSample = 1.0F / 1000;

  size_t LevelOf(double value) const;
  double Widen(double value);  // how far outside, as a share of the range before
  void Narrow(double value);   // the range to what was seen lately, half the way
  // Counts of `from` levels become counts of `to` levels.
  void Merge(const std::array<size_t, kLevels>& to);
  void Copy(const std::array<size_t, kLevels>& from);
  bool StaysLong(size_t level);
  bool IsNewTransition(size_t level, double* known);
  void Forget(double keep);

  Fade fade_;
  double lowest_ = 0;
  double highest_ = 0;
  double recent_lowest_ = 0;  // since the range was last narrowed
  double recent_highest_ = 0;
  float age_ = 0;    // half-lives since then
  float grown_ = 0;  // of the range in small steps, as shares of it, since that was news
  float unit_ = 1;   // weight of one sighting; grows in place of fading the counts
  uint32_t stay_ = 0;
  uint8_t level_ = 0;
  uint8_t known_ = 0;  // of recent_, since the start or the last gap
  uint8_t next_ = 0;
  bool any_ = false;
  int8_t beyond_ = 0;  // the half in which it has been since it was outside there; 0: it was back
  std::array<uint8_t, kLag> recent_{};  // ring of levels
  Transitions transitions_{};           // [from][to]
  Levels visits_{};                     // that ended
  Levels longest_{};                    // of them, in samples
};

}  // namespace outrider
