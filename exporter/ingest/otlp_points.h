// SPDX-License-Identifier: Apache-2.0
// Data points of each kind of metric as samples of series: one function per kind.
#pragma once

#include <string_view>
#include <vector>

#include "exporter/ingest/otlp_attributes.h"
#include "exporter/ingest/otlp_writer.h"
#include "exporter/ingest/proto/otlp_metrics.pb.h"

namespace outrider {

// Times of the points that were translated.
struct OtlpTimeRange {
  Timestamp first = 0;
  Timestamp last = 0;  // 0: there was none
};

class OtlpPoints {
 public:
  // All outlive it.
  OtlpPoints(const OtlpOptions& options, OtlpLabeller* labeller, OtlpWriter* writer)
      : options_(options), labeller_(*labeller), writer_(*writer) {}

  void StartResource() { range_ = {}; }
  const OtlpTimeRange& range() const { return range_; }  // of the resource so far

  // Each returns nullptr, or the reason why the point is refused.
  const char* Number(const OtlpMetricContext& metric, const wire::otlp::NumberPoint& point,
                     bool with_exemplars);
  const char* Histogram(const OtlpMetricContext& metric, const wire::otlp::HistogramPoint& point);
  const char* Exponential(const OtlpMetricContext& metric,
                          const wire::otlp::ExponentialPoint& point);
  const char* Summary(const OtlpMetricContext& metric, const wire::otlp::SummaryPoint& point);

 private:
  struct Times {
    Timestamp time = 0;
    Timestamp start = 0;
  };
  // The point's labels into labels_, its times into times_.
  template <typename Point>
  const char* Start(const Point& point);
  // Adds a sample to the series named base + suffix with one more label, if that has a name.
  OtlpSeries* Sample(const OtlpMetricContext& metric, std::string_view suffix, LabelView more,
                     double value);
  OtlpSeries* Native(const OtlpMetricContext& metric, NativeHistogram histogram);
  const char* Classic(const OtlpMetricContext& metric, const wire::otlp::HistogramPoint& point);
  void Exemplars(const google::protobuf::RepeatedPtrField<wire::otlp::Exemplar>& from,
                 std::vector<OtlpExemplar>* to);

  const OtlpOptions& options_;
  OtlpLabeller& labeller_;
  OtlpWriter& writer_;
  OtlpTimeRange range_;
  Times times_;
  std::vector<LabelView> labels_;
};

}  // namespace outrider
