// SPDX-License-Identifier: Apache-2.0
// How good a recommendation policy is on series of CPU use: each series is streamed once through
// the accumulator that the daemon has; at the end of each day of 24 hours (from the third on) the
// policy recommends, and the recommendation is held against the next day. Nothing of a day is known
// before it is over.
//
// The series' unit does not matter: it is scaled so that the first day's mean is one core (the
// first day is never judged).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "exporter/trial/usage_corpus.h"
#include "storage/base/status.h"

namespace outrider {

struct RecommendScore {
  size_t days = 0;
  double violations = 0;      // share of samples above the request, mean of the days
  double violations_p90 = 0;  // of the days
  double slack = 0;           // mean of (request - use) / request where positive
  double shortfall = 0;       // share of the use that was above
  double request_to_use = 0;  // mean request / mean use, median of the days
};

struct RecommendRow {
  enum class Kind {
    kReference,  // computed on samples
    kOneNumber,  // one request all day
    kByHour,     // a schedule of 24 requests
    kByQuarter,  // a schedule of 96 requests
  };
  std::string name;
  Kind kind = Kind::kReference;
  RecommendScore all;
  RecommendScore even;  // the series with even numbers, from 0
  RecommendScore odd;
  // 90 % of 1000 draws of as many series, with repetition, lie between.
  double violations_low = 0;
  double violations_high = 0;
  double slack_low = 0;
  double slack_high = 0;
};

struct RecommendEvaluation {
  size_t series = 0;
  uint64_t seed = 0;
  std::vector<RecommendRow> rows;
};

// `policies`: names; empty: all, and the references. An unknown one is an error.
StatusOr<RecommendEvaluation> EvaluateRecommendations(std::span<const UsageSeries> corpus,
                                                      const std::vector<std::string>& policies,
                                                      uint64_t seed);

std::string_view RecommendKindText(RecommendRow::Kind kind);
std::string RecommendTable(const RecommendEvaluation& evaluation);
std::string RecommendJson(const RecommendEvaluation& evaluation);

}  // namespace outrider
