// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/classic_histograms.h"

#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "rules/promql/histogram/histogram_math.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Classic {
  std::map<double, double> buckets;  // bound → cumulative count
  std::optional<double> count;
  double sum = 0;
};

enum class Part { kNone, kBucket, kSum, kCount };

Part TakeSuffix(std::string_view* name) {
  constexpr std::pair<std::string_view, Part> kSuffixes[] = {
      {"_bucket", Part::kBucket}, {"_sum", Part::kSum}, {"_count", Part::kCount}};
  for (const auto& [suffix, part] : kSuffixes) {
    if (!name->ends_with(suffix)) continue;
    name->remove_suffix(suffix.size());
    return part;
  }
  return Part::kNone;
}

StatusOr<NativeHistogram> Convert(Classic classic) {
  if (!classic.count && !classic.buckets.empty()) classic.count = classic.buckets.rbegin()->second;
  const double count = classic.count.value_or(0);
  classic.buckets.emplace(kInfinity, count);
  NativeHistogram h;
  h.schema = kCustomSchema;
  h.is_float = true;
  h.count = count;
  h.sum = classic.sum;
  double before = 0;
  for (const auto& [bound, up_to] : classic.buckets) {
    if (up_to < 0) return InvalidArgument("bucket count must be non-negative");
    if (up_to < before) return InvalidArgument("count is not cumulative");
    if (bound != kInfinity) h.custom_values.push_back(bound);
    h.positive_buckets.push_back(up_to - before);
    before = up_to;
  }
  if (before != count) return InvalidArgument("count mismatch");
  h.positive_spans.push_back({0, static_cast<uint32_t>(h.positive_buckets.size())});
  promql::CompactHistogram(&h);
  return h;
}

using Classics = std::map<Labels, std::map<Timestamp, Classic>>;

// Puts the samples of a line into the histograms they are part of.
void AddLine(const SeriesLine& line, DurationMs step, Classics* classics) {
  std::string_view name = line.labels.MetricName();
  const Part part = TakeSuffix(&name);
  if (line.start_times || part == Part::kNone) return;
  const StatusOr<double> bound = ParseDouble(line.labels.Get("le"));
  if (part == Part::kBucket && (!bound.ok() || std::isnan(*bound))) return;
  auto& by_time = (*classics)[line.labels.Without("le").With(kMetricName, name)];
  for (size_t i = 0; i < line.values.size(); ++i) {
    const SequenceValue& value = line.values[i];
    if (value.omitted || value.histogram != nullptr) continue;
    Classic& classic = by_time[static_cast<Timestamp>(i) * step];
    if (part == Part::kBucket) classic.buckets.emplace(*bound, value.value);
    if (part == Part::kCount) classic.count = value.value;
    if (part == Part::kSum) classic.sum = value.value;
  }
}

}  // namespace

StatusOr<std::map<Labels, HistogramsByTime>> ConvertClassic(std::span<const SeriesLine> lines,
                                                            DurationMs step) {
  Classics classics;
  for (const SeriesLine& line : lines) AddLine(line, step, &classics);
  std::map<Labels, HistogramsByTime> natives;
  for (auto& [labels, by_time] : classics) {
    for (auto& [time, classic] : by_time) {
      StatusOr<NativeHistogram> native = Convert(std::move(classic));
      if (!native.ok()) return Annotate(native.status(), labels.ToString());
      natives[labels].emplace(time, *std::move(native));
    }
  }
  return natives;
}

}  // namespace outrider
