// SPDX-License-Identifier: Apache-2.0
// Where a back-test gets its samples: a piece of time after the other, ascending.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/matcher.h"
#include "storage/model/native_histogram.h"
#include "storage/model/sample.h"

namespace outrider {

// Closed at both ends.
struct HistoryQuery {
  std::vector<Matcher> matchers;
  Timestamp from = 0;
  Timestamp to = 0;
};

// A series, or a part of it; the parts come in the order of their times.
struct HistoryRow {
  std::span<const LabelView> labels;  // sorted, unique, none empty
  std::span<const Sample> samples;
  std::span<const HistogramSample> histograms;
};

// What was fetched. A series that several queries select may come several times.
class HistoryPiece {
 public:
  using Visit = std::function<void(const HistoryRow&)>;
  virtual ~HistoryPiece() = default;
  virtual Status ForEach(const Visit& visit) const = 0;
};

// One Fetch at a time, from any thread; a piece may be read while the next one is fetched.
class HistorySource {
 public:
  virtual ~HistorySource() = default;
  virtual StatusOr<std::unique_ptr<HistoryPiece>> Fetch(std::vector<HistoryQuery> queries) = 0;
};

}  // namespace outrider
