// SPDX-License-Identifier: Apache-2.0
// The value of one node at all steps of a query: a table of series by steps, dense, a missing
// sample marked by a bit pattern. Labels are pointers into what the evaluator owns, so that nodes
// which keep them copy nothing. Native histograms are a second, sparse table of pointers: where one
// stands, the float is missing, so that code which knows floats only does not see it.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/promql/value.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/sample.h"
#include "storage/window/series_labels.h"

namespace outrider {
struct NativeHistogram;  // storage/model/native_histogram.h
}

namespace outrider::promql {

// "No sample here". Stale markers never enter an evaluation, so their bits are free to mean this.
inline constexpr double kAbsent = std::bit_cast<double>(kStaleNanBits);
inline bool IsAbsent(double v) { return IsStale(v); }

// The times at which a node is evaluated: start, start + step, …
struct Steps {
  Timestamp start = 0;
  DurationMs step = 0;
  size_t count = 1;
  Timestamp At(size_t i) const { return start + static_cast<Timestamp>(i) * step; }
  Timestamp Last() const { return At(count - 1); }
};

struct Row {
  const SeriesLabels* labels = nullptr;
  bool drop_name =
      false;  // __name__, __type__ and __unit__ go at the end (delayed) or are gone already
};

struct Block {
  ValueType type = ValueType::kVector;
  size_t steps = 1;
  std::vector<Row> rows;
  std::vector<double> values;  // rows × steps
  // By row, and empty for a row without histograms; there may be fewer entries than rows. The
  // evaluator owns what is pointed at.
  std::vector<std::vector<const NativeHistogram*>> histograms;
  // All rows bear one metric name and no type or unit, so that dropping the name makes no two rows
  // equal.
  bool one_name = false;

  std::span<double> Of(size_t row) { return std::span(values).subspan(row * steps, steps); }
  std::span<const double> Of(size_t row) const {
    return std::span(values).subspan(row * steps, steps);
  }
  // Adds a row without samples.
  std::span<double> AddRow(Row row) {
    rows.push_back(row);
    values.resize(values.size() + steps, kAbsent);
    return Of(rows.size() - 1);
  }
  bool HasHistograms() const { return !histograms.empty(); }
  bool HasHistograms(size_t row) const {
    return row < histograms.size() && !histograms[row].empty();
  }
  const NativeHistogram* HistogramAt(size_t row, size_t step) const {
    return HasHistograms(row) ? histograms[row][step] : nullptr;
  }
  // Puts a histogram where no sample is, or takes one away (nullptr).
  void SetHistogram(size_t row, size_t step, const NativeHistogram* histogram);
  bool HasSample(size_t row, size_t step) const {
    return !IsAbsent(values[row * steps + step]) || HistogramAt(row, step) != nullptr;
  }
  // Adds a row with the samples of another block's.
  void CopyRow(const Block& from, size_t row);
  static Block Scalar(size_t steps, double value = 0);
  double ScalarAt(size_t step) const { return values[step]; }
  // Drops rows that have no sample at any step.
  void RemoveEmptyRows();
};

bool AnyHistogram(const Block& block);

// Puts `change(histogram)` in the place of each.
template <typename Change>
void ChangeHistograms(Block* block, Change change) {
  for (auto& row : block->histograms) {
    for (const NativeHistogram*& histogram : row) {
      if (histogram != nullptr) histogram = change(*histogram);
    }
  }
}

// Of the labels that a metric name goes with.
inline bool IsMetadataLabel(std::string_view name) {
  return name == kMetricName || name == "__type__" || name == "__unit__";
}
bool HasTypeOrUnit(const SeriesLabels& labels);

// The labels that a row has in the eyes of the language.
Labels EffectiveLabels(const Row& row, bool name_gone);

// Rows with equal effective labels become one when they have no step in common; else it is
// Prometheus' error. `delayed`: names of rows with drop_name still count.
Status MergeDuplicates(Block* block, bool delayed);

// That error for any two rows with equal labels but for the names, which count as gone.
Status CheckUnique(const Block& block);

// `{__name__="m", a="b"}`: how error texts show labels.
std::string BraceText(const Labels& labels);

}  // namespace outrider::promql
