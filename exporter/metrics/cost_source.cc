// SPDX-License-Identifier: Apache-2.0
// Source of OpenCost's names: specs/cost_and_rightsizing.md §2.2.
#include <string>
#include <vector>

#include "exporter/metrics/sources.h"
#include "rules/cost/cost_engine.h"

namespace outrider {
namespace {

constexpr size_t kCpu = 0;
constexpr size_t kMemory = 1;
constexpr size_t kGpu = 2;
constexpr std::string_view kOwn = "outrider";  // of prices that are not of a node

void WriteNodes(const PriceBook& book, MetricSink& sink) {
  for (const auto& [name, node] : book.Nodes()) {
    if (!node.error.empty()) continue;
    const NodeFacts& facts = node.facts;
    const auto gauge = [&](std::string_view metric, std::string_view help, double value) {
      sink.Gauge(metric, help,
                 {{"instance", name},
                  {"node", name},
                  {"instance_type", facts.instance_type},
                  {"region", facts.region},
                  {"provider_id", facts.provider_id},
                  {"arch", facts.arch},
                  {kPriceSourceLabel, PriceSourceText(node.price.source)}},
                 value);
    };
    gauge("node_cpu_hourly_cost", "Price of a vCPU of the node, dollars an hour.",
          node.price.rates.core_hour.ToDouble());
    gauge("node_ram_hourly_cost", "Price of a GiB of memory of the node, dollars an hour.",
          node.price.rates.gib_hour.ToDouble());
    gauge("node_gpu_hourly_cost", "Price of a GPU of the node, dollars an hour.",
          node.price.rates.gpu_hour.ToDouble());
    gauge("node_gpu_count", "GPUs of the node.", facts.gpus.ToDouble());
    gauge("node_total_hourly_cost", "Price of the node, dollars an hour.",
          node.price.hourly.ToDouble());
    gauge("kubecost_node_is_spot", "1: the node is a spot instance.",
          facts.capacity_type == CapacityType::kSpot ? 1 : 0);
  }
}

void WriteContainers(const CostScene& scene, MetricSink& sink) {
  for (const CostHolding& holding : scene.holdings) {
    const CostKey& key = holding.key;
    if (key.pod.empty()) continue;
    const auto gauge = [&](std::string_view metric, std::string_view help, size_t resource) {
      sink.Gauge(metric, help,
                 {{"namespace", key.namespace_name},
                  {"pod", key.pod},
                  {"container", key.container},
                  {"instance", key.node},
                  {"node", key.node},
                  {kPriceSourceLabel, kOwn}},
                 std::max(holding.requested[resource], holding.used[resource]));
    };
    gauge("container_cpu_allocation", "Cores a container holds: the larger of request and use.",
          kCpu);
    gauge("container_memory_allocation_bytes",
          "Bytes a container holds: the larger of request and use.", kMemory);
    if (holding.requested[kGpu] > 0) {
      gauge("container_gpu_allocation", "GPUs a container requests.", kGpu);
    }
  }
}

void WriteVolumes(const CostScene& scene, MetricSink& sink) {
  for (const CostVolume& volume : scene.volumes) {
    sink.Gauge("pv_hourly_cost", "Price of a GiB of the volume, dollars an hour.",
               {{"volumename", volume.volume},
                {"persistentvolume", volume.volume},
                {"provider_id", volume.volume},
                {kPriceSourceLabel, kOwn}},
               volume.byte_hour * kBytesPerGib);
    for (const CostKey& pod : volume.users) {
      sink.Gauge("pod_pvc_allocation", "Bytes of a claim that a pod holds.",
                 {{"namespace", pod.namespace_name},
                  {"pod", pod.pod},
                  {"persistentvolumeclaim", volume.name},
                  {"persistentvolume", volume.volume},
                  {kPriceSourceLabel, kOwn}},
                 volume.bytes / static_cast<double>(volume.users.size()));
    }
  }
}

void WriteRest(const CostMoment& moment, MetricSink& sink) {
  for (const CostLoadBalancer& balancer : moment.scene.load_balancers) {
    sink.Gauge("kubecost_load_balancer_cost", "Price of the load balancer, dollars an hour.",
               {{"namespace", balancer.key.namespace_name},
                {"service_name", balancer.key.workload},
                {kPriceSourceLabel, kOwn}},
               balancer.hour);
  }
  for (const auto& [name, kind] :
       {std::pair("kubecost_network_zone_egress_cost", Egress::kZone),
        std::pair("kubecost_network_region_egress_cost", Egress::kRegion),
        std::pair("kubecost_network_internet_egress_cost", Egress::kInternet)}) {
    sink.Gauge(name, "Price of a GiB sent, dollars.", {{kPriceSourceLabel, kOwn}},
               moment.book->EgressPerGib(kind).amount.ToDouble());
  }
  for (const CostOverhead& plane : moment.scene.overheads) {
    sink.Gauge("kubecost_cluster_management_cost",
               "Price of the cluster's control plane, dollars an hour.",
               {{"cluster", plane.cluster},
                {"provisioner_name", moment.book->Default().provider},
                {kPriceSourceLabel, kOwn}},
               plane.hour);
  }
}

}  // namespace

void WriteCostMetrics(const CostStats& stats, MetricSink& sink) {
  sink.Counter("outrider_cost_runs_total", "Times that costs were counted.", {}, stats.runs);
  sink.Gauge("outrider_cost_open_sums", "Sums of costs of the current hour, day and month.", {},
             static_cast<double>(stats.cells));
  sink.Counter("outrider_cost_unwatched_seconds_total",
               "Time since the start for which nobody counted costs (outages).", {},
               static_cast<double>(stats.unwatched) / static_cast<double>(kSecond));
  sink.Gauge("outrider_cost_healthy", "1: the last counting of costs went well.", {},
             stats.error.empty() ? 1 : 0);
}

void WriteOpenCostMetrics(const CostMoment& moment, MetricSink& sink) {
  WriteNodes(*moment.book, sink);
  WriteContainers(moment.scene, sink);
  WriteVolumes(moment.scene, sink);
  WriteRest(moment, sink);
}

}  // namespace outrider
