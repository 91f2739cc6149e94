// SPDX-License-Identifier: Apache-2.0
// How the engine saves the state of its detectors: some slots after each run. Rows are made under
// the engine's lock and written without it.
#include <algorithm>

#include "rules/analytics/analytics_engine.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr uint64_t kSlotsAtOnce = 4096;  // of which rows are in memory
constexpr DurationMs kSweepEvery = kDay;

}  // namespace

uint64_t AnalyticsEngine::SlotsDue(DurationMs elapsed) const {
  uint64_t slots = 0;
  for (const auto& source : sources_) slots += source->slots();
  const auto share =
      static_cast<uint64_t>(std::clamp<DurationMs>(elapsed, 0, options_.checkpoint_every));
  return slots * share / static_cast<uint64_t>(options_.checkpoint_every) + 1;
}

bool AnalyticsEngine::TakeRows(uint64_t wanted, std::vector<CheckpointRow>* rows) {
  while (save_source_ < sources_.size()) {
    Source& source = *sources_[save_source_];
    const auto some = static_cast<uint32_t>(
        std::min<uint64_t>(wanted, source.slots() - std::min(save_slot_, source.slots())));
    source.Save(save_slot_, save_slot_ + some, rows);
    wanted -= some;
    save_slot_ += some;
    if (save_slot_ < source.slots()) return false;
    ++save_source_;
    save_slot_ = 0;
  }
  save_source_ = 0;
  return true;
}

Status AnalyticsEngine::WriteRows(const std::vector<CheckpointRow>& rows, bool complete,
                                  Timestamp now) {
  const Status status = outrider::Checkpoints(*seams_.state).Write(rows);
  const absl::MutexLock lock(&status_mutex_);
  if (!status.ok()) {
    ++checkpoints_.failures;
    return status;
  }
  checkpoints_.rows += rows.size();
  for (const CheckpointRow& row : rows) checkpoints_.bytes += row.key.size() + row.value.size();
  if (complete) checkpoints_.complete = now;
  return status;
}

Status AnalyticsEngine::Checkpoint(Timestamp now, Part part) {
  if (seams_.state == nullptr) return absl::OkStatus();
  const absl::MutexLock one_at_a_time(&save_mutex_);
  bool sweep = false;
  Timestamp last_run = kNoTime;
  uint64_t due = 0;
  {
    const absl::MutexLock lock(&mutex_);
    if (part == Part::kAll) {
      save_source_ = 0;  // nothing that was passed already is left out
      save_slot_ = 0;
    }
    due = SlotsDue(last_save_ == kNoTime ? 0 : now - last_save_);
    last_save_ = now;
    last_run = last_run_;
    sweep = last_sweep_ == kNoTime || now - last_sweep_ >= kSweepEvery;
    if (sweep) last_sweep_ = now;
  }
  for (bool complete = false; !complete && (due > 0 || part == Part::kAll);) {
    std::vector<CheckpointRow> rows;
    const uint64_t some = part == Part::kAll ? kSlotsAtOnce : std::min(due, kSlotsAtOnce);
    {
      const absl::MutexLock lock(&mutex_);
      complete = TakeRows(some, &rows);
    }
    due -= std::min(due, some);
    TRY(WriteRows(rows, complete, now));
  }
  if (last_run != kNoTime) TRY(outrider::Checkpoints(*seams_.state).SetLastRun(last_run));
  return sweep ? SweepRows(now) : absl::OkStatus();
}

Status AnalyticsEngine::SweepRows(Timestamp now) const {
  // Of entries that are not there either: a typing error in a file must not cost what was learnt.
  const uint64_t gone = TRY(outrider::Checkpoints(*seams_.state).Sweep(now - options_.keep_saved));
  if (gone > 0) {
    LogInfo("saved analytics state of entries and series that are gone was removed",
            {{"rows", std::to_string(gone)}});
  }
  return absl::OkStatus();
}

CheckpointStats AnalyticsEngine::Checkpoints() const {
  const absl::MutexLock lock(&status_mutex_);
  return checkpoints_;
}

}  // namespace outrider
