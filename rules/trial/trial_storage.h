// SPDX-License-Identifier: Apache-2.0
// The storage of one rule test: input series that come in as time goes on, and what rules write
// between them, with the order of time that Prometheus' storage enforces.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rules/trial/memory_querier.h"
#include "rules/trial/rule_test_file.h"
#include "rules/trial/series_notation.h"
#include "storage/base/hash.h"
#include "storage/window/appender.h"

namespace outrider {

// One caller at a time.
class TrialStorage final : public Appender {
 public:
  // Parses the input of a test; sample i of a series comes at start + i × interval. Of two lines of
  // one series the later counts. The error names the series.
  Status SetInput(const RuleTestCase& test);

  // All input up to `now`. An error names the first series that a rule has written to at or after
  // the time of its sample.
  Status Advance(Timestamp now);

  // What rules write. A sample that is not newer than its series is dropped, as in Prometheus, and
  // noted, unless it is a marker of staleness.
  AppendCounts AppendBatch(std::span<const LabeledSample> samples, Origin origin,
                           Timestamp now) override;
  // Prometheus counts a dropped sample as an error of its rule.
  struct Refused {
    std::string rule;  // by the series: its name, or the alert's
    const char* error = "";
  };
  std::vector<Refused> TakeRefused() { return std::exchange(refused_, {}); }

  const MemoryQuerier& querier() const { return querier_; }

 private:
  struct Input {
    Labels labels;
    std::vector<SequenceValue> values;
    size_t next = 0;
  };
  struct Newest {
    Timestamp time = 0;
    double value = 0;
    std::shared_ptr<const NativeHistogram> histogram;  // nullptr: a float
  };
  enum class Outcome { kAppended, kRepeated, kOutOfOrder, kDuplicate };
  Outcome Append(const Labels& labels, const LabeledSample& sample);

  Timestamp start_ = 0;
  DurationMs interval_ = 0;
  std::vector<Input> input_;
  MemoryQuerier querier_;
  StringMap<Newest> newest_;  // by packed labels
  std::vector<Refused> refused_;
};

}  // namespace outrider
