// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/scene_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <utility>

#include "rules/capacity/workload_resolver.h"
#include "rules/cost/scene_series.h"

namespace outrider {
namespace {

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

// What cannot be is nothing.
std::array<double, kNodeResources> Sane(std::array<double, kNodeResources> values) {
  constexpr std::array<double, kNodeResources> kMost = {kMostCores, kMostBytes, kMostCores};
  for (size_t i = 0; i < kNodeResources; ++i) {
    if (!(values[i] >= 0 && values[i] <= kMost[i])) values[i] = 0;
  }
  return values;
}

CostRates RatesOf(const ResourceRates& rates) {
  return {rates.core_hour.ToDouble(), rates.gib_hour.ToDouble() / kBytesPerGib,
          rates.gpu_hour.ToDouble()};
}

}  // namespace

std::vector<SeriesReference> SceneReader::Reach() {
  std::vector<SeriesReference> all;
  all.reserve(kSeries.size());
  for (const std::string_view name : kSeries) {
    all.push_back({.matchers = {SceneMetric(name)},
                   .horizon = 2 * kSceneLookback,
                   .owner = {.kind = "cost", .name = "allocation of costs"}});
  }
  return all;
}

StatusOr<CostScene> SceneReader::Read(const CostSettings& options, const PodInventory& inventory,
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
  silence_ = watch_.Judge({.nodes = !reading.scene.nodes.empty(),
                           .containers = !reading.scene.holdings.empty(),
                           .newest_use = reading.scene.newest_use},
                          now);
  if (silence_ == SceneSilence::kNone) TRY(ReadTraffic(reading));
  return std::move(reading.scene);
}

Status SceneReader::ReadLabels(Reading& reading) {
  std::vector<std::string> names;
  names.reserve(reading.options.labels.size() + 1);
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
  TRY(ForEachNewest(reading.querier, {SceneMetric("kube_namespace_labels")}, reading.now,
                    [&](const SeriesLabels& labels, double /*value*/) {
                      reading.namespace_labels[ScenePod(SceneCluster(labels, reading.options),
                                                        KubeLabel(labels, "namespace"), "")] =
                          values(labels);
                    }));
  return ForEachNewest(
      reading.querier, {SceneMetric("kube_pod_labels")}, reading.now,
      [&](const SeriesLabels& labels, double /*value*/) {
        reading.pod_labels[ScenePod(SceneCluster(labels, reading.options),
                                    KubeLabel(labels, "namespace"), KubeLabel(labels, "pod"))] =
            values(labels);
      });
}

Status SceneReader::ReadNodeAddresses(Reading& reading) {
  return ForEachNewest(reading.querier, {SceneMetric("kube_node_info")}, reading.now,
                       [&](const SeriesLabels& labels, double /*value*/) {
                         const std::string_view address = labels.Get("internal_ip");
                         if (!address.empty()) {
                           reading.node_addresses[std::string(address)] = KubeLabel(labels, "node");
                         }
                       });
}

void SceneReader::TakeContainers(Reading& reading, const PodInventory& inventory) {
  const CostSettings& options = reading.options;
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
    const std::string pod = ScenePod(key.cluster, view.namespace_name, view.pod);
    DescribeOwner(options, Lookup(reading.pod_labels, pod),
                  Lookup(reading.namespace_labels, ScenePod(key.cluster, view.namespace_name, "")),
                  &key);
    if (!view.pod.empty()) reading.pods.try_emplace(pod, key);
    key.container = view.container;
    reading.scene.newest_use = std::max(reading.scene.newest_use, view.last_use);
    holding.used = {view.cpu_cores.value_or(0), view.memory_bytes.value_or(0), 0};
    // What is not scheduled yet holds nothing; an init container's requests do not add up.
    const bool waits = view.phase == PodPhase::kPending && view.node.empty();
    if (!view.init && !waits) {
      holding.requested = {view.requests.cpu.value_or(0), view.requests.memory.value_or(0),
                           view.requests.gpu.value_or(0)};
    }
    for (CostRates* values : {&holding.requested, &holding.used}) *values = Sane(*values);
    (view.pod.empty() ? machines : reading.scene.holdings).push_back(std::move(holding));
  });
  TakeMachines(reading, std::move(machines));
}

// A machine without Kubernetes is a node: it costs what it has, its processes what they use, the
// rest is idle. A machine that is a Kubernetes node is that node and counts once.
void SceneReader::TakeMachines(Reading& reading, std::vector<CostHolding> machines) {
  std::map<std::string, CostRates, std::less<>> told;  // used by processes and units
  const auto is_known = [&](std::string_view address) {
    return reading.book.Nodes().contains(address) ||
           reading.node_addresses.contains(std::string(address));
  };
  for (CostHolding& one : machines) {
    const std::string_view instance = one.key.node.empty() ? one.key.workload : one.key.node;
    one.key.node = std::string(WithoutPort(instance));
    if (one.key.workload_kind == kHostKind || is_known(one.key.node)) continue;
    CostRates& used = told[one.key.node];
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
    node.capacity = Sane(node.capacity);
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

Status SceneReader::ReadLoadBalancers(Reading& reading) {
  const double hour = reading.book.LoadBalancerHour().amount.ToDouble();
  std::map<CostKey, double> found;  // two kube-state-metrics tell the same
  TRY(ForEachNewest(reading.querier,
                    {SceneMetric("kube_service_spec_type"), Matcher::Equal("type", "LoadBalancer")},
                    reading.now, [&](const SeriesLabels& labels, double /*value*/) {
                      CostKey key;
                      key.cluster = SceneCluster(labels, reading.options);
                      key.namespace_name = KubeLabel(labels, "namespace");
                      key.workload_kind = "Service";
                      key.workload = KubeLabel(labels, "service");
                      DescribeOwner(reading.options, nullptr,
                                    Lookup(reading.namespace_labels,
                                           ScenePod(key.cluster, key.namespace_name, "")),
                                    &key);
                      found[std::move(key)] = hour;
                    }));
  for (const auto& [key, price] : found) reading.scene.load_balancers.push_back({key, price});
  return absl::OkStatus();
}

}  // namespace outrider
