// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/otlp_writer.h"

#include <utility>

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::pair<std::string_view, std::string_view> kReasons[] = {
    {"delta", "delta temporality is not accepted, send cumulative"},
    {"no_temporality", "neither delta nor cumulative"},
    {"bad_metric_name", "nothing is left of the name"},
    {"bad_label_name", "an attribute's name cannot be a label"},
    {"too_many_labels", "a point has too many attributes"},
    {"no_time", "a point without a time"},
    {"no_value", "a point without a value"},
    {"bad_scale", "an exponential histogram's scale is below -4"},
    {"bad_buckets", "a bucket's index is out of range"},
    {"no_data", "a kind of metric that is not known"},
    {"too_large", "the request's labels add up to more than is allowed"},
};

std::string_view TextOf(std::string_view reason) {
  for (const auto& [name, text] : kReasons) {
    if (name == reason) return text;
  }
  return reason;
}

}  // namespace

uint32_t OtlpWriter::Family(OtlpFamily family) {
  const auto next = static_cast<uint32_t>(batch_.families.size());
  const auto [at, is_new] = families_.emplace(family.name, next);
  if (is_new) batch_.families.push_back(std::move(family));
  return at->second;
}

bool OtlpWriter::Spend(uint64_t bytes) {
  full_ = full_ || bytes > left_;
  if (!full_) left_ -= bytes;
  return !full_;
}

OtlpSeries* OtlpWriter::Series(uint32_t family, const std::vector<LabelView>& labels) {
  uint64_t bytes = 0;
  for (const LabelView& label : labels) bytes += label.name.size() + label.value.size();
  if (!Spend(bytes)) return nullptr;
  return Series(family, Labels::FromViews(labels));
}

OtlpSeries* OtlpWriter::Series(uint32_t family, Labels labels) {
  const uint64_t hash = labels.Hash();
  const auto [begin, end] = by_hash_.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    OtlpSeries& series = batch_.series[at->second];
    if (series.labels == labels) return &series;
  }
  by_hash_.emplace(hash, static_cast<uint32_t>(batch_.series.size()));
  OtlpSeries& series = batch_.series.emplace_back();
  series.labels = std::move(labels);
  series.family = family;
  return &series;
}

void OtlpWriter::Refuse(const char* reason, uint64_t points, std::string_view metric) {
  batch_.refused[reason] += points;
  if (!batch_.first_refusal.empty()) return;
  constexpr size_t kEnough = 200;
  batch_.first_refusal =
      fmt::format("metric {}: {}", Quote(RunePrefix(metric, kEnough)), TextOf(reason));
}

uint64_t OtlpBatch::RefusedPoints() const {
  uint64_t sum = 0;
  for (const auto& [reason, count] : refused) sum += count;
  return sum;
}

}  // namespace outrider
