// SPDX-License-Identifier: Apache-2.0
// A counter judged by its increase per second: what `auto` takes for series that only grow. A
// smaller value than before is a reset: it starts anew and is no sample of its own.
#pragma once

#include <memory>

#include "rules/detect/series_detector.h"

namespace outrider {

class IncreaseDetector final : public SeriesDetector {
 public:
  // `rates` judges the increase per second.
  explicit IncreaseDetector(std::unique_ptr<SeriesDetector> rates) : rates_(std::move(rates)) {}
  Verdict Observe(Timestamp time, double value) override;
  Explanation Explain() const override;
  void Save(RowWriter& out) const override;
  void Load(RowReader& in) override;
  size_t MemoryBytes() const override { return sizeof(*this) + rates_->MemoryBytes(); }

 private:
  std::unique_ptr<SeriesDetector> rates_;
  bool any_ = false;
  Timestamp time_ = 0;
  double value_ = 0;
  Verdict verdict_;
};

}  // namespace outrider
