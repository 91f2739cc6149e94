// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/host_usage.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "rules/capacity/usage_points.h"

namespace outrider {
namespace {

constexpr size_t kMaxSamples = 5'000'000;

// A series between its first and its last sample; open while no stale marker ended it.
struct Span {
  Timestamp first = 0;
  Timestamp last = INT64_MAX;
};

struct Machine {
  std::set<std::string> cpus;
  std::vector<Span> spans;                // of the busy series
  std::map<Timestamp, double> busy;       // sum of rates
  std::map<Timestamp, size_t> arrived;    // how many series it sums
  std::map<Timestamp, double> total;      // MemTotal
  std::map<Timestamp, double> available;  // MemAvailable
};
using Machines = std::map<std::pair<std::string, std::string>, Machine>;  // {instance, job}

std::pair<std::string, std::string> KeyOf(const SeriesLabels& labels) {
  return {std::string(labels.Get("instance")), std::string(labels.Get("job"))};
}

Status Select(const Querier& querier, std::string_view metric, Timestamp from, Timestamp to,
              SeriesSet* set) {
  const std::array matchers = {Matcher::Equal(std::string(kMetricName), std::string(metric))};
  set->Clear();
  return querier.Select(matchers, from, to, kMaxSamples, set);
}

Status ReadCpu(const Querier& querier, Timestamp from, Timestamp to, Machines* machines) {
  SeriesSet set;
  TRY(Select(querier, "node_cpu_seconds_total", from, to, &set));
  for (const SeriesSet::Row& row : set.rows) {
    const auto times = set.Times(row);
    const auto values = set.Values(row);
    const bool ended = IsStale(values.back());
    Machine& machine = (*machines)[KeyOf(row.labels)];
    if (!ended) machine.cpus.emplace(row.labels.Get("cpu"));
    if (row.labels.Get("mode") == "idle") continue;
    const auto rates = CounterRates(times, values);
    machine.spans.push_back({times.front(), INT64_MAX});
    if (ended) machine.spans.back().last = rates.empty() ? times.front() : rates.back().time;
    for (const Sample& rate : rates) {
      machine.busy[rate.time] += rate.value;
      ++machine.arrived[rate.time];
    }
  }
  return absl::OkStatus();
}

Status ReadMemory(const Querier& querier, std::string_view metric, Timestamp from, Timestamp to,
                  std::map<Timestamp, double> Machine::* where, Machines* machines) {
  SeriesSet set;
  TRY(Select(querier, metric, from, to, &set));
  for (const SeriesSet::Row& row : set.rows) {
    auto& target = (*machines)[KeyOf(row.labels)].*where;
    for (const Sample& point : GaugePoints(set.Times(row), set.Values(row))) {
      target[point.time] = point.value;
    }
  }
  return absl::OkStatus();
}

HostUsage Sum(const std::string& instance, const Machine& machine) {
  HostUsage host;
  host.instance = instance;
  host.cores = static_cast<double>(machine.cpus.size());
  host.ended = machine.cpus.empty() && !machine.spans.empty();
  for (const auto& [time, rate] : machine.busy) {
    const auto expected = std::ranges::count_if(
        machine.spans, [&](const Span& span) { return span.first < time && time <= span.last; });
    if (machine.arrived.at(time) == static_cast<size_t>(expected)) host.cpu.push_back({time, rate});
  }
  if (!machine.total.empty()) host.memory_bytes = machine.total.rbegin()->second;
  for (const auto& [time, total] : machine.total) {
    const auto available = machine.available.find(time);
    if (available != machine.available.end()) {
      host.memory.push_back({time, total - available->second});
    }
  }
  return host;
}

}  // namespace

StatusOr<std::vector<HostUsage>> ReadHostUsage(const Querier& querier, Timestamp from,
                                               Timestamp to) {
  Machines machines;
  TRY(ReadCpu(querier, from, to, &machines));
  TRY(ReadMemory(querier, "node_memory_MemTotal_bytes", from, to, &Machine::total, &machines));
  TRY(ReadMemory(querier, "node_memory_MemAvailable_bytes", from, to, &Machine::available,
                 &machines));
  std::vector<HostUsage> hosts;
  for (const auto& [key, machine] : machines) {
    if (key.first.empty()) continue;
    HostUsage host = Sum(key.first, machine);
    if (hosts.empty() || hosts.back().instance != host.instance) {
      hosts.push_back(std::move(host));
    } else if (MeanOf(host.cpu) > MeanOf(hosts.back().cpu)) {
      hosts.back() = std::move(host);
    }
  }
  return hosts;
}

}  // namespace outrider
