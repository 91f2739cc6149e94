// SPDX-License-Identifier: Apache-2.0
// How the running engine takes over what a replay of history learnt.
#include <algorithm>

#include "rules/analytics/analytics_engine.h"

namespace outrider {
namespace {

bool LooksAt(const Source& source, std::span<const Hash128> entries) {
  return std::ranges::any_of(source.identities(), [&](const Hash128& identity) {
    return std::ranges::find(entries, identity) != entries.end();
  });
}

}  // namespace

Status AnalyticsEngine::Adopt(const StateStore& from, std::span<const Hash128> entries,
                              Timestamp now) {
  if (seams_.state == nullptr) return absl::FailedPreconditionError("there is no store for states");
  // No row that was made of the old detectors is written behind those of the new ones.
  const absl::MutexLock one_at_a_time(&save_mutex_);
  TRY(outrider::Checkpoints(*seams_.state).CopyFrom(from, entries, NewerStates::kReplace).status());
  const absl::MutexLock lock(&mutex_);
  if (last_run_ == kNoTime) return absl::FailedPreconditionError("the entries have not begun yet");
  for (std::unique_ptr<Source>& source : sources_) {
    if (!LooksAt(*source, entries)) continue;
    Source::SavedStates saved;
    for (CheckpointRow& row : source->States()) {
      const std::optional<Row> replayed = TRY(from.Get(Family::kAnalytics, row.key));
      if (!replayed) saved[std::move(row.key)] = std::move(row.value);
    }
    restored_before_ += source->stats().restored;
    lost_before_ += source->stats().lost;
    auto fresh = std::make_unique<Source>(source->expression(), source->entries(), seams_);
    fresh->Rebuild(Context(), &saved, now);
    // One right behind the other, so that series that are in both go on.
    source->Retire(seams_.table);
    source = std::move(fresh);
    source->Show(Context(), now);
  }
  save_source_ = 0;
  save_slot_ = 0;
  PublishStatus();
  return absl::OkStatus();
}

}  // namespace outrider
