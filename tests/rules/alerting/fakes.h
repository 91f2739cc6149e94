// SPDX-License-Identifier: Apache-2.0
// Series in a map and a sink that remembers: what the rules see of storage and notifiers.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "rules/alerting/alert_sink.h"
#include "storage/base/status.h"
#include "storage/window/appender.h"
#include "storage/window/querier.h"

namespace outrider {

class FakeWindows final : public Querier, public Appender {
 public:
  std::map<Labels, std::vector<Sample>> series;
  std::map<Labels, std::vector<HistogramSample>> histograms;  // of members of `series`
  uint64_t AppendCounts::* refuse = nullptr;                  // what is appended to refused_name
  std::string refused_name;

  void Put(const Labels& labels, Timestamp time, double value) {
    series[labels].push_back({time, value});
  }
  void PutHistogram(const Labels& labels, Timestamp time, const NativeHistogram& histogram) {
    series.try_emplace(labels);
    histograms[labels].push_back({time, histogram});
  }
  AppendCounts AppendBatch(std::span<const LabeledSample> samples, Origin, Timestamp) override {
    AppendCounts counts;
    for (const LabeledSample& s : samples) {
      if (refuse != nullptr && s.labels.MetricName() == refused_name) {
        ++(counts.*refuse);
        continue;
      }
      std::vector<Sample>& points = series[s.labels];
      if (!points.empty() && points.back().time >= s.sample.time) {
        ++counts.out_of_order;
        continue;
      }
      points.push_back(s.sample);
      ++counts.accepted;
    }
    return counts;
  }
  Status Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to, size_t,
                SeriesSet* out) const override {
    out->Clear();
    uint32_t id = 0;
    for (const auto& [labels, points] : series) {
      ++id;
      if (!MatchesAll(matchers, labels)) continue;
      const size_t begin = out->times.size();
      for (const Sample& point : points) {
        if (point.time < from || point.time > to) continue;
        out->times.push_back(point.time);
        out->values.push_back(point.value);
      }
      const size_t histograms_begin = out->histograms.size();
      const auto at = histograms.find(labels);
      if (out->want_histograms && at != histograms.end()) {
        std::ranges::copy_if(at->second, std::back_inserter(out->histograms),
                             [&](const HistogramSample& sample) {
                               return sample.time >= from && sample.time <= to;
                             });
      }
      if (out->times.size() > begin || out->histograms.size() > histograms_begin) {
        out->rows.push_back({SeriesLabels(labels), id, begin, out->times.size(), histograms_begin,
                             out->histograms.size()});
      }
    }
    return absl::OkStatus();
  }
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> matchers, Timestamp from,
                                             Timestamp to) const override {
    SeriesSet set;
    TRY(Select(matchers, from, to, 0, &set));
    std::vector<Labels> labels;
    labels.reserve(set.rows.size());
    for (const SeriesSet::Row& row : set.rows) labels.push_back(row.labels.All());
    return labels;
  }
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher>, Timestamp,
                                                Timestamp) const override {
    return std::vector<std::string>();
  }
  StatusOr<std::vector<std::string>> LabelValues(std::string_view, std::span<const Matcher>,
                                                 Timestamp, Timestamp) const override {
    return std::vector<std::string>();
  }
  std::vector<Timestamp> NewestOf(std::span<const uint32_t> ids) const override {
    std::vector<Timestamp> newest;
    for (const uint32_t id : ids) {
      newest.push_back(kNoTime);
      if (id < 1 || id > series.size()) continue;
      const auto& [labels, points] = *std::next(series.begin(), id - 1);
      if (!points.empty()) newest.back() = points.back().time;
      const auto at = histograms.find(labels);
      if (at != histograms.end()) newest.back() = std::max(newest.back(), at->second.back().time);
    }
    return newest;
  }
  Timestamp OldestKept() const override { return 0; }

  // The newest sample of a series, or nullptr.
  const Sample* Last(const Labels& labels) const {
    const auto at = series.find(labels);
    return at == series.end() || at->second.empty() ? nullptr : &at->second.back();
  }
};

// Commits as the desk does, and can be told to refuse.
class FakeSink final : public AlertSink {
 public:
  explicit FakeSink(StateStore* store) : store_(store) {}
  Status OnAlerts(std::span<const Alert> alerts, Batch rule_state, Nanos now) override {
    if (refuse) return absl::UnavailableError("disk full");
    TRY(store_->Commit(rule_state, Durability::kSynced));
    for (const Alert& alert : alerts) {
      told.push_back(alert);
      lines.push_back(std::string(alert.labels.Get(kAlertName)) +
                      (alert.ResolvedAt(now) ? " resolved" : " firing") + " @" +
                      std::to_string(now / kNanosPerSecond));
    }
    return absl::OkStatus();
  }

  bool refuse = false;
  std::vector<Alert> told;
  std::vector<std::string> lines;  // `NAME firing|resolved @seconds`

 private:
  StateStore* store_;
};

}  // namespace outrider
