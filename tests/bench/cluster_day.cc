// SPDX-License-Identifier: Apache-2.0
// A cluster for a day, in virtual time: nodes, pods and deployments as cAdvisor and
// kube-state-metrics tell of them, pods replaced all the time; the windows with the daemon's
// retention, the capacity engine with its state in RocksDB and its derived series. Says every
// simulated hour what is resident, what a run takes, and whether everything is current.
//   cluster_day [--nodes=1000] [--pods=50000] [--hours=24] [--churn_percent=5] [--step=60]
//       [--flush_every=1] [--report=0] [--memory_limit_mib=1024]
// A step (seconds) is a scrape of everything and a run. The generator itself keeps 40 bytes a pod.
#include <malloc.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "exporter/ingest/memory_limit.h"
#include "fmt/format.h"
#include "rules/capacity/capacity_engine.h"
#include "storage/base/file.h"
#include "storage/state/rocksdb_store.h"
#include "storage/window/kept_report.h"
#include "storage/window/windows.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;
constexpr size_t kBatch = 2000;
constexpr double kMib = 1024.0 * 1024.0;

struct Options {
  int64_t nodes = 1000;
  int64_t pods = 50'000;
  int64_t hours = 24;
  int64_t step = 60;
  int64_t flush_every = 1;          // steps between two writings of the derived series
  int64_t memory_limit_mib = 1024;  // storage.memory_limit
  int64_t report = 0;               // 1: says every hour what the windows keep of each metric
  double churn = 0.05;              // share of the pods replaced in an hour
};

struct PodState {
  uint32_t life = 0;  // of how many so far; in its name
  int64_t born = 0;   // milliseconds
  double cpu = 0;     // counter
  double cores = 0.1;
  double bytes = 200 * kMib;
};

// Appends samples by the keys of their series; labels are made only for those that are new.
class Writer {
 public:
  explicit Writer(Windows& windows) : windows_(windows) {}

  using MakeLabels = Labels (*)(const Options&, int64_t pod, uint32_t life, int metric);
  void Add(const Options& options, int64_t pod, uint32_t life, int metric, Sample sample,
           MakeLabels make) {
    const std::array<int64_t, 3> name = {pod, life, metric};
    Row row;
    row.key = HashBytes128({reinterpret_cast<const char*>(name.data()), sizeof(name)}, 7);
    row.pod = pod;
    row.life = life;
    row.metric = metric;
    row.make = make;
    rows_.push_back(row);
    samples_.push_back(sample);
    if (rows_.size() >= kBatch) Flush(options, sample.time);
  }
  void Flush(const Options& options, Timestamp now) {
    std::vector<KeyedRow> keyed(rows_.size());
    for (uint32_t i = 0; i < rows_.size(); ++i) keyed[i] = {rows_[i].key, i, i + 1};
    windows_.FindKeyed(KeyKind::kSender, keyed, &outcome_);
    windows_.AppendKeyed(KeyKind::kSender, keyed, {samples_, {}}, {.now = now}, &outcome_);
    std::vector<Labels> labels;
    std::vector<std::vector<LabelView>> views;
    for (const uint32_t i : outcome_.unknown) {
      const Row& row = rows_[i];
      labels.push_back(row.make(options, row.pod, row.life, row.metric));
    }
    std::vector<LabeledRow> fresh;
    for (size_t i = 0; i < labels.size(); ++i) {
      views.emplace_back(labels[i].begin(), labels[i].end());
    }
    for (size_t i = 0; i < labels.size(); ++i) {
      const uint32_t row = outcome_.unknown[i];
      fresh.push_back({views[i], {&samples_[row], 1}, {}, rows_[row].key});
    }
    std::vector<AppendCounts> counts;
    for (size_t i = 0; i < fresh.size(); i += 200) {
      windows_.AppendLabeled(std::span(fresh).subspan(i, std::min<size_t>(200, fresh.size() - i)),
                             now, kNoSender, &counts);
    }
    rows_.clear();
    samples_.clear();
  }

 private:
  struct Row {
    Hash128 key;
    int64_t pod = 0;
    uint32_t life = 0;
    int metric = 0;
    MakeLabels make = nullptr;
  };
  Windows& windows_;
  std::vector<Row> rows_;
  std::vector<Sample> samples_;
  KeyedOutcome outcome_;
};

// What is told of each pod; the metrics of a pod that has a CPU limit come last.
enum : int {
  kCpu,
  kMemory,
  kRss,
  kContainerStart,
  kOom,
  kOwner,
  kInfo,
  kRequestCpu,
  kRequestMemory,
  kLimitMemory,
  kRunning,
  kPending,
  kPodStart,
  kRestarts,
  kLimitCpu,
  kPeriods,
  kThrottled,
  kPodMetrics
};
constexpr std::array<std::string_view, kPodMetrics> kNames = {
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "container_memory_rss",
    "container_start_time_seconds",
    "container_oom_events_total",
    "kube_pod_owner",
    "kube_pod_info",
    "kube_pod_container_resource_requests",
    "kube_pod_container_resource_requests",
    "kube_pod_container_resource_limits",
    "kube_pod_status_phase",
    "kube_pod_status_phase",
    "kube_pod_start_time",
    "kube_pod_container_status_restarts_total",
    "kube_pod_container_resource_limits",
    "container_cpu_cfs_periods_total",
    "container_cpu_cfs_throttled_periods_total",
};

Labels PodLabels(const Options& options, int64_t pod, uint32_t life, int metric) {
  const int64_t workload = pod / 5;
  const int64_t node = pod % options.nodes;
  const std::string set = fmt::format("app-{}-7d4b9c6f5d", workload);
  // The alphabet of pods' names.
  static constexpr std::string_view kSafe = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (uint64_t rest = static_cast<uint64_t>(pod) + 50'021ULL * life, i = 0; i < 5; ++i) {
    suffix += kSafe[rest % kSafe.size()];
    rest /= kSafe.size();
  }
  std::map<std::string, std::string> labels = {
      {"__name__", std::string(kNames[static_cast<size_t>(metric)])},
      {"namespace", fmt::format("team-{}", workload % 200)},
      {"pod", set + "-" + suffix}};
  const bool kube = kNames[static_cast<size_t>(metric)].starts_with("kube_");
  labels["job"] = kube ? "kube-state-metrics" : "kubelet";
  labels["instance"] =
      kube ? "10.0.0.1:8080" : fmt::format("10.1.{}.{}:10250", node / 250, node % 250);
  if (!kube) {
    labels["node"] = fmt::format("node-{}", node);
    labels["image"] = fmt::format("registry/team-{}/app-{}:1", workload % 200, workload);
    labels["id"] =
        fmt::format("/kubepods/burstable/pod{:08x}-{}/{:016x}", pod, life, pod * 7919 + life);
    labels["metrics_path"] = "/metrics/cadvisor";
  }
  if (kube) labels["uid"] = fmt::format("{:08x}-{:04x}-4000-8000-{:012x}", pod, life, pod * 31);
  const auto is = [&](std::initializer_list<int> which) {
    return std::find(which.begin(), which.end(), metric) != which.end();
  };
  if (!is({kOwner, kInfo, kRunning, kPending, kPodStart})) labels["container"] = "app";
  if (metric == kCpu) labels["cpu"] = "total";
  if (is({kRequestCpu, kLimitCpu})) labels["resource"] = "cpu";
  if (is({kRequestMemory, kLimitMemory})) labels["resource"] = "memory";
  if (metric == kRunning) labels["phase"] = "Running";
  if (metric == kPending) labels["phase"] = "Pending";
  if (metric == kInfo) labels["node"] = fmt::format("node-{}", node);
  if (metric == kOwner) {
    labels["owner_kind"] = "ReplicaSet";
    labels["owner_name"] = set;
    labels["owner_is_controller"] = "true";
  }
  return Labels::FromMap(labels);
}

Labels SetLabels(const Options& /*options*/, int64_t workload, uint32_t /*life*/, int /*metric*/) {
  return Labels({{"__name__", "kube_replicaset_owner"},
                 {"namespace", fmt::format("team-{}", workload % 200)},
                 {"replicaset", fmt::format("app-{}-7d4b9c6f5d", workload)},
                 {"owner_kind", "Deployment"},
                 {"owner_name", fmt::format("app-{}", workload)}});
}

class Cluster {
 public:
  Cluster(const Options& options, Windows& windows)
      : options_(options), writer_(windows), pods_(static_cast<size_t>(options.pods)) {
    for (PodState& pod : pods_) pod.born = kStart;
  }
  void Scrape(Timestamp now) {
    Churn(now);
    for (int64_t i = 0; i < options_.pods; ++i) Tell(i, now);
    for (int64_t i = 0; i < options_.pods / 5; ++i) {
      writer_.Add(options_, i, 0, kPodMetrics, {now, 1}, SetLabels);
    }
    writer_.Flush(options_, now);
  }
  uint64_t lives() const { return lives_; }

 private:
  void Churn(Timestamp now) {
    due_ += static_cast<double>(options_.pods) * options_.churn *
            static_cast<double>(options_.step) / 3600;
    for (; due_ >= 1; due_ -= 1, ++lives_) {
      PodState& pod = pods_[Next() % pods_.size()];
      pod = {.life = pod.life + 1, .born = now};
    }
  }
  void Tell(int64_t number, Timestamp now) {
    PodState& pod = pods_[static_cast<size_t>(number)];
    const double seconds = static_cast<double>(options_.step);
    const double noise = static_cast<double>(Next() % 1000) / 1000;
    pod.cores = std::max(0.001, pod.cores * (0.9 + 0.2 * noise));
    pod.cores = std::min(pod.cores, 4.0);
    pod.cpu += pod.cores * seconds;
    pod.bytes += std::floor((noise - 0.49) * 100) * 4096;
    pod.bytes = std::clamp(pod.bytes, 50 * kMib, 900 * kMib);
    const double born = static_cast<double>(pod.born) / kSecond;
    const std::array<double, kPodMetrics> values = {pod.cpu,
                                                    pod.bytes,
                                                    std::floor(pod.bytes / 4096 * .8) * 4096,
                                                    born,
                                                    0,
                                                    1,
                                                    1,
                                                    .5,
                                                    512 * kMib,
                                                    1024 * kMib,
                                                    1,
                                                    0,
                                                    born,
                                                    0,
                                                    2,
                                                    static_cast<double>(now - pod.born) / 100,
                                                    static_cast<double>(now - pod.born) / 10'000};
    const int told = number % 2 == 0 ? kPodMetrics : kLimitCpu;
    for (int metric = 0; metric < told; ++metric) {
      writer_.Add(options_, number, pod.life, metric, {now, values[static_cast<size_t>(metric)]},
                  PodLabels);
    }
  }
  uint64_t Next() {
    random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return random_ >> 33U;
  }

  const Options options_;
  Writer writer_;
  std::vector<PodState> pods_;
  double due_ = 0;
  uint64_t lives_ = 0;
  uint64_t random_ = 1;
};

// As the daemon sweeps and writes chunks (exporter/ingest/ingest_store.cc); they go nowhere.
class Sweeper {
  struct Nowhere final : ChunkSink {
    Status Write(std::string_view /*block*/, Timestamp /*newest*/) override {
      return absl::OkStatus();
    }
  };

 public:
  Sweeper(Windows& windows, int64_t limit_mib)
      : windows_(windows), limit_(static_cast<uint64_t>(limit_mib) << 20U) {}
  void Sweep(Timestamp now) {
    Nowhere nowhere;
    (void)windows_.FlushSealed(&nowhere);
    windows_.Expire();
    const DurationMs current = windows_.Plan()->unreferenced();
    const MemoryDecision decision =
        DecideMemory({.used = MemoryOf(windows_.Stats()),
                      .limit = limit_,
                      .current = current,
                      .configured = WindowsOptions{}.unreferenced_retention,
                      .since_change = now - changed_});
    if (decision.next == current) return;
    changed_ = now;
    windows_.SetUnreferencedRetention(decision.next);
    if (decision.verdict == MemoryVerdict::kShortened) windows_.Expire();
  }

 private:
  Windows& windows_;
  const uint64_t limit_;
  Timestamp changed_ = kStart;
};

double ResidentMib() {
  const auto status = ReadFile("/proc/self/status");
  if (!status.ok()) return 0;
  const size_t at = status->find("VmRSS:");
  return at == std::string::npos ? 0 : std::strtod(status->c_str() + at + 6, nullptr) / 1024;
}

// What is taken from the heap now, without free room in it.
double HeapMib() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd) / kMib;
}

void Report(const Windows& windows) {
  const WindowsStats stats = windows.Stats();
  fmt::print("  chunks {:.0f} MiB in {} open and {} sealed, samples {}\n",
             static_cast<double>(stats.chunk_bytes) / kMib, stats.open_chunks, stats.sealed_chunks,
             stats.samples);
  for (const auto& [metric, usage] : ReportKept(windows).metrics) {
    fmt::print("  {} series {} samples {} bytes {}\n", metric, usage.series, usage.samples,
               usage.bytes);
  }
}

int64_t Argument(std::string_view text, std::string_view name, int64_t otherwise) {
  if (!text.starts_with(name)) return otherwise;
  text.remove_prefix(name.size());
  std::from_chars(text.data(), text.data() + text.size(), otherwise);
  return otherwise;
}

int Run(const Options& options) {
  const std::string path =
      (std::filesystem::temp_directory_path() / "outrider_cluster_day").string();
  std::filesystem::remove_all(path);
  const auto state = *OpenRocksDbStore(path);
  Windows windows{WindowsOptions{}};
  DerivedTable table;
  const auto engine = *CapacityEngine::Create(CapacityOptions(), windows, table, state.get());
  windows.SetReferences(engine->Reach());
  Cluster cluster(options, windows);
  Sweeper sweeper(windows, options.memory_limit_mib);
  const SystemClock clock;
  fmt::print(
      "hour resident_MiB series engine_series containers workloads pods_made "
      "ns_per_use_sample slowest_run_ms flush_ms recommendations bytes_per_workload "
      "windows_MiB kept_minutes heap_MiB\n");
  int64_t used = 0;
  int64_t slowest = 0;
  int64_t flushed = 0;
  uint64_t samples = 0;
  const int64_t steps = options.hours * 3600 / options.step;
  for (int64_t step = 0; step <= steps; ++step) {
    const Timestamp now = kStart + step * options.step * kSecond;
    cluster.Scrape(now);
    const int64_t begin = clock.ThreadCpuNanos();
    engine->Run(now + kSecond);
    if (const Status saved = engine->Save(now + kSecond, CapacityEngine::Part::kNext);
        !saved.ok()) {
      fmt::print("cannot save: {}\n", Message(saved));
      return 1;
    }
    const int64_t ran = clock.ThreadCpuNanos() - begin;
    if (step % options.flush_every == 0) table.Flush(windows, now + kSecond);
    flushed += clock.ThreadCpuNanos() - begin - ran;
    used += ran;
    slowest = std::max(slowest, ran);
    if (step % 5 == 0) sweeper.Sweep(now);
    if (step % (3600 / options.step) != 0) continue;
    malloc_trim(0);
    const CapacityStats stats = engine->stats();
    const auto size = engine->MeasureSize();
    const uint64_t fresh = std::exchange(samples, stats.samples);
    fmt::print("{} {:.0f} {} {} {} {} {} {:.0f} {:.0f} {:.0f} {} {} {:.0f} {} {:.0f}\n",
               step * options.step / 3600, ResidentMib(), windows.Stats().series, stats.series,
               stats.containers, stats.workloads, cluster.lives(),
               static_cast<double>(used) /
                   static_cast<double>(std::max<uint64_t>(1, stats.samples - fresh)),
               static_cast<double>(slowest) / 1e6, static_cast<double>(flushed) / 1e6,
               engine->Recommendations().size(), size.entries == 0 ? 0 : size.demand / size.entries,
               static_cast<double>(MemoryOf(windows.Stats())) / kMib,
               windows.Plan()->unreferenced() / kMinute, HeapMib());
    if (options.report != 0) Report(windows);
    std::fflush(stdout);
    used = 0;
    slowest = 0;
    flushed = 0;
  }
  return 0;
}

}  // namespace
}  // namespace outrider

int main(int argc, char** argv) {
  // As the daemon has it: Debian's Abseil looks for cycles of locks by default.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  outrider::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view text = argv[i];
    options.nodes = outrider::Argument(text, "--nodes=", options.nodes);
    options.pods = outrider::Argument(text, "--pods=", options.pods);
    options.hours = outrider::Argument(text, "--hours=", options.hours);
    options.step = outrider::Argument(text, "--step=", options.step);
    options.memory_limit_mib =
        outrider::Argument(text, "--memory_limit_mib=", options.memory_limit_mib);
    options.report = outrider::Argument(text, "--report=", options.report);
    options.flush_every = outrider::Argument(text, "--flush_every=", options.flush_every);
    options.churn = static_cast<double>(outrider::Argument(
                        text, "--churn_percent=", static_cast<int64_t>(options.churn * 100))) /
                    100;
  }
  return outrider::Run(options);
}
