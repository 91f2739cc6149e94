// SPDX-License-Identifier: Apache-2.0
// Rows of family kCost: key "r" created(8) number(8); value: format 1 and the run's fields.
#include "rules/cost/optimize_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/base/hash.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kRowFormat = 1;
constexpr std::string_view kPrefix = "r";

void SaveOptional(const std::optional<double>& value, RowWriter& out) {
  out.Bool(value.has_value()).Double(value.value_or(0));
}

std::optional<double> LoadOptional(RowReader& in) {
  const bool has = in.Bool();
  const double value = in.Double();
  return has ? std::optional(value) : std::nullopt;
}

void SaveResource(const RunResource& resource, RowWriter& out) {
  SaveOptional(resource.request, out);
  SaveOptional(resource.limit, out);
  SaveOptional(resource.proposed_request, out);
  SaveOptional(resource.proposed_limit, out);
  out.Double(resource.mean_use).Double(resource.p95_use).Double(resource.max_use);
  out.Text(resource.reason);
}

RunResource LoadResource(RowReader& in) {
  RunResource resource;
  resource.request = LoadOptional(in);
  resource.limit = LoadOptional(in);
  resource.proposed_request = LoadOptional(in);
  resource.proposed_limit = LoadOptional(in);
  resource.mean_use = in.Double();
  resource.p95_use = in.Double();
  resource.max_use = in.Double();
  resource.reason = in.Text();
  return resource;
}

std::string SaveRun(const OptimizeRun& run) {
  RowWriter out(kRowFormat);
  out.Text(run.id).Text(run.manifest_path).I64(run.lookback_days).I64(run.created);
  out.U64(run.workloads.size());
  for (const RunWorkload& workload : run.workloads) {
    out.Text(workload.key.cluster).Text(workload.key.namespace_name);
    out.Text(workload.key.workload).Text(workload.key.workload_kind).U64(workload.replicas);
    out.U64(workload.containers.size());
    for (const RunContainer& container : workload.containers) {
      out.Text(container.name);
      SaveResource(container.cpu, out);
      SaveResource(container.memory, out);
    }
  }
  return out.Take();
}

StatusOr<OptimizeRun> LoadRun(std::string_view bytes) {
  RowReader in(bytes, kRowFormat, "an optimisation run");
  OptimizeRun run;
  run.id = in.Text();
  run.manifest_path = in.Text();
  run.lookback_days = in.I64();
  run.created = in.I64();
  for (uint64_t left = in.Count(); left > 0; --left) {
    RunWorkload& workload = run.workloads.emplace_back();
    workload.key.cluster = in.Text();
    workload.key.namespace_name = in.Text();
    workload.key.workload = in.Text();
    workload.key.workload_kind = in.Text();
    workload.replicas = in.U64();
    for (uint64_t inner = in.Count(); inner > 0; --inner) {
      RunContainer& container = workload.containers.emplace_back();
      container.name = in.Text();
      container.cpu = LoadResource(in);
      container.memory = LoadResource(in);
    }
  }
  TRY(in.Finish());
  return run;
}

RunResource ResourceOf(const ResourceAdvice& advice) {
  RunResource resource;
  resource.request = advice.request;
  resource.limit = advice.limit;
  if (advice.enough_data) {
    resource.proposed_request = advice.recommended.target;
    if (advice.limit_wanted || advice.limit) resource.proposed_limit = advice.recommended.limit;
  }
  resource.mean_use = advice.mean_use;
  resource.p95_use = advice.p95_use;
  resource.max_use = advice.max_use;
  resource.reason = advice.reason;
  return resource;
}

// Of when and how many, in the shape of a UUID.
std::string IdOf(Timestamp now, uint64_t number) {
  const Hash128 hash = HashBytes128(BigEndian64(static_cast<uint64_t>(now)) + BigEndian64(number));
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", hash.high >> 32,
                     hash.high >> 16 & 0xffff, hash.high & 0xffff, hash.low >> 48,
                     hash.low & 0xffffffffffff);
}

}  // namespace

size_t OptimizeRun::Suggestions() const {
  size_t count = 0;
  for (const RunWorkload& workload : workloads) {
    count +=
        static_cast<size_t>(std::ranges::count_if(workload.containers, [](const RunContainer& one) {
          return one.cpu.proposed_request || one.memory.proposed_request;
        }));
  }
  return count;
}

StatusOr<OptimizeRun> OptimizeRuns::Start(std::string manifest_path, int64_t lookback_days,
                                          std::span<const Recommendation> recommendations,
                                          Timestamp now) {
  OptimizeRun run;
  run.manifest_path = std::move(manifest_path);
  run.lookback_days = lookback_days;
  run.created = now;
  for (const Recommendation& one : recommendations) {
    if (one.container.empty()) continue;
    if (run.workloads.empty() || run.workloads.back().key != one.key) {
      run.workloads.emplace_back().key = one.key;
    }
    RunWorkload& workload = run.workloads.back();
    workload.replicas = std::max(workload.replicas, one.pods);
    workload.containers.push_back({one.container, ResourceOf(one.cpu), ResourceOf(one.memory)});
  }
  const absl::MutexLock lock(&mutex_);
  std::vector<std::string> keys;
  TRY(store_.Scan(Family::kCost, kPrefix, kPrefix, [&](const Row& row) {
    keys.push_back(row.key);
    return true;
  }));
  uint64_t number = 0;
  if (!keys.empty() && keys.back().size() >= 17) {
    number = ReadBigEndian64(std::string_view(keys.back()).substr(9)) + 1;
  }
  run.id = IdOf(now, number);
  Batch batch;
  batch.Put(Family::kCost,
            std::string(kPrefix) + BigEndian64(static_cast<uint64_t>(now)) + BigEndian64(number),
            SaveRun(run));
  for (size_t i = 0; i + kKept <= keys.size(); ++i) batch.Delete(Family::kCost, keys[i]);
  TRY(store_.Commit(batch, Durability::kSynced));
  return run;
}

StatusOr<std::vector<OptimizeRun>> OptimizeRuns::List() const {
  std::vector<OptimizeRun> runs;
  TRY(store_.Scan(Family::kCost, kPrefix, kPrefix, [&](const Row& row) {
    StatusOr<OptimizeRun> run = LoadRun(row.value);
    if (run.ok()) runs.push_back(*std::move(run));  // another version's, or damaged: left out
    return true;
  }));
  std::ranges::reverse(runs);
  return runs;
}

StatusOr<OptimizeRun> OptimizeRuns::Find(std::string_view id) const {
  std::vector<OptimizeRun> runs = TRY(List());
  for (OptimizeRun& run : runs) {
    if (run.id == id) return std::move(run);
  }
  return NotFound(fmt::format("there is no run {}", id));
}

}  // namespace outrider
