// SPDX-License-Identifier: Apache-2.0
// What pods sent and received since the last reading.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "rules/capacity/workload_resolver.h"
#include "rules/cost/scene_reader.h"
#include "rules/cost/scene_series.h"

namespace outrider {
namespace {

constexpr DurationMs kKeepCounters = 15 * kMinute;

// One counter of a pod: two Prometheis that tell the same are one.
struct Bytes {
  double value = 0;
  std::string pod;
  std::optional<Egress> egress;          // how it is priced; none: it is not
  double CostTraffic::* what = nullptr;  // where the bytes are told; null: only priced
};

std::optional<Egress> EgressOf(const SeriesLabels& labels) {
  if (labels.Get("internet") == "true") return Egress::kInternet;
  if (labels.Get("same_region") == "false") return Egress::kRegion;
  if (labels.Get("same_zone") == "false") return Egress::kZone;
  return std::nullopt;
}

class TrafficCounters {
 public:
  TrafficCounters(const CostSettings& options, const Querier& querier, Timestamp now)
      : options_(options), querier_(querier), now_(now) {}

  Status Read() {
    TRY(ReadClassified());
    TRY(ReadBytes("container_network_transmit_bytes_total", &CostTraffic::sent_bytes));
    return ReadBytes("container_network_receive_bytes_total", &CostTraffic::received_bytes);
  }
  const std::map<std::string, Bytes>& all() const { return counters_; }

 private:
  // Of kubecost's network daemon: a counter for each class and service.
  Status ReadClassified() {
    return ForEachNewest(querier_, {SceneMetric("kubecost_pod_network_egress_bytes_total")}, now_,
                         [&](const SeriesLabels& labels, double value) {
                           classified_ = true;
                           const std::optional<Egress> egress = EgressOf(labels);
                           if (!egress) return;
                           const std::string pod =
                               ScenePod(SceneCluster(labels, options_),
                                        KubeLabel(labels, "namespace"), labels.Get("pod_name"));
                           Bytes& one = counters_[fmt::format(
                               "{} {} {} {} {}", EgressText(*egress), pod, labels.Get("service"),
                               labels.Get("same_region"), labels.Get("same_zone"))];
                           one.value = std::max(one.value, value);
                           one.pod = pod;
                           one.egress = egress;
                         });
  }
  Status ReadBytes(std::string_view name, double CostTraffic::* what) {
    const bool sent = what == &CostTraffic::sent_bytes;
    return ForEachNewest(
        querier_, {SceneMetric(name), TRY(Matcher::Create(MatchType::kRegex, "container", "|POD"))},
        now_, [&](const SeriesLabels& labels, double value) {
          const std::string pod =
              ScenePod(SceneCluster(labels, options_), labels.Get("namespace"), labels.Get("pod"));
          Bytes& one =
              counters_[fmt::format("{} {} {}", sent ? "tx" : "rx", pod, labels.Get("interface"))];
          one.value = std::max(one.value, value);
          one.pod = pod;
          one.what = what;
          if (sent && !classified_) one.egress = options_.egress;
        });
  }

  const CostSettings& options_;
  const Querier& querier_;
  const Timestamp now_;
  bool classified_ = false;
  std::map<std::string, Bytes> counters_;
};

}  // namespace

double SceneReader::Growth(const std::string& key, double value, Timestamp now) {
  const auto [it, is_new] = counters_.try_emplace(key, Counter{value, now});
  if (is_new) return 0;
  Counter& last = it->second;
  if (last.seen < now - kKeepCounters) {  // nobody watched for long: it begins anew
    last = {value, now};
    return 0;
  }
  last.seen = now;
  // A pair of senders may tell a little less than before; a restarted counter much less.
  if (value < last.value && value > last.value / 2) return 0;
  const double growth = value >= last.value ? value - last.value : value;
  last.value = value;
  return growth;
}

Status SceneReader::ReadTraffic(Reading& reading) {
  const Timestamp now = reading.now;
  // Where the counters stood when they were read last before a restart: the windows know.
  if (const auto last = std::exchange(traffic_from_, std::nullopt); last && *last < now) {
    TrafficCounters before(reading.options, reading.querier, *last);
    TRY(before.Read());
    for (const auto& [key, bytes] : before.all()) counters_[key] = {bytes.value, *last};
  }
  TrafficCounters counters(reading.options, reading.querier, now);
  TRY(counters.Read());
  StringMap<CostTraffic> pods;
  for (const auto& [key, bytes] : counters.all()) {
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
