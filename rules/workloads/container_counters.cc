// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/container_counters.h"

#include <algorithm>

#include "fmt/format.h"
#include "rules/capacity/kube_label.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr DurationMs kLookback = 5 * kMinute;
constexpr DurationMs kKeep = kHour;  // what is remembered of a container that is gone
constexpr size_t kMaxSamples = 5'000'000;

PodContainer NamesOf(const SeriesLabels& labels, bool of_kube) {
  const auto label = [&](std::string_view name) {
    return std::string(of_kube ? KubeLabel(labels, name) : labels.Get(name));
  };
  return {label("namespace"), label("pod"), label("container"), std::string(labels.Get("cluster"))};
}

bool IsOf(const PodContainer& who, const SeriesLabels& labels, bool of_kube) {
  const auto same = [&](std::string_view name, const std::string& value) {
    return (of_kube ? KubeLabel(labels, name) : labels.Get(name)) == value;
  };
  return same("pod", who.pod) && same("container", who.container) &&
         same("namespace", who.namespace_name) && labels.Get("cluster") == who.cluster;
}

}  // namespace

std::vector<SeriesReference> ContainerCounters::Reach() {
  std::vector<SeriesReference> all;
  const ContainerCounters counters;
  for (const Source& source : counters.sources_) {
    all.push_back(
        {.matchers = {Matcher::Equal(std::string(kMetricName), std::string(source.metric))},
         .horizon = kHour,
         .owner = {.kind = "workloads", .name = "findings"}});
  }
  return all;
}

Status ContainerCounters::Update(const Querier& querier, Timestamp now) {
  due_ = now + kEvery;
  for (Source& source : sources_) {
    TRY(ReadOne(querier, now, &source));
    // Before what they point to.
    std::erase_if(source.counters,
                  [&](const auto& item) { return item.second.seen < now - kKeep; });
  }
  std::erase_if(counted_, [&](const auto& item) { return item.second.seen < now - kKeep; });
  return absl::OkStatus();
}

Status ContainerCounters::ReadOne(const Querier& querier, Timestamp now, Source* source) {
  std::vector<Matcher> matchers = {
      Matcher::Equal(std::string(kMetricName), std::string(source->metric))};
  if (!source->of_kube) {
    matchers.push_back(TRY(Matcher::Create(MatchType::kNotRegex, "container", "|POD")));
  }
  SeriesSet set;
  set.newest_will_do = true;
  TRY(querier.Select(matchers, now - kLookback, now, kMaxSamples, &set));
  for (const SeriesSet::Row& row : set.rows) {
    if (row.begin == row.end) continue;
    const double value = set.Values(row).back();
    const Timestamp time = set.Times(row).back();
    if (IsStale(value) || !(value >= 0)) continue;
    Counter& counter = source->counters[row.id];
    // An id may come again with another series.
    if (counter.counted == nullptr || !IsOf(counter.counted->who, row.labels, source->of_kube)) {
      counter = {.counted = &Slot(row.labels, source->of_kube), .last = value};
    }
    if (time <= counter.time) continue;
    counter.counted->seen = now;
    counter.seen = now;
    const double change = value >= counter.last ? value - counter.last : value;
    double& sum = counter.counted->change.*source->where;
    sum = std::max(sum, change);
    if (!source->of_kube && counter.time != INT64_MIN) {
      double& seconds = counter.counted->change.seconds;
      seconds = std::max(seconds, static_cast<double>(time - counter.time) / kSecond);
    }
    counter.last = value;
    counter.time = time;
  }
  return absl::OkStatus();
}

ContainerCounters::Counted& ContainerCounters::Slot(const SeriesLabels& labels, bool of_kube) {
  PodContainer who = NamesOf(labels, of_kube);
  Counted& counted =
      counted_[fmt::format("{}/{}/{}/{}", who.cluster, who.namespace_name, who.pod, who.container)];
  counted.who = std::move(who);
  return counted;
}

}  // namespace outrider
