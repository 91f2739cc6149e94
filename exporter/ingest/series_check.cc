// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/series_check.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kOwnPrefix = "outrider_";
constexpr size_t kMaxLabelText = 300;
constexpr std::array<SeriesVerdictText, static_cast<size_t>(SeriesVerdict::kEnd)> kTexts = {{
    {"", ""},
    {"own_series", "series of Outrider itself"},
    {"no_metric_name", "series without a metric name"},
    {"empty_label_name", "series with an empty label name"},
    {"duplicate_label", "series with a label given twice"},
    {"invalid_utf8", "series with labels that are not UTF-8"},
    {"too_many_labels", "series with too many labels"},
    {"bad_symbol_refs", "series with invalid symbol references"},
    {"no_data", "TimeSeries must contain at least one sample or histogram"},
}};

// Nearly all text is ASCII: eight bytes at a time.
bool IsAscii(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080ULL;
  uint64_t seen = 0;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    seen |= word;
  }
  for (; i < text.size(); ++i) seen |= static_cast<uint8_t>(text[i]);
  return (seen & kHighBits) == 0;
}

bool IsText(std::string_view text) { return IsAscii(text) || IsValidUtf8(text); }

}  // namespace

SeriesVerdictText TextOf(SeriesVerdict verdict) { return kTexts[static_cast<size_t>(verdict)]; }

SeriesVerdict CheckSeries(IncomingSeries* series) {
  using enum SeriesVerdict;
  std::vector<LabelView>& labels = series->labels;
  if (series->bad_refs) return kBadRefs;
  if (series->too_many_labels) return kTooManyLabels;
  std::erase_if(labels, [](const LabelView& label) { return label.value.empty(); });
  const auto by_name = [](const LabelView& a, const LabelView& b) { return a.name < b.name; };
  if (!std::is_sorted(labels.begin(), labels.end(), by_name)) {
    std::stable_sort(labels.begin(), labels.end(), by_name);
  }
  std::string_view metric;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].name.empty()) return kEmptyLabelName;
    if (i > 0 && labels[i].name == labels[i - 1].name) return kDuplicateLabel;
    if (!IsText(labels[i].name) || !IsText(labels[i].value)) return kBadUtf8;
    if (labels[i].name == kMetricName) metric = labels[i].value;
  }
  if (metric.empty()) return kNoName;
  return metric.starts_with(kOwnPrefix) ? kOwn : kFine;
}

std::string DescribeSeries(std::span<const LabelView> labels) {
  std::string text;
  for (const LabelView& label : labels) {
    if (label.name == kMetricName) {
      text.insert(0, fmt::format("{} ", Quote(label.value)));
    } else {
      text += fmt::format("{}={} ",
                          IsValidUtf8(label.name) ? std::string(label.name) : Quote(label.name),
                          Quote(label.value));
    }
    if (text.size() > kMaxLabelText) break;
  }
  return std::string(RunePrefix(Trim(text), kMaxLabelText));
}

}  // namespace outrider
