// SPDX-License-Identifier: Apache-2.0
// Format 0.0.4: our points become prometheus-cpp's families, a few hundred at a time, and its
// serializer writes them.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <sstream>

#include "exporter/metrics/exposition.h"

namespace outrider {
namespace {

prometheus::MetricType TypeOf(FamilyKind type) {
  switch (type) {
    case FamilyKind::kCounter:
      return prometheus::MetricType::Counter;
    case FamilyKind::kGauge:
      return prometheus::MetricType::Gauge;
    case FamilyKind::kHistogram:
      return prometheus::MetricType::Histogram;
    case FamilyKind::kSummary:
      return prometheus::MetricType::Summary;
  }
  return prometheus::MetricType::Untyped;
}

void FillDistribution(FamilyKind type, const Distribution& from, prometheus::ClientMetric* to) {
  if (type == FamilyKind::kSummary) {
    to->summary.sample_count = from.count;
    to->summary.sample_sum = from.sum;
    for (const auto& [quantile, value] : from.quantiles)
      to->summary.quantile.push_back({quantile, value});
    return;
  }
  to->histogram.sample_count = from.count;
  to->histogram.sample_sum = from.sum;
  for (const auto& [bound, count] : from.buckets) to->histogram.bucket.push_back({count, bound});
  to->histogram.bucket.push_back({from.count, std::numeric_limits<double>::infinity()});
}

prometheus::ClientMetric ToClientMetric(FamilyKind type, const MetricPoint& point) {
  prometheus::ClientMetric metric;
  for (const LabelView label : *point.labels) {
    if (label.name == kMetricName) continue;
    metric.label.push_back({ClassicLabelName(label.name), std::string(label.value)});
  }
  metric.counter.value = point.value;
  metric.gauge.value = point.value;
  if (point.distribution != nullptr) FillDistribution(type, *point.distribution, &metric);
  return metric;
}

}  // namespace

void AppendText(const MetricFamilyData& family, size_t begin, size_t end, std::string* out) {
  prometheus::MetricFamily converted;
  converted.name = family.name;
  converted.type = TypeOf(family.type);
  if (begin == 0) converted.help = family.help;
  converted.metric.reserve(end - begin);
  for (size_t i = begin; i < end; ++i)
    converted.metric.push_back(ToClientMetric(family.type, family.points[i]));
  std::ostringstream stream;
  prometheus::TextSerializer().Serialize(stream, {std::move(converted)});
  std::string text = std::move(stream).str();
  // Behind the first piece of a family its TYPE line, the only one without a help text, must not
  // come again.
  if (begin > 0) text.erase(0, text.find('\n') + 1);
  *out += text;
}

}  // namespace outrider
