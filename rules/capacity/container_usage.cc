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
  Status Read(const Querier& querier, std::string_view metric, Timestamp from, Timestamp to,
              std::vector<Sample> (*points)(std::span<const Timestamp>, std::span<const double>),
              std::vector<Sample> ContainerUsage::* where) {
    const std::array matchers = {
        Matcher::Equal(std::string(kMetricName), std::string(metric)),
        TRY(Matcher::Create(MatchType::kNotRegex, "container", "|POD")),
        TRY(Matcher::Create(MatchType::kRegex, "cpu", "total|")),
    };
    SeriesSet set;
    TRY(querier.Select(matchers, from, to, kMaxSamples, &set));
    for (const SeriesSet::Row& row : set.rows) {
      ContainerUsage& usage = Slot(row.labels.All());
      std::vector<Sample>& target = usage.*where;
      target = MergeDuplicates(std::move(target), points(set.Times(row), set.Values(row)));
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
  ContainerUsage& Slot(const Labels& labels) {
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
                                                         Timestamp to) {
  Collector collector;
  TRY(collector.Read(querier, "container_cpu_usage_seconds_total", from, to, CounterRates,
                     &ContainerUsage::cpu));
  TRY(collector.Read(querier, "container_memory_working_set_bytes", from, to, GaugePoints,
                     &ContainerUsage::memory));
  return collector.Take();
}

}  // namespace outrider
