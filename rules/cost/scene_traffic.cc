// SPDX-License-Identifier: Apache-2.0
// What pods sent and received since the last reading.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "rules/capacity/workload_resolver.h"
#include "rules/cost/scene_reader.h"
#include "rules/cost/scene_series.h"

namespace outrider {
namespace {

constexpr DurationMs kKeepCounters = 15 * kMinute;

void RaiseTo(double value, double* target) { *target = std::max(*target, value); }

}  // namespace

double SceneReader::Growth(const std::string& key, double value, Timestamp now) {
  const auto [it, is_new] = counters_.try_emplace(key, Counter{value, now});
  if (is_new) return 0;
  Counter& last = it->second;
  last.seen = now;
  // A pair of senders may tell a little less than before; a restarted counter much less.
  if (value < last.value && value > last.value / 2) return 0;
  const double growth = value >= last.value ? value - last.value : value;
  last.value = value;
  return growth;
}

Status SceneReader::ReadTraffic(Reading& reading) {
  const Timestamp now = reading.now;
  struct Bytes {
    double value = 0;  // of the counter
    std::string pod;
    std::string counter;
    std::optional<Egress> egress;          // how it is priced
    double CostTraffic::* what = nullptr;  // where the bytes are told; null: only priced
  };
  std::map<std::string, Bytes> counters;
  bool classified = false;
  TRY(ForEachNewest(reading.querier, {SceneMetric("kubecost_pod_network_egress_bytes_total")}, now,
                    [&](const SeriesLabels& labels, double value) {
                      classified = true;
                      std::optional<Egress> egress;
                      if (labels.Get("internet") == "true") {
                        egress = Egress::kInternet;
                      } else if (labels.Get("same_region") == "false") {
                        egress = Egress::kRegion;
                      } else if (labels.Get("same_zone") == "false") {
                        egress = Egress::kZone;
                      }
                      if (!egress) return;
                      const std::string pod =
                          ScenePod(SceneCluster(labels, reading.options),
                                   KubeLabel(labels, "namespace"), labels.Get("pod_name"));
                      Bytes& one = counters[fmt::format("{} {}", EgressText(*egress), pod)];
                      RaiseTo(value, &one.value);
                      one.pod = pod;
                      one.egress = egress;
                    }));
  const std::array sources = {std::pair(std::string_view("container_network_transmit_bytes_total"),
                                        &CostTraffic::sent_bytes),
                              std::pair(std::string_view("container_network_receive_bytes_total"),
                                        &CostTraffic::received_bytes)};
  for (const auto& [name, what] : sources) {
    TRY(ForEachNewest(
        reading.querier,
        {SceneMetric(name), TRY(Matcher::Create(MatchType::kRegex, "container", "|POD"))}, now,
        [&, what = what](const SeriesLabels& labels, double value) {
          const std::string pod = ScenePod(SceneCluster(labels, reading.options),
                                           labels.Get("namespace"), labels.Get("pod"));
          const bool sent = what == &CostTraffic::sent_bytes;
          Bytes& one =
              counters[fmt::format("{} {} {}", sent ? "tx" : "rx", pod, labels.Get("interface"))];
          RaiseTo(value, &one.value);
          one.pod = pod;
          one.what = what;
          if (sent && !classified) one.egress = reading.options.egress;
        }));
  }
  StringMap<CostTraffic> pods;
  for (const auto& [key, bytes] : counters) {
    const double growth = Growth(key, bytes.value, now);
    const CostKey* pod = Lookup(reading.pods, bytes.pod);
    if (pod == nullptr || !(growth > 0)) continue;
    CostTraffic& traffic = pods[bytes.pod];
    traffic.key = *pod;
    if (bytes.what != nullptr) traffic.*bytes.what += growth;
    if (bytes.egress) {
      traffic.cost +=
          growth / kBytesPerGib * reading.book.EgressPerGib(*bytes.egress).amount.ToDouble();
    }
  }
  for (auto& [name, traffic] : pods) reading.scene.traffic.push_back(std::move(traffic));
  std::erase_if(counters_,
                [&](const auto& item) { return item.second.seen < now - kKeepCounters; });
  return absl::OkStatus();
}

}  // namespace outrider
