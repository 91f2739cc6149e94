// SPDX-License-Identifier: Apache-2.0
// Builds OTLP requests, and writes native histograms as text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "exporter/ingest/proto/otlp_metrics.pb.h"
#include "storage/model/native_histogram.h"

namespace outrider {

using OtlpPairs = std::vector<std::pair<std::string, std::string>>;

void SetAttributes(const OtlpPairs& pairs,
                   google::protobuf::RepeatedPtrField<wire::otlp::KeyValue>* attributes);

// Metrics go to the last resource and scope.
class OtlpRequest {
 public:
  void Resource(const OtlpPairs& attributes);
  void Scope(const std::string& name, const std::string& version, const OtlpPairs& attributes);
  wire::otlp::Metric* Metric(const std::string& name, const std::string& unit);
  wire::otlp::Sum* Sum(const std::string& name, const std::string& unit,
                       wire::otlp::Temporality temporality, bool monotonic);
  wire::otlp::Histogram* Histogram(const std::string& name, const std::string& unit,
                                   wire::otlp::Temporality temporality);
  wire::otlp::ExponentialHistogram* Exponential(const std::string& name,
                                                wire::otlp::Temporality temporality);
  std::string Body() const { return request_.SerializeAsString(); }

 private:
  wire::otlp::ExportRequest request_;
};

// One more data point at that time.
template <typename Data>
auto* Point(Data* data, int64_t ms, const OtlpPairs& attributes) {
  auto* point = data->add_data_points();
  point->set_time_unix_nano(static_cast<uint64_t>(ms) * 1'000'000);
  SetAttributes(attributes, point->mutable_attributes());
  return point;
}

// An exemplar at 7 ms.
template <typename P>
wire::otlp::Exemplar* AddExemplar(P* point, double value) {
  auto* exemplar = point->add_exemplars();
  exemplar->set_time_unix_nano(7'000'000);
  exemplar->set_as_double(value);
  return exemplar;
}

void Fill(wire::otlp::HistogramPoint* point, const std::vector<double>& bounds,
          const std::vector<uint64_t>& counts, uint64_t count, double sum);

// [offset:length …]: bucket …
std::string BucketsText(const std::vector<BucketSpan>& spans, const std::vector<double>& buckets);
// time=stale, or time={schema:… zero:count@threshold count:… sum:… +buckets -buckets le:bounds}
std::string HistogramText(const HistogramSample& sample);

}  // namespace outrider
