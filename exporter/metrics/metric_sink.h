// SPDX-License-Identifier: Apache-2.0
// What sources of metrics write into: families and points, without a metrics library. Names follow
// Prometheus' rules; the help text and type given first count.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/hash.h"
#include "storage/model/labels.h"

namespace outrider {

enum class FamilyKind : uint8_t { kCounter, kGauge, kHistogram, kSummary };

// Buckets are cumulative without the one for +Inf, which is `count`.
struct Distribution {
  uint64_t count = 0;
  double sum = 0;
  std::vector<std::pair<double, uint64_t>> buckets;  // histograms: upper bound, cumulative count
  std::vector<std::pair<double, double>> quantiles;  // summaries
};

struct MetricPoint {
  std::shared_ptr<const Labels> labels;  // __name__ is left out; not null
  double value = 0;
  std::shared_ptr<const Distribution> distribution;  // histograms and summaries
};

struct MetricFamilyData {
  std::string name;
  std::string help;
  FamilyKind type = FamilyKind::kGauge;
  std::vector<MetricPoint> points;
};

// One page being gathered. Not thread-safe.
class MetricSink {
 public:
  using LabelList = std::initializer_list<LabelView>;

  void Counter(std::string_view name, std::string_view help, LabelList labels, double value);
  void Counter(std::string_view name, std::string_view help, LabelList labels, uint64_t value) {
    Counter(name, help, labels, static_cast<double>(value));
  }
  void Gauge(std::string_view name, std::string_view help, LabelList labels, double value);
  // Empty distributions are written too: their zeros say that nothing was measured yet.
  void Histogram(std::string_view name, std::string_view help, LabelList labels,
                 Distribution distribution);
  void Summary(std::string_view name, std::string_view help, LabelList labels,
               Distribution distribution);
  // A gauge whose labels somebody else keeps: nothing is copied.
  void SharedGauge(std::string_view name, std::string_view help,
                   std::shared_ptr<const Labels> labels, double value);

  // Sorted by name; empties the sink.
  std::vector<MetricFamilyData> Take();

 private:
  MetricFamilyData& Family(std::string_view name, std::string_view help, FamilyKind type);

  std::vector<MetricFamilyData> families_;
  StringMap<size_t> by_name_;
};

}  // namespace outrider
