// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_engine.h"

#include <algorithm>
#include <utility>

#include "rules/cost/cost_series.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr DurationMs kSaveEvery = kMinute;
constexpr DurationMs kSaveManyEvery = 5 * kMinute;  // what a crash may lose where much runs
constexpr size_t kManyCells = 20'000;

}  // namespace

CostEngine::CostEngine(CostSettings options, CostSeams seams)
    : seams_(std::move(seams)),
      options_(std::move(options)),
      ledger_(seams_.store),
      savings_(seams_.store),
      publisher_(seams_.table) {}

Status CostEngine::Restore(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  TRY(ledger_.Restore(now));
  TRY(savings_.Restore());
  // Goes on where it ended, also across midnight; what is left out is said.
  last_ = INT64_MIN;
  for (const CostTier tier : kCostTiers) {
    last_ = std::max(last_, ledger_.OpenUntil(tier).value_or(INT64_MIN));
  }
  if (last_ == INT64_MIN) last_ = now;
  last_save_ = now;
  (void)TRY(history_.Update(ledger_, now));
  anomalies_ = TRY(FindCostAnomalies(history_));
  return absl::OkStatus();
}

void CostEngine::Run(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  if (last_ == INT64_MIN || now < last_) last_ = now;
  if (now - last_ < options_.interval) return;
  const Status status = Count(now);
  const std::string error = status.ok() ? "" : Message(status);
  if (!error.empty() && error != stats_.error)
    LogWarn("costs cannot be counted", {{"error", error}});
  stats_.error = error;
}

Status CostEngine::Count(Timestamp now) {
  auto moment = std::make_shared<CostMoment>();
  moment->book = seams_.book();
  moment->scene = TRY(reader_.Read(options_, seams_.inventory, *moment->book, seams_.querier, now));
  if (now - last_ > kLongestGap) {
    stats_.unwatched += now - last_ - kLongestGap;
    last_ = now - kLongestGap;
  }
  const DurationMs counted = now - last_;
  // What flowed is put down to the newest piece.
  std::vector<CostTraffic> traffic;
  traffic.swap(moment->scene.traffic);
  while (last_ < now) {
    const Timestamp end = std::min(now, SpanOf(CostTier::kHours, last_).end);
    if (end == now) traffic.swap(moment->scene.traffic);
    TRY(ledger_.Add(last_, end, Allocate(moment->scene, end - last_)));
    savings_.Count(moment->scene, end - last_);
    last_ = end;
  }
  savings_.Observe(seams_.recommendations(), now);
  TRY(Judge(now));
  PublishAll(moment->scene, counted);
  moment_ = std::move(moment);
  ++stats_.runs;
  stats_.last = last_;
  stats_.cells = ledger_.open_cells();
  if (now - last_save_ < (stats_.cells > kManyCells ? kSaveManyEvery : kSaveEvery)) {
    return absl::OkStatus();
  }
  last_save_ = now;
  return SaveLocked(Durability::kBuffered);
}

Status CostEngine::Judge(Timestamp now) {
  if (TRY(history_.Update(ledger_, now))) anomalies_ = TRY(FindCostAnomalies(history_));
  OpenCosts open;
  open.month = SumGroups(ledger_.Open(CostTier::kMonths));
  open.today = SumGroups(ledger_.Open(CostTier::kDays));
  open.watched_today = ledger_.OpenWatched(CostTier::kDays);
  budgets_.clear();
  for (const CostBudget& budget : options_.budgets) {
    budgets_.push_back(JudgeBudget(budget, history_, open, now));
  }
  return absl::OkStatus();
}

void CostEngine::PublishAll(const CostScene& scene, DurationMs counted) {
  PublishRates(Allocate(scene, kHour), counted, publisher_);
  PublishMonth(SumGroups(ledger_.Open(CostTier::kMonths)), publisher_);
  PublishBudgets(budgets_, publisher_);
  PublishAnomalies(anomalies_, publisher_);
  PublishSavings(savings_.All(), publisher_);
  publisher_.Finish();
}

Status CostEngine::SaveLocked(Durability durability) {
  TRY(ledger_.Save(durability));
  return savings_.Save(durability);
}

Status CostEngine::Save(Durability durability) {
  const absl::MutexLock lock(&mutex_);
  return SaveLocked(durability);
}

void CostEngine::Replace(CostSettings options) {
  const absl::MutexLock lock(&mutex_);
  options_ = std::move(options);
}

CostSettings CostEngine::options() const {
  const absl::MutexLock lock(&mutex_);
  return options_;
}

StatusOr<std::vector<AllocationSet>> CostEngine::Allocation(const AllocationQuery& query,
                                                            Timestamp now) const {
  const absl::MutexLock lock(&mutex_);
  return RunAllocation(ledger_, query, now);
}

std::vector<BudgetStatus> CostEngine::Budgets() const {
  const absl::MutexLock lock(&mutex_);
  return budgets_;
}

std::vector<CostAnomaly> CostEngine::Anomalies() const {
  const absl::MutexLock lock(&mutex_);
  return anomalies_;
}

std::vector<RealisedSavings> CostEngine::Savings() const {
  const absl::MutexLock lock(&mutex_);
  return savings_.All();
}

std::shared_ptr<const CostMoment> CostEngine::Moment() const {
  const absl::MutexLock lock(&mutex_);
  return moment_;
}

CostStats CostEngine::stats() const {
  const absl::MutexLock lock(&mutex_);
  return stats_;
}

}  // namespace outrider
