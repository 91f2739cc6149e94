// SPDX-License-Identifier: Apache-2.0
// Series in memory behind the Querier interface: the storage of rule tests and of the PromQL test
// language.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "storage/model/labels.h"
#include "storage/model/sample.h"
#include "storage/window/querier.h"

namespace outrider {

// Reads are thread-safe while nobody writes.
class MemoryQuerier final : public Querier {
 public:
  // A sample at a time that is already there replaces the old one.
  void Append(const Labels& labels, Sample sample) { series_[labels][sample.time] = sample.value; }
  void Clear() { series_.clear(); }

  Status Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to, size_t max_samples,
                SeriesSet* out) const override;
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> matchers, Timestamp from,
                                             Timestamp to) const override;
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher> matchers, Timestamp from,
                                                Timestamp to) const override;
  StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                 std::span<const Matcher> matchers, Timestamp from,
                                                 Timestamp to) const override;
  Timestamp OldestKept() const override;

 private:
  std::map<Labels, std::map<Timestamp, double>> series_;
};

}  // namespace outrider
