// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/scene_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <utility>

#include "rules/capacity/workload_resolver.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr DurationMs kLookback = 5 * kMinute;
constexpr DurationMs kKeepCounters = 15 * kMinute;
constexpr size_t kMaxSamples = 5'000'000;

constexpr std::array<std::string_view, 12> kSeries = {
    "kube_node_info",
    "kube_pod_labels",
    "kube_namespace_labels",
    "kube_persistentvolume_capacity_bytes",
    "kube_persistentvolume_info",
    "kube_persistentvolumeclaim_info",
    "kube_persistentvolumeclaim_resource_requests_storage_bytes",
    "kube_pod_spec_volumes_persistentvolumeclaims_info",
    "kube_service_spec_type",
    "container_network_transmit_bytes_total",
    "container_network_receive_bytes_total",
    "kubecost_pod_network_egress_bytes_total",
};

std::string PodName(std::string_view cluster, std::string_view namespace_name,
                    std::string_view pod) {
  return fmt::format("{}/{}/{}", cluster, namespace_name, pod);
}

// The newest value of every series of a name. Those that ended are left out.
using UseSeries = std::function<void(const SeriesLabels& labels, double value)>;
Status ForEach(const Querier& querier, std::vector<Matcher> matchers, Timestamp now,
               const UseSeries& use) {
  SeriesSet set;
  set.newest_will_do = true;
  TRY(querier.Select(matchers, now - kLookback, now, kMaxSamples, &set));
  for (const SeriesSet::Row& row : set.rows) {
    if (row.begin == row.end) continue;
    const double value = set.Values(row).back();
    if (!IsStale(value) && value >= 0) use(row.labels, value);
  }
  return absl::OkStatus();
}

Matcher Named(std::string_view name) {
  return Matcher::Equal(std::string(kMetricName), std::string(name));
}

std::string_view ClusterOf(const SeriesLabels& labels, const CostOptions& options) {
  const std::string_view cluster = labels.Get("cluster");
  return cluster.empty() ? std::string_view(options.cluster) : cluster;
}

// As kube-state-metrics writes the names of labels.
std::string KubeLabelName(std::string_view name) {
  std::string out = "label_";
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += plain ? c : '_';
  }
  return out;
}

std::string_view WithoutPort(std::string_view instance) {
  const size_t colon = instance.rfind(':');
  if (colon == std::string_view::npos || instance.find(':') != colon) return instance;  // IPv6
  return instance.substr(0, colon);
}

NodeRates RatesOf(const ResourceRates& rates) {
  return {rates.core_hour.ToDouble(), rates.gib_hour.ToDouble() / kBytesPerGib,
          rates.gpu_hour.ToDouble()};
}

void RaiseTo(double value, double* target) { *target = std::max(*target, value); }

}  // namespace

std::vector<SeriesReference> SceneReader::Reach() {
  std::vector<SeriesReference> all;
  all.reserve(kSeries.size());
  for (const std::string_view name : kSeries) {
    all.push_back({.matchers = {Named(name)},
                   .horizon = 2 * kLookback,
                   .owner = {.kind = "cost", .name = "allocation of costs"}});
  }
  return all;
}

StatusOr<CostScene> SceneReader::Read(const CostOptions& options, const PodInventory& inventory,
                                      const PriceBook& book, const Querier& querier,
                                      Timestamp now) {
  Reading reading = {options, book, querier, now};
  reading.scene.fallback = RatesOf(book.Default().rates);
  TRY(ReadLabels(reading));
  TRY(ReadNodeAddresses(reading));
  TakeContainers(reading, inventory);
  TakeNodes(reading);
  TRY(ReadVolumes(reading));
  TRY(ReadLoadBalancers(reading));
  TRY(ReadTraffic(reading));
  return std::move(reading.scene);
}

Status SceneReader::ReadLabels(Reading& reading) {
  std::vector<std::string> names;
  for (const std::string& label : reading.options.labels) names.push_back(KubeLabelName(label));
  const std::string& team = reading.options.team_label;
  if (names.empty() && team.empty()) return absl::OkStatus();
  names.push_back(team.empty() ? "" : KubeLabelName(team));
  const auto values = [&](const SeriesLabels& labels) {
    std::vector<std::string> all;
    all.reserve(names.size());
    for (const std::string& name : names) {
      all.emplace_back(name.empty() ? "" : labels.Get(name));
    }
    return all;
  };
  TRY(ForEach(reading.querier, {Named("kube_namespace_labels")}, reading.now,
              [&](const SeriesLabels& labels, double /*value*/) {
                reading.namespace_labels[PodName(ClusterOf(labels, reading.options),
                                                 KubeLabel(labels, "namespace"), "")] =
                    values(labels);
              }));
  return ForEach(
      reading.querier, {Named("kube_pod_labels")}, reading.now,
      [&](const SeriesLabels& labels, double /*value*/) {
        reading.pod_labels[PodName(ClusterOf(labels, reading.options),
                                   KubeLabel(labels, "namespace"), KubeLabel(labels, "pod"))] =
            values(labels);
      });
}

Status SceneReader::ReadNodeAddresses(Reading& reading) {
  return ForEach(reading.querier, {Named("kube_node_info")}, reading.now,
                 [&](const SeriesLabels& labels, double /*value*/) {
                   const std::string_view address = labels.Get("internal_ip");
                   if (!address.empty()) {
                     reading.node_addresses[std::string(address)] = KubeLabel(labels, "node");
                   }
                 });
}

namespace {

// Label values and team of a pod: its own, else those of its namespace.
void Describe(const CostOptions& options, const std::vector<std::string>* pod,
              const std::vector<std::string>* namespace_labels, CostKey* key) {
  const size_t count = options.labels.size();
  const auto value = [&](size_t at) -> std::string {
    for (const auto* source : {pod, namespace_labels}) {
      if (source != nullptr && at < source->size() && !(*source)[at].empty()) return (*source)[at];
    }
    return "";
  };
  key->labels.clear();
  for (size_t i = 0; i < count; ++i) key->labels.push_back(value(i));
  key->team = value(count);
  if (!key->team.empty()) return;
  for (const CostTeam& team : options.teams) {
    if (std::ranges::find(team.namespaces, key->namespace_name) != team.namespaces.end()) {
      key->team = team.name;
      return;
    }
  }
}

template <typename Map>
const auto* Lookup(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

void SceneReader::TakeContainers(Reading& reading, const PodInventory& inventory) {
  const CostOptions& options = reading.options;
  std::vector<CostHolding> machines;
  inventory.VisitContainers([&](const ContainerView& view) {
    CostHolding holding;
    CostKey& key = holding.key;
    key.cluster = view.cluster.empty() ? std::string_view(options.cluster) : view.cluster;
    key.namespace_name = view.namespace_name;
    key.pod = view.pod;
    key.node = view.node;
    if (view.workload != nullptr) {
      key.workload = view.workload->workload;
      key.workload_kind = view.workload->workload_kind;
    } else {
      // Its owner is not known yet, but it costs already.
      key.workload = kUnallocatedName;
      key.workload_kind = kUnallocatedName;
    }
    const std::string pod = PodName(key.cluster, view.namespace_name, view.pod);
    Describe(options, Lookup(reading.pod_labels, pod),
             Lookup(reading.namespace_labels, PodName(key.cluster, view.namespace_name, "")), &key);
    if (!view.pod.empty()) reading.pods.try_emplace(pod, key);
    key.container = view.container;
    holding.used = {view.cpu_cores.value_or(0), view.memory_bytes.value_or(0), 0};
    // What is not scheduled yet holds nothing; an init container's requests do not add up.
    if (!view.init && !(view.phase == PodPhase::kPending && view.node.empty())) {
      holding.requested = {view.requests.cpu.value_or(0), view.requests.memory.value_or(0),
                           view.requests.gpu.value_or(0)};
    }
    (view.pod.empty() ? machines : reading.scene.holdings).push_back(std::move(holding));
  });
  TakeMachines(reading, std::move(machines));
}

// A machine without Kubernetes is a node: it costs what it has, its processes what they use, the
// rest is idle. A machine that is a Kubernetes node is that node and counts once.
void SceneReader::TakeMachines(Reading& reading, std::vector<CostHolding> machines) {
  std::map<std::string, NodeRates, std::less<>> told;  // used by processes and units
  const auto is_known = [&](std::string_view address) {
    return reading.book.Nodes().contains(address) ||
           reading.node_addresses.contains(std::string(address));
  };
  for (CostHolding& one : machines) {
    const std::string_view instance = one.key.node.empty() ? one.key.workload : one.key.node;
    one.key.node = std::string(WithoutPort(instance));
    if (one.key.workload_kind == kHostKind || is_known(one.key.node)) continue;
    NodeRates& used = told[one.key.node];
    for (size_t i = 0; i < kNodeResources; ++i) used[i] += one.used[i];
    one.requested = {};
    reading.scene.holdings.push_back(one);
  }
  for (CostHolding& host : machines) {
    if (host.key.workload_kind != kHostKind || is_known(host.key.node)) continue;
    reading.scene.nodes.push_back(
        {host.key.cluster, host.key.node, host.requested, reading.scene.fallback});
    const auto used = told.find(host.key.node);
    for (size_t i = 0; i < kNodeResources; ++i) {
      const double others = used == told.end() ? 0 : used->second[i];
      host.used[i] = std::max(0.0, host.used[i] - others);
    }
    host.requested = {};
    reading.scene.holdings.push_back(std::move(host));
  }
}

void SceneReader::TakeNodes(Reading& reading) {
  std::map<std::string_view, std::set<std::string_view>> clusters;  // of a node
  std::set<std::string> all;
  for (const CostHolding& holding : reading.scene.holdings) {
    clusters[holding.key.node].insert(holding.key.cluster);
  }
  for (const auto& [name, priced] : reading.book.Nodes()) {
    CostNode node;
    node.name = name;
    node.capacity = {priced.facts.cores.ToDouble(),
                     priced.facts.memory_gib.ToDouble() * kBytesPerGib,
                     priced.facts.gpus.ToDouble()};
    node.rates = priced.error.empty() ? RatesOf(priced.price.rates) : reading.scene.fallback;
    std::set<std::string_view>& in = clusters[name];
    if (in.empty()) in.insert(reading.options.cluster);
    for (const std::string_view cluster : in) {
      node.cluster = cluster;
      all.insert(node.cluster);
      reading.scene.nodes.push_back(node);
    }
  }
  const double plane = reading.book.ControlPlaneHour().amount.ToDouble();
  if (!(plane > 0)) return;
  for (const std::string& cluster : all) reading.scene.overheads.push_back({cluster, plane});
}

namespace {

struct Claim {
  std::string cluster;
  std::string namespace_name;
  std::string name;
  std::string storage_class;
  std::string volume;
  double bytes = 0;
  std::set<CostKey> users;
};

struct PersistentVolume {
  std::string cluster;
  std::string storage_class;
  double bytes = 0;
  bool claimed = false;
};

struct Volumes {
  StringMap<Claim> claims;              // "cluster/namespace/claim"
  StringMap<PersistentVolume> volumes;  // "cluster//volume"
};

CostVolume VolumeOf(const Claim& claim, const PersistentVolume* volume, const PriceBook& book) {
  CostVolume out;
  out.cluster = claim.cluster;
  out.namespace_name = claim.namespace_name;
  out.name = claim.name;
  out.volume = claim.volume;
  out.bytes = claim.bytes > 0 || volume == nullptr ? claim.bytes : volume->bytes;
  out.users.assign(claim.users.begin(), claim.users.end());
  const std::string& storage_class = claim.storage_class.empty() && volume != nullptr
                                         ? volume->storage_class
                                         : claim.storage_class;
  const std::optional<UnitPrice> told = book.Volume(claim.volume);
  const UnitPrice price = told ? *told : book.Storage(storage_class);
  out.byte_hour = price.amount.ToDouble() / kBytesPerGib;
  return out;
}

}  // namespace

Status SceneReader::ReadVolumes(Reading& reading) {
  Volumes all;
  const auto claim = [&](const SeriesLabels& labels) -> Claim& {
    const std::string_view cluster = ClusterOf(labels, reading.options);
    Claim& one = all.claims[PodName(cluster, KubeLabel(labels, "namespace"),
                                    labels.Get("persistentvolumeclaim"))];
    one.cluster = cluster;
    one.namespace_name = KubeLabel(labels, "namespace");
    one.name = labels.Get("persistentvolumeclaim");
    return one;
  };
  const auto volume = [&](const SeriesLabels& labels) -> PersistentVolume& {
    const std::string_view cluster = ClusterOf(labels, reading.options);
    PersistentVolume& one = all.volumes[PodName(cluster, "", labels.Get("persistentvolume"))];
    one.cluster = cluster;
    return one;
  };
  const std::array<std::pair<std::string_view, UseSeries>, 5> sources = {{
      {"kube_persistentvolume_capacity_bytes",
       [&](const SeriesLabels& labels, double value) { RaiseTo(value, &volume(labels).bytes); }},
      {"kube_persistentvolume_info",
       [&](const SeriesLabels& labels, double /*value*/) {
         volume(labels).storage_class = labels.Get("storageclass");
       }},
      {"kube_persistentvolumeclaim_info",
       [&](const SeriesLabels& labels, double /*value*/) {
         Claim& one = claim(labels);
         one.storage_class = labels.Get("storageclass");
         one.volume = labels.Get("volumename");
       }},
      {"kube_persistentvolumeclaim_resource_requests_storage_bytes",
       [&](const SeriesLabels& labels, double value) { RaiseTo(value, &claim(labels).bytes); }},
      {"kube_pod_spec_volumes_persistentvolumeclaims_info",
       [&](const SeriesLabels& labels, double /*value*/) {
         const CostKey* pod = Lookup(
             reading.pods, PodName(ClusterOf(labels, reading.options),
                                   KubeLabel(labels, "namespace"), KubeLabel(labels, "pod")));
         if (pod != nullptr) claim(labels).users.insert(*pod);
       }},
  }};
  for (const auto& [name, use] : sources) {
    TRY(ForEach(reading.querier, {Named(name)}, reading.now, use));
  }
  for (auto& [key, one] : all.claims) {
    const auto found = all.volumes.find(PodName(one.cluster, "", one.volume));
    PersistentVolume* bound = found == all.volumes.end() ? nullptr : &found->second;
    if (bound != nullptr) bound->claimed = true;
    reading.scene.volumes.push_back(VolumeOf(one, bound, reading.book));
  }
  for (const auto& [key, one] : all.volumes) {
    if (one.claimed) continue;
    Claim nobody;
    nobody.cluster = one.cluster;
    nobody.volume = nobody.name = key.substr(key.rfind('/') + 1);
    reading.scene.volumes.push_back(VolumeOf(nobody, &one, reading.book));
  }
  return absl::OkStatus();
}

Status SceneReader::ReadLoadBalancers(Reading& reading) {
  const double hour = reading.book.LoadBalancerHour().amount.ToDouble();
  std::map<CostKey, double> found;  // two kube-state-metrics tell the same
  TRY(ForEach(
      reading.querier, {Named("kube_service_spec_type"), Matcher::Equal("type", "LoadBalancer")},
      reading.now, [&](const SeriesLabels& labels, double /*value*/) {
        CostKey key;
        key.cluster = ClusterOf(labels, reading.options);
        key.namespace_name = KubeLabel(labels, "namespace");
        key.workload_kind = "Service";
        key.workload = KubeLabel(labels, "service");
        Describe(reading.options, nullptr,
                 Lookup(reading.namespace_labels, PodName(key.cluster, key.namespace_name, "")),
                 &key);
        found[std::move(key)] = hour;
      }));
  for (const auto& [key, price] : found) reading.scene.load_balancers.push_back({key, price});
  return absl::OkStatus();
}

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
  TRY(ForEach(reading.querier, {Named("kubecost_pod_network_egress_bytes_total")}, now,
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
                    PodName(ClusterOf(labels, reading.options), KubeLabel(labels, "namespace"),
                            labels.Get("pod_name"));
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
    TRY(ForEach(
        reading.querier,
        {Named(name), TRY(Matcher::Create(MatchType::kRegex, "container", "|POD"))}, now,
        [&, what = what](const SeriesLabels& labels, double value) {
          const std::string pod = PodName(ClusterOf(labels, reading.options),
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
