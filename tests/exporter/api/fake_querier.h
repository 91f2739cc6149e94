// SPDX-License-Identifier: Apache-2.0
// A handful of series in memory behind the Querier seam.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/window/querier.h"

namespace outrider {

class FakeQuerier final : public Querier {
 public:
  void Add(const Labels& labels, const std::vector<Sample>& samples) {
    series_.emplace_back(labels, samples);
  }
  // Of a series without floats.
  void Add(const Labels& labels, const HistogramSample& sample) {
    series_.emplace_back(labels, std::vector<Sample>());
    histograms_.emplace(labels, sample);
  }
  void SetOldestKept(Timestamp time) { oldest_ = time; }

  Status Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to, size_t max_samples,
                SeriesSet* out) const override {
    out->Clear();
    for (const auto& [labels, samples] : series_) {
      if (!MatchesAll(matchers, labels)) continue;
      SeriesSet::Row row;
      row.labels = SeriesLabels(labels);
      row.id = static_cast<uint32_t>(out->rows.size());
      row.begin = out->times.size();
      for (const Sample& sample : samples) {
        if (sample.time < from || sample.time > to) continue;
        out->times.push_back(sample.time);
        out->values.push_back(sample.value);
      }
      row.end = out->times.size();
      const auto histogram = histograms_.find(labels);
      if (histogram != histograms_.end() && histogram->second.time >= from &&
          histogram->second.time <= to) {
        row.histograms_begin = out->histograms.size();
        out->histograms.push_back(histogram->second);
        row.histograms_end = out->histograms.size();
      }
      if (row.end > row.begin || row.histograms_end > row.histograms_begin)
        out->rows.push_back(std::move(row));
    }
    if (out->times.size() > max_samples) return absl::ResourceExhaustedError("too many samples");
    return absl::OkStatus();
  }
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> matchers, Timestamp from,
                                             Timestamp to) const override {
    std::set<Labels> out;
    for (const auto& [labels, samples] : series_) {
      const bool live = std::ranges::any_of(
          samples, [&](const Sample& s) { return s.time >= from && s.time <= to; });
      if (live && MatchesAll(matchers, labels)) out.insert(labels);
    }
    return std::vector<Labels>(out.begin(), out.end());
  }
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher> matchers, Timestamp from,
                                                Timestamp to) const override {
    std::set<std::string> out;
    const StatusOr<std::vector<Labels>> all = SelectLabels(matchers, from, to);
    for (const Labels& labels : *all) {
      for (const LabelView label : labels) out.emplace(label.name);
    }
    return std::vector<std::string>(out.begin(), out.end());
  }
  StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                 std::span<const Matcher> matchers, Timestamp from,
                                                 Timestamp to) const override {
    std::set<std::string> out;
    const StatusOr<std::vector<Labels>> all = SelectLabels(matchers, from, to);
    for (const Labels& labels : *all) {
      if (labels.Has(name)) out.emplace(labels.Get(name));
    }
    return std::vector<std::string>(out.begin(), out.end());
  }
  Timestamp OldestKept() const override { return oldest_; }

 private:
  std::vector<std::pair<Labels, std::vector<Sample>>> series_;
  std::map<Labels, HistogramSample> histograms_;
  Timestamp oldest_ = -(int64_t{1} << 50);  // everything is kept
};

}  // namespace outrider
