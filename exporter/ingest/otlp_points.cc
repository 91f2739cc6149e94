// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/otlp_points.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "exporter/ingest/otlp_exemplars.h"
#include "exporter/ingest/otlp_histograms.h"
#include "exporter/ingest/otlp_point_flags.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr const char* kTooLarge = "too_large";

// Where in ascending bounds a value belongs; beyond the last: bounds.
size_t BucketOf(const wire::otlp::HistogramPoint& point, size_t bounds, double value) {
  const auto begin = point.explicit_bounds().begin();
  if (std::isnan(value)) return bounds;
  return static_cast<size_t>(std::lower_bound(begin, begin + static_cast<int>(bounds), value) -
                             begin);
}

}  // namespace

template <typename Point>
const char* OtlpPoints::Start(const Point& point) {
  if (writer_.full()) return kTooLarge;
  if (point.time_unix_nano() == 0) return "no_time";
  times_ = {.time = FromUnixNano(point.time_unix_nano()),
            .start = FromUnixNano(point.start_time_unix_nano())};
  if (const char* reason = labeller_.PointLabels(point.attributes(), &labels_); reason != nullptr) {
    return reason;
  }
  range_.first = range_.last == 0 ? times_.time : std::min(range_.first, times_.time);
  range_.last = std::max(range_.last, times_.time);
  return nullptr;
}

OtlpSeries* OtlpPoints::Sample(const OtlpMetricContext& metric, std::string_view suffix,
                               LabelView more, double value) {
  const std::string name = suffix.empty() ? std::string() : metric.name + std::string(suffix);
  const size_t own = labels_.size();
  if (!more.name.empty()) labels_.push_back(more);
  labels_.push_back({kMetricName, suffix.empty() ? std::string_view(metric.name) : name});
  OtlpSeries* series = writer_.Series(metric.family, labels_);
  labels_.resize(own);
  if (series == nullptr) return nullptr;
  series->samples.push_back({.time = times_.time, .value = value});
  series->start_times.push_back(times_.start);
  return series;
}

OtlpSeries* OtlpPoints::Native(const OtlpMetricContext& metric, NativeHistogram histogram) {
  labels_.push_back({kMetricName, metric.name});
  OtlpSeries* series = writer_.Series(metric.family, labels_);
  if (series == nullptr) return nullptr;
  series->histograms.push_back({.time = times_.time, .histogram = std::move(histogram)});
  series->histogram_start_times.push_back(times_.start);
  return series;
}

void OtlpPoints::Exemplars(const google::protobuf::RepeatedPtrField<wire::otlp::Exemplar>& from,
                           std::vector<OtlpExemplar>* to) {
  for (const auto& exemplar : from) {
    auto translated = TranslateExemplar(exemplar);
    if (translated) {
      to->push_back(*std::move(translated));
    } else {
      writer_.LeaveOut("exemplar_without_value");
    }
  }
}

const char* OtlpPoints::Number(const OtlpMetricContext& metric,
                               const wire::otlp::NumberPoint& point, bool with_exemplars) {
  double value = 0;
  if (NoRecordedValue(point.flags())) {
    value = StaleNan();
  } else if (point.has_as_double()) {
    value = point.as_double();
  } else if (point.has_as_int()) {
    value = static_cast<double>(point.as_int());
  } else {
    return "no_value";
  }
  if (const char* reason = Start(point); reason != nullptr) return reason;
  OtlpSeries* series = Sample(metric, "", {}, value);
  if (series == nullptr) return kTooLarge;
  if (with_exemplars) Exemplars(point.exemplars(), &series->exemplars);
  return nullptr;
}

const char* OtlpPoints::Histogram(const OtlpMetricContext& metric,
                                  const wire::otlp::HistogramPoint& point) {
  if (const char* reason = Start(point); reason != nullptr) return reason;
  if (!options_.convert_histograms_to_nhcb) return Classic(metric, point);
  OtlpSeries* series = Native(metric, FromExplicit(point, metric.delta));
  if (series == nullptr) return kTooLarge;
  Exemplars(point.exemplars(), &series->exemplars);
  return nullptr;
}

const char* OtlpPoints::Classic(const OtlpMetricContext& metric,
                                const wire::otlp::HistogramPoint& point) {
  const bool stale = NoRecordedValue(point.flags());
  const auto value = [&](double recorded) { return stale ? StaleNan() : recorded; };
  if (point.has_sum() && Sample(metric, "_sum", {}, value(point.sum())) == nullptr) {
    return kTooLarge;
  }
  const auto count = static_cast<double>(point.count());
  if (Sample(metric, "_count", {}, value(count)) == nullptr) return kTooLarge;

  const auto bounds =
      static_cast<size_t>(std::min(point.explicit_bounds_size(), point.bucket_counts_size()));
  std::vector<OtlpExemplar> exemplars;
  Exemplars(point.exemplars(), &exemplars);
  std::stable_sort(exemplars.begin(), exemplars.end(),
                   [&](const OtlpExemplar& a, const OtlpExemplar& b) {
                     return BucketOf(point, bounds, a.value) < BucketOf(point, bounds, b.value);
                   });
  auto exemplar = exemplars.begin();
  uint64_t cumulative = 0;
  for (size_t i = 0; i <= bounds; ++i) {
    const bool last = i == bounds;
    if (!last) cumulative += point.bucket_counts(static_cast<int>(i));
    const double bound = last ? INFINITY : point.explicit_bounds(static_cast<int>(i));
    if (!last && bound == INFINITY) continue;  // its own bucket says the same
    const double total = last ? count : static_cast<double>(cumulative);
    OtlpSeries* series = Sample(metric, "_bucket", {"le", FormatFloatF(bound)}, value(total));
    if (series == nullptr) return kTooLarge;
    while (exemplar != exemplars.end() && BucketOf(point, bounds, exemplar->value) <= i) {
      series->exemplars.push_back(std::move(*exemplar++));
    }
  }
  return nullptr;
}

const char* OtlpPoints::Exponential(const OtlpMetricContext& metric,
                                    const wire::otlp::ExponentialPoint& point) {
  NativeHistogram histogram;
  if (const char* reason = FromExponential(point, metric.delta, &histogram); reason != nullptr) {
    return reason;
  }
  if (const char* reason = Start(point); reason != nullptr) return reason;
  OtlpSeries* series = Native(metric, std::move(histogram));
  if (series == nullptr) return kTooLarge;
  Exemplars(point.exemplars(), &series->exemplars);
  return nullptr;
}

const char* OtlpPoints::Summary(const OtlpMetricContext& metric,
                                const wire::otlp::SummaryPoint& point) {
  if (const char* reason = Start(point); reason != nullptr) return reason;
  const bool stale = NoRecordedValue(point.flags());
  const auto value = [&](double recorded) { return stale ? StaleNan() : recorded; };
  if (Sample(metric, "_sum", {}, value(point.sum())) == nullptr ||
      Sample(metric, "_count", {}, value(static_cast<double>(point.count()))) == nullptr) {
    return kTooLarge;
  }
  for (const auto& quantile : point.quantile_values()) {
    const std::string text = FormatFloatF(quantile.quantile());
    if (Sample(metric, "", {"quantile", text}, value(quantile.value())) == nullptr) {
      return kTooLarge;
    }
  }
  return nullptr;
}

}  // namespace outrider
