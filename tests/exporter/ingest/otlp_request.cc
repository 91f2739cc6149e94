// SPDX-License-Identifier: Apache-2.0
#include "tests/exporter/ingest/otlp_request.h"

#include "fmt/format.h"

namespace outrider {

void SetAttributes(const OtlpPairs& pairs,
                   google::protobuf::RepeatedPtrField<wire::otlp::KeyValue>* attributes) {
  for (const auto& [key, value] : pairs) {
    auto* attribute = attributes->Add();
    attribute->set_key(key);
    attribute->mutable_value()->set_string_value(value);
  }
}

void OtlpRequest::Resource(const OtlpPairs& attributes) {
  SetAttributes(attributes,
                request_.add_resource_metrics()->mutable_resource()->mutable_attributes());
}

void OtlpRequest::Scope(const std::string& name, const std::string& version,
                        const OtlpPairs& attributes) {
  auto* resource = request_.mutable_resource_metrics(request_.resource_metrics_size() - 1);
  auto* scope = resource->add_scope_metrics();
  scope->set_schema_url("url");
  scope->mutable_scope()->set_name(name);
  scope->mutable_scope()->set_version(version);
  SetAttributes(attributes, scope->mutable_scope()->mutable_attributes());
}

wire::otlp::Metric* OtlpRequest::Metric(const std::string& name, const std::string& unit) {
  if (request_.resource_metrics().empty()) request_.add_resource_metrics();
  auto* resource = request_.mutable_resource_metrics(request_.resource_metrics_size() - 1);
  if (resource->scope_metrics().empty()) resource->add_scope_metrics();
  auto* scope = resource->mutable_scope_metrics(resource->scope_metrics_size() - 1);
  auto* metric = scope->add_metrics();
  metric->set_name(name);
  metric->set_unit(unit);
  metric->set_description("about " + name);
  return metric;
}

wire::otlp::Sum* OtlpRequest::Sum(const std::string& name, const std::string& unit,
                                  wire::otlp::Temporality temporality, bool monotonic) {
  auto* sum = Metric(name, unit)->mutable_sum();
  sum->set_temporality(temporality);
  sum->set_is_monotonic(monotonic);
  return sum;
}

wire::otlp::Histogram* OtlpRequest::Histogram(const std::string& name, const std::string& unit,
                                              wire::otlp::Temporality temporality) {
  auto* histogram = Metric(name, unit)->mutable_histogram();
  histogram->set_temporality(temporality);
  return histogram;
}

wire::otlp::ExponentialHistogram* OtlpRequest::Exponential(const std::string& name,
                                                           wire::otlp::Temporality temporality) {
  auto* histogram = Metric(name, "")->mutable_exponential_histogram();
  histogram->set_temporality(temporality);
  return histogram;
}

void Fill(wire::otlp::HistogramPoint* point, const std::vector<double>& bounds,
          const std::vector<uint64_t>& counts, uint64_t count, double sum) {
  for (const double bound : bounds) point->add_explicit_bounds(bound);
  for (const uint64_t in_bucket : counts) point->add_bucket_counts(in_bucket);
  point->set_count(count);
  point->set_sum(sum);
}

std::string BucketsText(const std::vector<BucketSpan>& spans, const std::vector<double>& buckets) {
  std::string text;
  for (const BucketSpan& span : spans) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", span.offset, span.length);
  }
  text = "[" + text + "]:";
  for (const double bucket : buckets) text += fmt::format(" {}", bucket);
  return text;
}

std::string HistogramText(const HistogramSample& sample) {
  const NativeHistogram& h = sample.histogram;
  if (IsStale(h)) return fmt::format("{}=stale", sample.time);
  std::string text =
      fmt::format("{}={{schema:{}{} zero:{}@{} count:{} sum:{} +{} -{}", sample.time, h.schema,
                  h.reset_hint == ResetHint::kGauge ? " gauge" : "", h.zero_count, h.zero_threshold,
                  h.count, h.sum, BucketsText(h.positive_spans, h.positive_buckets),
                  BucketsText(h.negative_spans, h.negative_buckets));
  if (!h.custom_values.empty()) text += " le:";
  for (size_t i = 0; i < h.custom_values.size(); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : " ", h.custom_values[i]);
  }
  return text + "}";
}

}  // namespace outrider
