// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/metric_sink.h"

#include <algorithm>

namespace outrider {
namespace {

std::shared_ptr<const Labels> Share(MetricSink::LabelList labels) {
  return std::make_shared<const Labels>(labels);
}

}  // namespace

MetricFamilyData& MetricSink::Family(std::string_view name, std::string_view help,
                                     FamilyKind type) {
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) return families_[found->second];
  by_name_.emplace(name, families_.size());
  MetricFamilyData& family = families_.emplace_back();
  family.name = std::string(name);
  family.help = std::string(help);
  family.type = type;
  return family;
}

void MetricSink::Counter(std::string_view name, std::string_view help, LabelList labels,
                         double value) {
  Family(name, help, FamilyKind::kCounter).points.push_back({Share(labels), value, nullptr});
}

void MetricSink::Gauge(std::string_view name, std::string_view help, LabelList labels,
                       double value) {
  Family(name, help, FamilyKind::kGauge).points.push_back({Share(labels), value, nullptr});
}

void MetricSink::Histogram(std::string_view name, std::string_view help, LabelList labels,
                           Distribution distribution) {
  Family(name, help, FamilyKind::kHistogram)
      .points.push_back(
          {Share(labels), 0, std::make_shared<const Distribution>(std::move(distribution))});
}

void MetricSink::Summary(std::string_view name, std::string_view help, LabelList labels,
                         Distribution distribution) {
  Family(name, help, FamilyKind::kSummary)
      .points.push_back(
          {Share(labels), 0, std::make_shared<const Distribution>(std::move(distribution))});
}

void MetricSink::SharedGauge(std::string_view name, std::string_view help,
                             std::shared_ptr<const Labels> labels, double value) {
  Family(name, help, FamilyKind::kGauge).points.push_back({std::move(labels), value, nullptr});
}

std::vector<MetricFamilyData> MetricSink::Take() {
  by_name_.clear();
  std::vector<MetricFamilyData> out = std::exchange(families_, {});
  std::ranges::sort(out, {}, &MetricFamilyData::name);
  return out;
}

}  // namespace outrider
