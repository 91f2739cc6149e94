// SPDX-License-Identifier: Apache-2.0
// What the rows of a remote write 2.0 body must be: what V2Decoder says of it, series by series.
// For a test and for the fuzzer.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/ingest/v2_rows.h"
#include "storage/window/series_identity.h"

namespace outrider {

// The identity, where a row must have one.
inline Hash128 KeyOfSeries(const IncomingSeries& series, uint64_t seed) {
  if (series.bad_refs || series.too_many_labels || series.samples.empty()) return {};
  std::vector<LabelView> labels;
  for (const LabelView& label : series.labels) {
    if (!label.value.empty()) labels.push_back(label);
  }
  return IdentityOf(labels, seed);
}

inline bool SameSamples(const V2Rows& rows, const KeyedRow& row, const IncomingSeries& series) {
  if (row.end - row.begin != series.samples.size()) return false;
  for (size_t i = 0; i < series.samples.size(); ++i) {
    const Sample& sample = rows.samples()[row.begin + i];
    const Timestamp start = rows.starts().empty() ? 0 : rows.starts()[row.begin + i];
    if (sample.time != series.samples[i].time) return false;
    if (!SameBits(sample.value, series.samples[i].value)) return false;
    if (start != (series.start_times.empty() ? 0 : series.start_times[i])) return false;
  }
  return true;
}

// The metric that a series describes, or null.
inline const LabelView* MetricDescribedBy(const IncomingSeries& series) {
  const auto name = std::find_if(series.labels.begin(), series.labels.end(),
                                 [](const LabelView& one) { return one.name == kMetricName; });
  const bool told = series.has_metadata && !series.bad_refs && name != series.labels.end();
  return told ? &*name : nullptr;
}

inline bool DescribedOnce(const V2Rows& rows, const IncomingSeries& series,
                          const LabelView& metric) {
  const auto same = [&](const V2Rows::Described& one) {
    return one.metric.data() == metric.value.data() && one.metadata.type == series.metadata.type &&
           one.metadata.help.data() == series.metadata.help.data() &&
           one.metadata.unit.data() == series.metadata.unit.data();
  };
  return std::count_if(rows.described().begin(), rows.described().end(), same) == 1;
}

// Empty: the row is right.
inline std::string WrongWithRow(const V2Rows& rows, uint32_t at, const IncomingSeries& series,
                                uint64_t seed) {
  if (at >= rows.rows().size()) return "a row is missing";
  const KeyedRow& row = rows.rows()[at];
  if (row.key != KeyOfSeries(series, seed)) return "key";
  if (!SameSamples(rows, row, series)) return "samples";
  const bool special = !series.exemplars.empty() || !series.histograms.empty();
  if (rows.special(at) != special) return "special";
  const LabelView* metric = MetricDescribedBy(series);
  return metric == nullptr || DescribedOnce(rows, series, *metric) ? "" : "metadata";
}

// Empty: the rows are right.
inline std::string WrongWithRows(std::string_view body, V2Rows* rows) {
  constexpr uint64_t kSeed = 11;
  const Status parsed = rows->Parse(body, kSeed);
  V2Decoder decoder;
  Status expected = decoder.Open(body);
  IncomingSeries series;
  size_t described = 0;
  bool starts = false;
  for (uint32_t at = 0; expected.ok(); ++at) {
    const StatusOr<bool> more = decoder.Next(&series);
    expected = more.status();
    if (!more.ok() || !*more) break;
    if (!parsed.ok()) continue;
    std::string wrong = WrongWithRow(*rows, at, series, kSeed);
    if (!wrong.empty()) return wrong;
    starts = starts || !series.start_times.empty();
    described += MetricDescribedBy(series) != nullptr ? 1 : 0;
  }
  if (Message(parsed) != Message(expected)) return Message(parsed) + " for " + Message(expected);
  if (!parsed.ok()) return "";
  if (rows->starts().empty() == starts) return "starts";
  return rows->described().size() > described ? "more metadata than was sent" : "";
}

}  // namespace outrider
