// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/promql/ast.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

std::string ForMetric(std::string_view metric) {
  return metric.empty() ? "" : fmt::format(" for metric name {}", Quote(metric));
}

}  // namespace

std::string Annotations::At(uint32_t pos) const {
  return fmt::format(" ({})", PositionText(query_, pos));
}

void Annotations::Add(std::vector<std::string>* list, std::string text) {
  if (std::find(list->begin(), list->end(), text) == list->end()) list->push_back(std::move(text));
}

void Annotations::InvalidQuantile(double q, uint32_t pos) {
  Add(&warnings_, fmt::format("PromQL warning: quantile value should be between 0 and 1, got {}{}",
                              FormatFloatG(q), At(pos)));
}

void Annotations::InvalidRatio(double ratio, double used, uint32_t pos) {
  Add(&warnings_,
      fmt::format("PromQL warning: ratio value should be between -1 and 1, got {}, capping to {}{}",
                  FormatFloatG(ratio), FormatFloatG(used), At(pos)));
}

void Annotations::BadBucketLabel(std::string_view metric, std::string_view value, uint32_t pos) {
  Add(&warnings_,
      fmt::format(
          "PromQL warning: bucket label \"le\" is missing or has a malformed value of {}{}{}",
          Quote(value), ForMetric(metric), At(pos)));
}

void Annotations::PossibleNonCounter(std::string_view metric, uint32_t pos) {
  Add(&infos_, fmt::format("PromQL info: metric might not be a counter, name does not end in "
                           "_total/_sum/_count/_bucket: {}{}",
                           Quote(metric), At(pos)));
}

void Annotations::SortInRangeQuery(uint32_t pos) {
  Add(&warnings_, fmt::format("PromQL warning: sort is ineffective for range queries since results "
                              "are always ordered by labels{}",
                              At(pos)));
}

void Annotations::IncompatibleTypes(std::string_view op, std::string_view lhs, std::string_view rhs,
                                    uint32_t pos) {
  Add(&infos_, fmt::format("PromQL info: incompatible sample types encountered for binary operator "
                           "{}: {} {} {}{}",
                           Quote(op), lhs, op, rhs, At(pos)));
}

void Annotations::Warn(std::string_view text, uint32_t pos) {
  Add(&warnings_, fmt::format("PromQL warning: {}{}", text, At(pos)));
}

void Annotations::Inform(std::string_view text, uint32_t pos) {
  Add(&infos_, fmt::format("PromQL info: {}{}", text, At(pos)));
}

void Annotations::MixedFloatsHistograms(std::string_view metric, uint32_t pos) {
  Warn(fmt::format("encountered a mix of histograms and floats for metric name {}", Quote(metric)),
       pos);
}

void Annotations::MixedFloatsHistogramsInAggregation(uint32_t pos) {
  Warn("encountered a mix of histograms and floats for aggregation", pos);
}

void Annotations::MixedClassicNative(std::string_view metric, uint32_t pos) {
  Warn("vector contains a mix of classic and native histograms" + ForMetric(metric), pos);
}

void Annotations::MixedExponentialCustom(std::string_view metric, uint32_t pos) {
  Warn(
      fmt::format("vector contains a mix of histograms with exponential and custom buckets schemas "
                  "for metric name {}",
                  Quote(metric)),
      pos);
}

void Annotations::NotACounter(std::string_view metric, uint32_t pos) {
  Warn(fmt::format("this native histogram metric is not a counter: {}", Quote(metric)), pos);
}

void Annotations::NotAGauge(std::string_view metric, uint32_t pos) {
  Warn(fmt::format("this native histogram metric is not a gauge: {}", Quote(metric)), pos);
}

void Annotations::IncompatibleBuckets(std::string_view op, uint32_t pos) {
  Warn(fmt::format("incompatible bucket layout encountered for binary operator {}", op), pos);
}

void Annotations::HistogramIgnored(std::string_view aggregation, uint32_t pos) {
  Inform(fmt::format("ignored histogram in {} aggregation", aggregation), pos);
}

void Annotations::HistogramIgnoredInRange(std::string_view metric, uint32_t pos) {
  Inform(fmt::format("ignored histograms in a range containing both floats and histograms for "
                     "metric name {}",
                     Quote(metric)),
         pos);
}

void Annotations::NanInQuantile(std::string_view metric, bool result_is_nan, uint32_t pos) {
  Inform(fmt::format("input to histogram_quantile has NaN observations, result is {}{}",
                     result_is_nan ? "NaN" : "skewed higher", ForMetric(metric)),
         pos);
}

void Annotations::NanInFraction(std::string_view metric, uint32_t pos) {
  Inform("input to histogram_fraction has NaN observations, which are excluded from all fractions" +
             ForMetric(metric),
         pos);
}

void Annotations::ResetCollision(std::string_view operation, uint32_t pos) {
  Warn(fmt::format("conflicting counter resets during histogram {}", operation), pos);
}

void Annotations::BoundsReconciled(std::string_view operation, uint32_t pos) {
  Inform(fmt::format("mismatched custom buckets were reconciled during {}", operation), pos);
}

void Annotations::StartTimeOverlap(std::string_view metric, uint32_t pos) {
  ++overlaps_[{std::string(metric), pos}];
}

void Annotations::ForcedMonotonicity(std::string_view metric, const Monotonicity& seen,
                                     uint32_t pos) {
  const auto [it, inserted] = monotonicity_.try_emplace({std::string(metric), pos}, seen);
  if (inserted) return;
  Monotonicity& all = it->second;
  all.min_bucket = std::min(all.min_bucket, seen.min_bucket);
  all.max_bucket = std::max(all.max_bucket, seen.max_bucket);
  all.max_diff = std::max(all.max_diff, seen.max_diff);
  all.first = std::min(all.first, seen.first);
  all.last = std::max(all.last, seen.last);
  all.count += seen.count;
}

std::vector<std::string> Annotations::Warnings() const {
  std::vector<std::string> warnings = warnings_;
  for (const auto& [key, count] : overlaps_) {
    warnings.push_back(fmt::format(
        "PromQL warning: sample has start time that overlaps with previous sample timestamp for "
        "metric {}{}{}",
        Quote(key.first), count > 1 ? fmt::format(" ({} occurrences)", count) : "",
        At(key.second)));
  }
  return warnings;
}

std::vector<std::string> Annotations::Infos() const {
  std::vector<std::string> infos = infos_;
  for (const auto& [key, seen] : monotonicity_) {
    // Whole seconds, like the original.
    const auto time = [](Timestamp ms) { return FormatRfc3339(ms / kSecond * kNanosPerSecond, 0); };
    infos.push_back(fmt::format(
        "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see "
        "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){}, "
        "from buckets {} to {}, with a max diff of {:.2g}, over {} samples from {} to {}{}",
        ForMetric(key.first), FormatFloatG(seen.min_bucket), FormatFloatG(seen.max_bucket),
        seen.max_diff, seen.count, time(seen.first), time(seen.last), At(key.second)));
  }
  return infos;
}

}  // namespace outrider::promql
