// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/workload_monitor.h"

#include <utility>

#include "fmt/format.h"
#include "storage/base/log.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kRowFormat = 1;
constexpr std::string_view kRowKey = "workload_monitor";

}  // namespace

Status WorkloadMonitor::Store(const Plan& plan, Durability durability) {
  RowWriter out(kRowFormat);
  out.Bool(plan.running).I64(plan.interval).U64(plan.checks).I64(plan.last_check);
  out.U64(plan.containers.size());
  for (const MonitoredContainer& one : plan.containers) {
    out.Text(one.namespace_name).Text(one.workload).Text(one.container);
  }
  Batch batch;
  batch.Put(Family::kMeta, std::string(kRowKey), out.Take());
  return store_.Commit(batch, durability);
}

Status WorkloadMonitor::Restore() {
  const std::optional<Row> row = TRY(store_.Get(Family::kMeta, kRowKey));
  if (!row) return absl::OkStatus();
  RowReader in(row->value, kRowFormat, "the state of the workload monitor");
  Plan plan;
  plan.running = in.Bool();
  plan.interval = in.I64();
  plan.checks = in.U64();
  plan.last_check = in.I64();
  for (uint64_t left = in.Count(); left > 0; --left) {
    MonitoredContainer one;
    one.namespace_name = in.Text();
    one.workload = in.Text();
    one.container = in.Text();
    plan.containers.insert(std::move(one));
  }
  TRY(in.Finish());
  const absl::MutexLock lock(&mutex_);
  plan_ = std::move(plan);
  return absl::OkStatus();
}

Status WorkloadMonitor::Start(std::vector<MonitoredContainer> containers, DurationMs interval,
                              Timestamp now) {
  if (interval < kShortest || interval > kLongest) {
    return InvalidArgument(fmt::format("the interval must be between {} and {} seconds",
                                       kShortest / kSecond, kLongest / kSecond));
  }
  {
    const absl::MutexLock lock(&mutex_);
    Plan plan = plan_;
    plan.running = true;
    plan.interval = interval;
    plan.containers = {std::make_move_iterator(containers.begin()),
                       std::make_move_iterator(containers.end())};
    TRY(Store(plan, Durability::kSynced));
    plan_ = std::move(plan);
    next_check_ = now;
  }
  Tick(now);
  return absl::OkStatus();
}

Status WorkloadMonitor::Stop() {
  const absl::MutexLock lock(&mutex_);
  if (!plan_.running) return absl::OkStatus();
  Plan plan = plan_;
  plan.running = false;
  TRY(Store(plan, Durability::kSynced));
  plan_ = std::move(plan);
  alerts_.clear();
  return absl::OkStatus();
}

void WorkloadMonitor::Tick(Timestamp now) {
  {
    const absl::MutexLock lock(&mutex_);
    if (!plan_.running || (now < next_check_ && now >= plan_.last_check)) return;
  }
  std::vector<WorkloadFinding> all = findings_();
  const absl::MutexLock lock(&mutex_);
  if (!plan_.running) return;  // stopped meanwhile
  std::erase_if(all, [&](const WorkloadFinding& one) {
    mutex_.AssertHeld();
    return !plan_.containers.contains({one.key.namespace_name, one.key.workload, one.container});
  });
  alerts_ = std::move(all);
  ++plan_.checks;
  plan_.last_check = now;
  next_check_ = now + plan_.interval;
  const Status stored = Store(plan_, Durability::kBuffered);
  if (!stored.ok() && !said_unstored_) {
    LogWarn("the checks of the workload monitor cannot be stored", {{"error", Message(stored)}});
  }
  said_unstored_ = !stored.ok();
}

MonitorStatus WorkloadMonitor::status() const {
  const absl::MutexLock lock(&mutex_);
  return {plan_.running, plan_.interval,   plan_.containers.size(),
          plan_.checks,  plan_.last_check, alerts_};
}

}  // namespace outrider
