// SPDX-License-Identifier: Apache-2.0
// A body of OTLP metrics to translated series, under each kind of options. What comes out must keep
// what otlp_translate.h promises.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "exporter/ingest/otlp_translate.h"

namespace {

void Check(const outrider::OtlpBatch& batch) {
  std::set<outrider::Labels> seen;
  for (const auto& series : batch.series) {
    const bool fine = seen.insert(series.labels).second && !series.labels.MetricName().empty() &&
                      series.family < batch.families.size() &&
                      series.samples.size() == series.start_times.size() &&
                      series.histograms.size() == series.histogram_start_times.size() &&
                      !(series.samples.empty() && series.histograms.empty());
    if (!fine) __builtin_trap();
    for (const auto& sample : series.histograms) {
      size_t buckets = 0;
      for (const auto& span : sample.histogram.positive_spans) buckets += span.length;
      if (buckets != sample.histogram.positive_buckets.size()) __builtin_trap();
    }
  }
  if (batch.first_refusal.empty() != (batch.RefusedPoints() == 0)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
  outrider::OtlpOptions options;
  options.translation_strategy = static_cast<outrider::OtlpStrategy>(data[0] & 3U);
  options.promote_all_resource_attributes = (data[0] & 4U) != 0;
  options.promote_scope_metadata = (data[0] & 8U) != 0;
  options.convert_histograms_to_nhcb = (data[0] & 16U) != 0;
  options.allow_delta = (data[0] & 32U) != 0;
  options.label_name_preserve_multiple_underscores = (data[0] & 64U) != 0;
  options.max_label_bytes = (data[0] & 128U) != 0 ? 1000 : 16U << 20;
  if (const auto batch = outrider::TranslateOtlp(body, options); batch.ok()) Check(*batch);
  return 0;
}
