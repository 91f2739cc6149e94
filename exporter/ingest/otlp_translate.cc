// SPDX-License-Identifier: Apache-2.0
// The walk over a request: resources, their scopes, their metrics, their points. Labels come from
// OtlpLabeller, samples from OtlpPoints, the result is kept by OtlpWriter.
#include "exporter/ingest/otlp_translate.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "exporter/ingest/otlp_attributes.h"
#include "exporter/ingest/otlp_decode.h"
#include "exporter/ingest/otlp_points.h"
#include "exporter/ingest/otlp_writer.h"

namespace outrider {
namespace {

using wire::otlp::Metric;

constexpr int64_t kMaxTargetInfoSamples = 1000;  // of one resource: the newest
constexpr uint64_t kTargetInfoSampleBytes = 64;  // in memory, about

wire::otlp::Temporality TemporalityOf(const Metric& metric) {
  switch (metric.data_case()) {
    case Metric::kSum:
      return metric.sum().temporality();
    case Metric::kHistogram:
      return metric.histogram().temporality();
    case Metric::kExponentialHistogram:
      return metric.exponential_histogram().temporality();
    case Metric::kGauge:
    case Metric::kSummary:
    case Metric::DATA_NOT_SET:
      break;
  }
  return wire::otlp::TEMPORALITY_CUMULATIVE;
}

MetricType TypeOf(const Metric& metric) {
  // Prometheus has no type for deltas.
  if (TemporalityOf(metric) == wire::otlp::TEMPORALITY_DELTA) return MetricType::kUnknown;
  switch (metric.data_case()) {
    case Metric::kGauge:
      return MetricType::kGauge;
    case Metric::kSum:
      return metric.sum().is_monotonic() ? MetricType::kCounter : MetricType::kGauge;
    case Metric::kHistogram:
    case Metric::kExponentialHistogram:
      return MetricType::kHistogram;
    case Metric::kSummary:
      return MetricType::kSummary;
    case Metric::DATA_NOT_SET:
      break;
  }
  return MetricType::kUnknown;
}

OtlpNameKind NameKindOf(const Metric& metric) {
  if (metric.has_gauge()) return OtlpNameKind::kGauge;
  return metric.has_sum() && metric.sum().is_monotonic() ? OtlpNameKind::kCounter
                                                         : OtlpNameKind::kOther;
}

uint64_t PointsOf(const Metric& metric) {
  switch (metric.data_case()) {
    case Metric::kGauge:
      return static_cast<uint64_t>(metric.gauge().data_points_size());
    case Metric::kSum:
      return static_cast<uint64_t>(metric.sum().data_points_size());
    case Metric::kHistogram:
      return static_cast<uint64_t>(metric.histogram().data_points_size());
    case Metric::kExponentialHistogram:
      return static_cast<uint64_t>(metric.exponential_histogram().data_points_size());
    case Metric::kSummary:
      return static_cast<uint64_t>(metric.summary().data_points_size());
    case Metric::DATA_NOT_SET:
      break;
  }
  return 0;
}

class Translator {
 public:
  Translator(const OtlpOptions& options, OtlpBatch* batch)
      : options_(options),
        labeller_(options, batch),
        writer_(options.max_label_bytes, batch),
        points_(options, &labeller_, &writer_) {}

  void Resource(const wire::otlp::ResourceMetrics& resource) {
    labeller_.StartResource(resource.resource());
    points_.StartResource();
    for (const auto& scope : resource.scope_metrics()) {
      labeller_.StartScope(scope);
      for (const Metric& metric : scope.metrics()) OneMetric(metric);
    }
    if (points_.range().last != 0) TargetInfo(resource.resource());
  }

  // At the end, so that a target_info which several resources share has its samples in order.
  void WriteTargetInfo() {
    if (target_info_.empty()) return;
    const uint32_t family = writer_.Family(
        {.name = "target_info", .type = MetricType::kGauge, .help = "Target metadata", .unit = ""});
    for (auto& [labels, times] : target_info_) {
      OtlpSeries* series = writer_.Series(family, labels);
      for (const Timestamp time : times) {
        series->samples.push_back({.time = time, .value = 1});
        series->start_times.push_back(0);
      }
    }
  }

 private:
  void OneMetric(const Metric& metric) {
    const uint64_t points = PointsOf(metric);
    if (metric.data_case() == Metric::DATA_NOT_SET) {
      writer_.Refuse("no_data", 1, metric.name());
      return;
    }
    if (points == 0) {
      writer_.LeaveOut("empty_metric");
      return;
    }
    const wire::otlp::Temporality temporality = TemporalityOf(metric);
    OtlpMetricContext context{.sent_name = metric.name(),
                              .name = {},
                              .family = 0,
                              .delta = temporality == wire::otlp::TEMPORALITY_DELTA};
    if (context.delta && !options_.allow_delta) {
      writer_.Refuse("delta", points, metric.name());
      return;
    }
    if (!context.delta && temporality != wire::otlp::TEMPORALITY_CUMULATIVE) {
      writer_.Refuse("no_temporality", points, metric.name());
      return;
    }
    auto name = OtlpMetricName(metric.name(), metric.unit(), NameKindOf(metric),
                               options_.translation_strategy);
    if (!name.ok()) {
      writer_.Refuse("bad_metric_name", points, metric.name());
      return;
    }
    context.name = *std::move(name);
    context.family = writer_.Family({.name = context.name,
                                     .type = TypeOf(metric),
                                     .help = metric.description(),
                                     .unit = OtlpUnitName(metric.unit())});
    Points(context, metric);
  }

  void Points(const OtlpMetricContext& context, const Metric& metric) {
    const auto each = [&](const auto& points, const auto& translate) {
      for (const auto& point : points) {
        const char* reason = translate(point);
        if (reason == nullptr) {
          writer_.Accepted();
        } else {
          writer_.Refuse(reason, 1, context.sent_name);
        }
      }
    };
    const auto number = [&](const auto& p) { return points_.Number(context, p, metric.has_sum()); };
    each(metric.gauge().data_points(), number);
    each(metric.sum().data_points(), number);
    each(metric.histogram().data_points(),
         [&](const auto& p) { return points_.Histogram(context, p); });
    each(metric.exponential_histogram().data_points(),
         [&](const auto& p) { return points_.Exponential(context, p); });
    each(metric.summary().data_points(),
         [&](const auto& p) { return points_.Summary(context, p); });
  }

  // A sample every interval of the resource's points and one at their last, so that a join finds
  // it at each of them.
  void TargetInfo(const wire::otlp::Resource& resource) {
    const Labels labels = labeller_.TargetInfo(resource);
    if (labels.empty()) return;
    const OtlpTimeRange range = points_.range();
    const Timestamp interval = std::max<Timestamp>(1, options_.target_info_interval);
    const int64_t intervals = (range.last - range.first) / interval;
    const int64_t skip = std::max<int64_t>(0, intervals - kMaxTargetInfoSamples);
    if (skip > 0) writer_.LeaveOut("target_info");
    if (!writer_.Spend(static_cast<uint64_t>(intervals - skip + 2) * kTargetInfoSampleBytes)) {
      writer_.LeaveOut("target_info");
      return;
    }
    std::set<Timestamp>& times = target_info_[labels];
    for (int64_t i = skip; i <= intervals; ++i) times.insert(range.first + i * interval);
    times.insert(range.last);
  }

  const OtlpOptions& options_;
  OtlpLabeller labeller_;
  OtlpWriter writer_;
  OtlpPoints points_;
  std::map<Labels, std::set<Timestamp>> target_info_;
};

}  // namespace

StatusOr<OtlpBatch> TranslateOtlp(std::string_view body, const OtlpOptions& options) {
  google::protobuf::Arena arena;
  const wire::otlp::ExportRequest* request = TRY(DecodeOtlp(body, &arena));
  OtlpBatch batch;
  Translator translator(options, &batch);
  for (const auto& resource : request->resource_metrics()) translator.Resource(resource);
  translator.WriteTargetInfo();
  return batch;
}

}  // namespace outrider
