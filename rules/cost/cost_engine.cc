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
      publisher_(seams_.table) {
  ledger_.SetLabels(options_.labels);
}

Status CostEngine::Restore(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  TRY(ledger_.Restore(now));
  TRY(savings_.Restore());
  // Goes on where it ended, also across midnight and months; what is left out is said.
  const std::optional<Timestamp> until = TRY(ledger_.CountedUntil(now));
  last_ = until.value_or(now);
  last_save_ = now;
  if (until) {
    reader_.GoOnFrom(*until);
    const Timestamp day = SpanOf(CostTier::kDays, *until - 1).begin;
    const CostRead before = TRY(ledger_.Read(day, *until, CostGrain::kWorkloads, *until));
    for (const auto& [key, amounts] : before.cells) {
      reader_.Remember(key.workload == kIdleName, !key.workload.starts_with("__"));
    }
  }
  (void)TRY(history_.Update(ledger_, now));
  anomalies_ = TRY(FindCostAnomalies(history_, now));
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

Status CostEngine::AddScene(CostScene* scene, Timestamp now) {
  // What flowed is put down to the newest piece.
  std::vector<CostTraffic> traffic;
  traffic.swap(scene->traffic);
  while (last_ < now) {
    const Timestamp end = std::min(now, SpanOf(CostTier::kHours, last_).end);
    if (end == now) traffic.swap(scene->traffic);
    TRY(ledger_.Add(last_, end, Allocate(*scene, end - last_)));
    savings_.Count(*scene, end - last_);
    last_ = end;
  }
  return absl::OkStatus();
}

void CostEngine::NoteSilence(CostScene* scene, Timestamp now) {
  const SceneSilence silence = reader_.silence();
  if (silence != silence_) {
    if (silence == SceneSilence::kNone) {
      LogInfo("costs are counted again", {});
    } else {
      LogWarn("costs are not counted", {{"reason", std::string(SceneSilenceText(silence))}});
    }
    silence_ = silence;
  }
  if (silence == SceneSilence::kNone) return;
  *scene = CostScene();
  // Before the first samples there is nothing that anybody could have missed.
  if (!reader_.SawAnything()) last_ = now;
}

Status CostEngine::Count(Timestamp now) {
  auto moment = std::make_shared<CostMoment>();
  moment->book = seams_.book();
  moment->scene = TRY(reader_.Read(options_, seams_.inventory, *moment->book, seams_.querier, now));
  NoteSilence(&moment->scene, now);
  const DurationMs gap = std::max<DurationMs>(0, now - last_ - kLongestGap);
  stats_.unwatched = unwatched_ + gap;
  DurationMs counted = 0;
  if (silence_ == SceneSilence::kNone) {
    unwatched_ += gap;
    last_ += gap;
    counted = now - last_;
    TRY(AddScene(&moment->scene, now));
  }
  savings_.Observe(seams_.recommendations(), now);
  TRY(Judge(now));
  PublishAll(moment->scene, counted, now);
  moment_ = std::move(moment);
  ++stats_.runs;
  stats_.last = last_;
  stats_.cells = ledger_.open_cells();
  const DurationMs every = stats_.cells > kManyCells ? kSaveManyEvery : kSaveEvery;
  // After a clock that went back at once.
  if (now >= last_save_ && now - last_save_ < every) return absl::OkStatus();
  last_save_ = now;
  return SaveLocked(Durability::kBuffered);
}

GroupCosts CostEngine::SumOpen(CostTier tier, Timestamp now) const {
  if (ledger_.OpenSpan(tier).begin != SpanOf(tier, now).begin) return {};
  return SumGroups(ledger_.Open(tier));
}

Status CostEngine::Judge(Timestamp now) {
  if (TRY(history_.Update(ledger_, now))) anomalies_ = TRY(FindCostAnomalies(history_, now));
  OpenCosts open;
  open.month = SumOpen(CostTier::kMonths, now);
  open.today = SumOpen(CostTier::kDays, now);
  const bool is_today =
      ledger_.OpenSpan(CostTier::kDays).begin == SpanOf(CostTier::kDays, now).begin;
  open.watched_today = is_today ? ledger_.OpenWatched(CostTier::kDays) : 0;
  budgets_.clear();
  for (const CostBudget& budget : options_.budgets) {
    budgets_.push_back(JudgeBudget(budget, history_, open, now));
  }
  return absl::OkStatus();
}

void CostEngine::PublishAll(const CostScene& scene, DurationMs counted, Timestamp now) {
  PublishRates(Allocate(scene, kHour), counted, publisher_);
  PublishMonth(SumOpen(CostTier::kMonths, now), publisher_);
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
  ledger_.SetLabels(options_.labels);
}

CostSettings CostEngine::options() const {
  const absl::MutexLock lock(&mutex_);
  return options_;
}

StatusOr<std::vector<AllocationSet>> CostEngine::Allocation(const AllocationQuery& query,
                                                            Timestamp now) const {
  const CostSnapshot snapshot = [&] {
    const absl::MutexLock lock(&mutex_);
    return ledger_.Snapshot(query.from, query.to);
  }();
  CostReader reader = snapshot.Reader();
  return RunAllocation(reader, query, now);
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
