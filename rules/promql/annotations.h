// SPDX-License-Identifier: Apache-2.0
// Warnings and infos that an evaluation raises beside its value, each with the position of what
// caused it. Source: specs/prometheus.md §2.3.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"

namespace outrider::promql {

// Collects without duplicates. Not thread-safe: one per query.
class Annotations {
 public:
  explicit Annotations(std::string_view query) : query_(query) {}

  void InvalidQuantile(double q, uint32_t pos);
  void InvalidRatio(double ratio, double used, uint32_t pos);
  void BadBucketLabel(std::string_view metric, std::string_view value, uint32_t pos);
  void PossibleNonCounter(std::string_view metric, uint32_t pos);
  void SortInRangeQuery(uint32_t pos);
  void IncompatibleTypes(std::string_view op, std::string_view lhs, std::string_view rhs,
                         uint32_t pos);

  // About native histograms. `operation`: "addition", "subtraction" or "aggregation".
  void MixedFloatsHistograms(std::string_view metric, uint32_t pos);
  void MixedFloatsHistogramsInAggregation(uint32_t pos);
  void MixedClassicNative(std::string_view metric, uint32_t pos);
  void MixedExponentialCustom(std::string_view metric, uint32_t pos);
  void NotACounter(std::string_view metric, uint32_t pos);
  void NotAGauge(std::string_view metric, uint32_t pos);
  void IncompatibleBuckets(std::string_view op, uint32_t pos);
  void HistogramIgnored(std::string_view aggregation, uint32_t pos);
  void HistogramIgnoredInRange(std::string_view metric, uint32_t pos);
  void NanInQuantile(std::string_view metric, bool result_is_nan, uint32_t pos);
  void NanInFraction(std::string_view metric, uint32_t pos);
  void ResetCollision(std::string_view operation, uint32_t pos);
  void BoundsReconciled(std::string_view operation, uint32_t pos);
  // A sample that counts since before the one before it, but not since the same time. Counted, one
  // text per metric and position.
  void StartTimeOverlap(std::string_view metric, uint32_t pos);

  // Buckets whose counts had to be raised; all of one metric and position become one text.
  struct Monotonicity {
    double min_bucket = 0;
    double max_bucket = 0;
    double max_diff = 0;
    Timestamp first = 0;
    Timestamp last = 0;
    int count = 1;
  };
  void ForcedMonotonicity(std::string_view metric, const Monotonicity& seen, uint32_t pos);

  // Texts as Prometheus prints them: `PromQL warning: … (1:5)`.
  std::vector<std::string> Warnings() const;
  std::vector<std::string> Infos() const;

 private:
  std::string At(uint32_t pos) const;
  void Warn(std::string_view text, uint32_t pos);
  void Inform(std::string_view text, uint32_t pos);
  static void Add(std::vector<std::string>* list, std::string text);

  std::string_view query_;
  std::vector<std::string> warnings_;
  std::vector<std::string> infos_;
  std::map<std::pair<std::string, uint32_t>, Monotonicity> monotonicity_;
  std::map<std::pair<std::string, uint32_t>, int> overlaps_;
};

}  // namespace outrider::promql
