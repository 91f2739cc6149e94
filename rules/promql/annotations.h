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
  static void Add(std::vector<std::string>* list, std::string text);

  std::string_view query_;
  std::vector<std::string> warnings_;
  std::vector<std::string> infos_;
  std::map<std::pair<std::string, uint32_t>, Monotonicity> monotonicity_;
};

}  // namespace outrider::promql
