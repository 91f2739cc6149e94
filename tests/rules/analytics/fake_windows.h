// SPDX-License-Identifier: Apache-2.0
// Windows in a map: a Querier, an Appender and a SampleFeed for tests of the rooms above storage.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "storage/window/appender.h"
#include "storage/window/querier.h"
#include "storage/window/sample_feed.h"

namespace outrider {

class FakeWindows final : public Querier, public Appender, public SampleFeed {
 public:
  void Add(const Labels& labels, Timestamp time, double value) {
    if (births_.try_emplace(labels, made_).second) ++made_;
    series_[labels].push_back({time, value});
  }
  // The series leaves the windows.
  void Forget(const Labels& labels) {
    births_.erase(labels);
    series_.erase(labels);
  }
  // Samples of the series from `from` on count since `start`.
  void Start(const Labels& labels, Timestamp from, Timestamp start) {
    starts_[labels].push_back({from, start});
  }
  // Samples of a series, oldest first; empty if there is none.
  std::vector<Sample> Samples(const Labels& labels) const {
    const auto found = series_.find(labels);
    return found == series_.end() ? std::vector<Sample>() : found->second;
  }

  Status Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to, size_t max_samples,
                SeriesSet* out) const override {
    if (!failure_.empty()) return Internal(failure_);
    uint32_t id = 0;
    for (const auto& [labels, samples] : series_) {
      ++id;
      if (!MatchesAll(matchers, labels)) continue;
      SeriesSet::Row row;
      row.labels = SeriesLabels(labels);
      row.id = id;
      row.begin = out->times.size();
      for (const Sample& sample : samples) {
        if (sample.time < from || sample.time > to) continue;
        out->times.push_back(sample.time);
        out->values.push_back(sample.value);
        ++read_;
      }
      row.end = out->times.size();
      if (const auto starts = starts_.find(labels); out->want_starts && starts != starts_.end()) {
        row.starts_begin = out->starts.size();
        out->starts.insert(out->starts.end(), starts->second.begin(), starts->second.end());
        row.starts_end = out->starts.size();
      }
      if (row.end > row.begin) out->rows.push_back(std::move(row));
      if (out->times.size() > max_samples) return absl::ResourceExhaustedError("too many samples");
    }
    return absl::OkStatus();
  }
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> matchers, Timestamp from,
                                             Timestamp to) const override {
    SeriesSet set;
    TRY(Select(matchers, from, to, SIZE_MAX, &set));
    std::vector<Labels> labels;
    labels.reserve(set.rows.size());
    for (const auto& row : set.rows) labels.push_back(row.labels.All());
    return labels;
  }
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher> /*matchers*/,
                                                Timestamp /*from*/,
                                                Timestamp /*to*/) const override {
    return std::vector<std::string>();
  }
  StatusOr<std::vector<std::string>> LabelValues(std::string_view /*name*/,
                                                 std::span<const Matcher> /*matchers*/,
                                                 Timestamp /*from*/,
                                                 Timestamp /*to*/) const override {
    return std::vector<std::string>();
  }
  Timestamp OldestKept() const override { return INT64_MIN; }

  AppendCounts AppendBatch(std::span<const LabeledSample> samples, Origin origin,
                           Timestamp /*now*/) override {
    AppendCounts counts;
    for (const LabeledSample& sample : samples) {
      Add(sample.labels, sample.sample.time, sample.sample.value);
      if (origin == Origin::kLocal) ++counts.accepted;
    }
    return counts;
  }

  uint64_t SeriesMade() const override { return made_; }
  std::vector<SeriesCursor> Find(std::span<const Matcher> matchers) const override {
    std::vector<SeriesCursor> found;
    for (const auto& [labels, birth] : births_) {
      if (!MatchesAll(matchers, labels)) continue;
      SeriesCursor cursor;
      cursor.birth = birth;
      found.push_back(cursor);
    }
    return found;
  }
  Labels LabelsOf(const SeriesCursor& cursor) const override {
    for (const auto& [labels, birth] : births_) {
      if (birth == cursor.birth) return labels;
    }
    return {};
  }
  uint64_t FollowAs(Want /*want*/, std::span<SeriesCursor> cursors, Timestamp to,
                    const UseFollowed& use) const override {
    const auto tell = [&](const FollowedSamples& some) { use({&some, 1}); };
    for (size_t i = 0; i < cursors.size(); ++i) {
      std::vector<Timestamp> times;
      std::vector<double> values;
      const auto found = series_.find(LabelsOf(cursors[i]));
      if (found == series_.end()) {
        tell({.cursor = i, .times = {}, .values = {}, .gone = true});
        continue;
      }
      for (const Sample& sample : found->second) {
        if (sample.time <= cursors[i].after || sample.time > to) continue;
        cursors[i].after = sample.time;
        times.push_back(sample.time);
        values.push_back(sample.value);
        ++read_;
      }
      if (!times.empty()) tell({.cursor = i, .times = times, .values = values});
    }
    return 0;
  }

  void FailWith(std::string text) { failure_ = std::move(text); }
  size_t samples_read() const { return read_; }

 private:
  std::map<Labels, std::vector<Sample>> series_;
  std::map<Labels, uint64_t> births_;
  std::map<Labels, std::vector<StartRun>> starts_;
  uint64_t made_ = 1;
  std::string failure_;
  mutable size_t read_ = 0;
};

// The derived series of the table as text: `name{a="b"}` -> value.
template <typename Table>
std::map<std::string, double> DerivedText(const Table& table) {
  std::map<std::string, double> out;
  for (const auto& family : table.Snapshot()) {
    for (const auto& series : family.series) out[series.labels->ToString()] = series.value;
  }
  return out;
}

}  // namespace outrider
