// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/container_usage.h"

#include <array>
#include <utility>

#include "fmt/format.h"
#include "rules/capacity/usage_points.h"
#include "storage/base/hash.h"

namespace outrider {
namespace {

constexpr size_t kMaxSamples = 5'000'000;

class Collector {
 public:
  struct Source {
    std::string_view metric;
    std::vector<Sample> (*points)(std::span<const Timestamp>, std::span<const double>);
    std::vector<Sample> ContainerUsage::* where;
  };
  Status Read(const Querier& querier, const Source& source, TimeRange range,
              std::span<const Matcher> only) {
    std::vector<Matcher> matchers = {
        Matcher::Equal(std::string(kMetricName), std::string(source.metric)),
        TRY(Matcher::Create(MatchType::kNotRegex, "container", "|POD")),
        TRY(Matcher::Create(MatchType::kRegex, "cpu", "total|")),
    };
    matchers.insert(matchers.end(), only.begin(), only.end());
    SeriesSet set;
    TRY(querier.Select(matchers, range.from, range.to, kMaxSamples, &set));
    for (const SeriesSet::Row& row : set.rows) {
      ContainerUsage& usage = Slot(row.labels);
      std::vector<Sample>& target = usage.*source.where;
      target = MergeDuplicates(std::move(target), source.points(set.Times(row), set.Values(row)));
      Life& life = lives_[static_cast<size_t>(&usage - containers_.data())];
      Timestamp& newest = IsStale(set.Values(row).back()) ? life.end : life.sample;
      newest = std::max(newest, set.Times(row).back());
    }
    return absl::OkStatus();
  }

  std::vector<ContainerUsage> Take() {
    for (size_t i = 0; i < containers_.size(); ++i) {
      containers_[i].ended = lives_[i].end > lives_[i].sample;
    }
    return std::move(containers_);
  }

 private:
  struct Life {
    Timestamp sample = INT64_MIN;  // the newest of the series that go on
    Timestamp end = INT64_MIN;     // the newest marker of those that ended
  };
  ContainerUsage& Slot(const SeriesLabels& labels) {
    const std::string key = fmt::format("{}/{}/{}", labels.Get("namespace"), labels.Get("pod"),
                                        labels.Get("container"));
    const auto [it, is_new] = places_.try_emplace(key, containers_.size());
    if (is_new) {
      lives_.emplace_back();
      ContainerUsage& usage = containers_.emplace_back();
      usage.namespace_name = labels.Get("namespace");
      usage.pod = labels.Get("pod");
      usage.container = labels.Get("container");
    }
    return containers_[it->second];
  }

  StringMap<size_t> places_;
  std::vector<ContainerUsage> containers_;
  std::vector<Life> lives_;  // as containers_
};

}  // namespace

StatusOr<std::vector<ContainerUsage>> ReadContainerUsage(const Querier& querier, Timestamp from,
                                                         Timestamp to,
                                                         std::span<const Matcher> only) {
  static constexpr std::array kSources = {
      Collector::Source{"container_cpu_usage_seconds_total", CounterRates, &ContainerUsage::cpu},
      Collector::Source{"container_memory_working_set_bytes", GaugePoints, &ContainerUsage::memory},
  };
  Collector collector;
  for (const Collector::Source& source : kSources) {
    TRY(collector.Read(querier, source, {from, to}, only));
  }
  return collector.Take();
}

}  // namespace outrider
