// SPDX-License-Identifier: Apache-2.0
// Models without seasons: mean and standard deviation; median and MAD; quantiles.
#pragma once

#include <algorithm>

#include "rules/detect/detector_options.h"
#include "rules/detect/fade.h"
#include "rules/detect/quantile_sketch.h"
#include "rules/detect/series_model.h"

namespace outrider {

// `zscore`: the distance is that from the mean. `level_shift`: the same, but usual is the distance
// from a mean that follows faster, so that a level on its way up does not pass for noise.
class MeanModel final : public SeriesModel {
 public:
  enum class Around { kMean, kFasterMean };
  MeanModel(Around around, DurationMs half_life)
      : around_(around),
        fade_(half_life, kMostPerSample),
        faster_fade_(std::max(half_life / kFaster, kMinute), kMostPerSample) {}
  Expectation Expect(Timestamp time) override;
  void Learn(Timestamp time, double value, const StepTracker::Step& step) override;
  void Rebase(double by) override {
    mean_ += by;
    faster_ = mean_;
  }
  uint64_t WarmUp() const override { return 16; }
  void Describe(Explanation* explanation) const override {
    explanation->level = LevelOfVerdict(*explanation, 0, mean_);
  }
  void Save(RowWriter& out) const override;
  void Load(RowReader& in) override;
  size_t MemoryBytes() const override { return sizeof(*this); }

 private:
  static constexpr float kMostPerSample = 0.02F;  // half-lives that one sample can take
  static constexpr DurationMs kFaster = 8;
  Around around_;
  Fade fade_;
  Fade faster_fade_;
  uint64_t samples_ = 0;
  double mean_ = 0;
  double faster_ = 0;
  double variance_ = 0;
};

// `mad` and `quantile`: the band's two halves from the deviation around the median, or from the 1 %
// and 99 % quantiles.
class SketchModel final : public SeriesModel {
 public:
  enum class Scale { kMad, kQuantiles };
  SketchModel(Scale scale, DurationMs half_life)
      : scale_(scale), fade_(half_life, kMostPerSample) {}
  Expectation Expect(Timestamp time) override;
  void Learn(Timestamp time, double value, const StepTracker::Step& step) override;
  void Rebase(double by) override { sketch_.Shift(by); }
  uint64_t WarmUp() const override { return scale_ == Scale::kMad ? 16 : 100; }
  void Describe(Explanation* explanation) const override;
  void Save(RowWriter& out) const override { sketch_.Save(out); }
  void Load(RowReader& in) override { sketch_.Load(in); }
  size_t MemoryBytes() const override { return sizeof(*this); }

 private:
  static constexpr float kMostPerSample = 0.02F;
  Scale scale_;
  Fade fade_;
  QuantileSketch sketch_;
};

}  // namespace outrider
