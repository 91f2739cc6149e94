// SPDX-License-Identifier: Apache-2.0
// A counting sort of all samples by their step.
#include "exporter/trial/step_table.h"

namespace outrider {

StepTable::StepTable(promql::Matrix matrix, Timestamp start, DurationMs step, size_t count)
    : matrix_(std::move(matrix)), start_(start), step_(step), count_(count) {
  begins_.assign(count_ + 1, 0);
  for (const promql::Series& series : matrix_) {
    for (const Sample& sample : series.samples) ++begins_[StepOf(sample.time) + 1];
    for (const auto& point : series.histograms) ++begins_[StepOf(point.time) + 1];
  }
  for (size_t i = 0; i < count_; ++i) begins_[i + 1] += begins_[i];
  places_.resize(begins_[count_]);
  std::vector<size_t> next(begins_.begin(), begins_.end() - 1);
  for (uint32_t s = 0; s < matrix_.size(); ++s) {
    const promql::Series& series = matrix_[s];
    for (uint32_t i = 0; i < series.samples.size(); ++i) {
      places_[next[StepOf(series.samples[i].time)]++] = {s, i, false};
    }
    for (uint32_t i = 0; i < series.histograms.size(); ++i) {
      places_[next[StepOf(series.histograms[i].time)]++] = {s, i, true};
    }
  }
}

bool StepTable::Holds(Timestamp time) const {
  return time >= start_ && (time - start_) % step_ == 0 && StepOf(time) < count_;
}

promql::Vector StepTable::At(Timestamp time) const {
  const size_t step = StepOf(time);
  promql::Vector vector;
  vector.reserve(begins_[step + 1] - begins_[step]);
  for (size_t i = begins_[step]; i < begins_[step + 1]; ++i) {
    const Place& place = places_[i];
    const promql::Series& series = matrix_[place.series];
    if (place.histogram) {
      vector.push_back({series.labels, time, 0, series.histograms[place.index].histogram});
    } else {
      vector.push_back({series.labels, time, series.samples[place.index].value});
    }
  }
  return vector;
}

}  // namespace outrider
