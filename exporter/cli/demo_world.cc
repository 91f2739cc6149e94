// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/demo_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>

namespace outrider {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;
constexpr double kWave = 2 * M_PI / 1800;  // load swings once in half an hour

struct Workload {
  std::string_view name;
  std::string_view replica_set_hash;
  int replicas;
  double cpu_cores;  // mean use of one pod
  double cpu_request;
  double memory_gib;  // mean use of one pod
  double memory_request_gib;
};
constexpr std::array<Workload, 4> kWorkloads = {{
    {"checkout", "7d9f8b6c5d", 3, 0.22, 0.5, 0.40, 1.0},
    {"payments", "5c8d7f9b4b", 2, 0.35, 0.5, 0.60, 1.0},
    {"catalog", "6b7c8d9f4c", 2, 0.08, 1.0, 0.25, 2.0},
    {"search", "84c5d6f7b9", 2, 0.70, 0.8, 1.50, 2.0},
}};
constexpr int kNodes = 3;
constexpr double kNodeCores = 4;

double Seconds(Timestamp now) { return static_cast<double>(now) / 1000; }

// The integral over time of `mean * (1 + 0.4 sin(wave t + phase))`: a counter that only grows.
double Grown(double mean, double t, double phase) {
  return mean * (t - 0.4 / kWave * (std::cos(kWave * t + phase) - 1));
}

// A gauge around its mean with the same swing and a small, repeatable jitter.
double Around(double mean, double t, double phase) {
  const double jitter = 0.02 * std::sin(t * 1.7 + phase * 5) + 0.01 * std::sin(t * 0.37 + phase);
  return mean * (1 + 0.05 * std::sin(kWave * t + phase) + jitter);
}

// Seconds of [begin, end) that have passed.
double Passed(double t, double begin, double end) {
  return std::clamp(t - begin, 0.0, end - begin);
}

class Writer {
 public:
  Writer(Timestamp now, std::vector<LabeledSample>* out) : now_(now), out_(out) {}
  void Add(std::string_view metric, const Labels& labels, double value) {
    out_->push_back({labels.With(kMetricName, metric).With("cluster", "demo"), {now_, value}});
  }

 private:
  Timestamp now_;
  std::vector<LabeledSample>* out_;
};

// Counters start from a fixed day, so that they grow over restarts too.
double SinceEpochDay(Timestamp now) { return Seconds(now % (30 * kDay)) + 86400; }

}  // namespace

std::vector<LabeledSample> DemoWorld::At(Timestamp now) const {
  std::vector<LabeledSample> out;
  AddNodes(now, &out);
  AddPods(now, &out);
  AddServices(now, &out);
  return out;
}

void DemoWorld::AddNodes(Timestamp now, std::vector<LabeledSample>* out) const {
  Writer writer(now, out);
  const double t = SinceEpochDay(now);
  for (int node = 0; node < kNodes; ++node) {
    const std::string instance = fmt::format("node-{}", node + 1);
    const Labels base{{"instance", instance}, {"job", "node"}};
    const double busy = 0.25 + 0.1 * node;  // share of each core
    for (int cpu = 0; cpu < kNodeCores; ++cpu) {
      const Labels labels = base.With("cpu", fmt::to_string(cpu));
      const double used = Grown(busy, t, node);
      writer.Add("node_cpu_seconds_total", labels.With("mode", "user"), used * 0.8);
      writer.Add("node_cpu_seconds_total", labels.With("mode", "system"), used * 0.2);
      writer.Add("node_cpu_seconds_total", labels.With("mode", "idle"), t - used);
    }
    writer.Add("node_memory_MemTotal_bytes", base, 16 * kGiB);
    writer.Add("node_memory_MemAvailable_bytes", base, Around((9 - 2 * node) * kGiB, t, node));
    const Labels disk =
        base.With("device", "/dev/vda1").With("fstype", "ext4").With("mountpoint", "/");
    writer.Add("node_filesystem_size_bytes", disk, 100 * kGiB);
    // node-3's disk fills: 40 GiB over ten days.
    const double eaten = node == 2 ? std::fmod(t, 864000) / 864000 * 40 * kGiB : 0;
    writer.Add("node_filesystem_avail_bytes", disk, Around(60 * kGiB, 0, node) - eaten);
    writer.Add("up", base, 1);
    writer.Add("kube_node_info", Labels{{"node", instance}, {"job", "kube-state-metrics"}}, 1);
  }
}

void DemoWorld::AddPods(Timestamp now, std::vector<LabeledSample>* out) const {
  Writer writer(now, out);
  const double t = SinceEpochDay(now);
  const double story = Seconds(now - start_);
  for (size_t w = 0; w < kWorkloads.size(); ++w) {
    const Workload& workload = kWorkloads[w];
    const std::string replica_set = fmt::format("{}-{}", workload.name, workload.replica_set_hash);
    writer.Add("kube_replicaset_owner",
               Labels{{"namespace", "shop"},
                      {"owner_is_controller", "true"},
                      {"owner_kind", "Deployment"},
                      {"owner_name", workload.name},
                      {"replicaset", replica_set}},
               1);
    for (int replica = 0; replica < workload.replicas; ++replica) {
      const std::string pod = fmt::format("{}-{}", replica_set, "xk2vbrlq"[replica]) + "9zt4";
      const double phase = static_cast<double>(w) + 0.3 * replica;
      const Labels labels{{"namespace", "shop"}, {"pod", pod}, {"container", workload.name}};
      writer.Add("kube_pod_owner",
                 Labels{{"namespace", "shop"},
                        {"owner_is_controller", "true"},
                        {"owner_kind", "ReplicaSet"},
                        {"owner_name", replica_set},
                        {"pod", pod}},
                 1);
      const std::string node = fmt::format("node-{}", replica % kNodes + 1);
      const Labels cadvisor = labels.With("image", "registry/" + std::string(workload.name))
                                  .With("node", node)
                                  .With("job", "cadvisor");
      writer.Add("container_cpu_usage_seconds_total", cadvisor.With("cpu", "total"),
                 Grown(workload.cpu_cores, t, phase));
      const bool leaks = workload.name == "payments" && replica == 0;
      const double leak = leaks && story >= 20 && story < 80 ? (story - 20) / 60 * 0.9 : 0;
      writer.Add("container_memory_working_set_bytes", cadvisor,
                 Around(workload.memory_gib, t, phase) * kGiB + leak * kGiB);
      const Labels ksm = labels.With("node", node).With("job", "kube-state-metrics");
      const Labels cpu = ksm.With("resource", "cpu").With("unit", "core");
      const Labels memory = ksm.With("resource", "memory").With("unit", "byte");
      writer.Add("kube_pod_container_resource_requests", cpu, workload.cpu_request);
      writer.Add("kube_pod_container_resource_limits", cpu, workload.cpu_request * 2);
      writer.Add("kube_pod_container_resource_requests", memory,
                 workload.memory_request_gib * kGiB);
      writer.Add("kube_pod_container_resource_limits", memory,
                 workload.memory_request_gib * 1.4 * kGiB);
      writer.Add("kube_pod_container_status_restarts_total", ksm, 0);
    }
  }
}

void DemoWorld::AddServices(Timestamp now, std::vector<LabeledSample>* out) const {
  Writer writer(now, out);
  const double t = SinceEpochDay(now);
  const double story = Seconds(now - start_);
  for (size_t w = 0; w < kWorkloads.size(); ++w) {
    const Workload& workload = kWorkloads[w];
    const Labels base{{"job", "shop"}, {"namespace", "shop"}, {"service", workload.name}};
    const double requests = Grown(20.0 * workload.replicas, t, static_cast<double>(w));
    const double failing = workload.name == "checkout" ? 6 * Passed(story, 15, 60) : 0;
    writer.Add("http_requests_total", base.With("code", "200"), requests);
    writer.Add("http_requests_total", base.With("code", "500"), requests * 0.001 + failing);
    double share = 0.5;
    for (const std::string_view le : {"0.05", "0.1", "0.25", "0.5", "1"}) {
      writer.Add("http_request_duration_seconds_bucket", base.With("le", le), requests * share);
      share += (1 - share) * 0.6;
    }
    writer.Add("http_request_duration_seconds_bucket", base.With("le", "+Inf"), requests);
    writer.Add("http_request_duration_seconds_count", base, requests);
    writer.Add("http_request_duration_seconds_sum", base, requests * 0.08);
    writer.Add("up", base, 1);
  }
}

}  // namespace outrider
