// SPDX-License-Identifier: Apache-2.0
// What time it is for the desk, and since when: whether the clock on the wall was set back is asked
// at the begin of every event, and at a start of what the process before it wrote.
#include <algorithm>
#include <utility>

#include "notifiers/desk/decide_clock.h"
#include "notifiers/desk/desk_impl.h"
#include "storage/base/duration.h"
#include "storage/base/log.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr int64_t kLivedEvery = 60 * kNanosPerSecond;

}  // namespace

void Desk::Watch(const Clock& clock) {
  absl::MutexLock event(&impl_->event_mutex);
  impl_->watched = &clock;
  impl_->seen_steady = clock.MonotonicNanos();
}

StatusOr<Nanos> Desk::Impl::NoteTime(Nanos now, Wakes* wakes) {
  if (watched == nullptr) {
    seen = std::max(seen, now);
    return now;
  }
  const Nanos wall = watched->NowNanos();
  const int64_t steady = watched->MonotonicNanos();
  // What the clock would show, had nobody set it.
  const Nanos expected = seen + std::max<int64_t>(steady - seen_steady, 0);
  if (expected - wall > kSetBackTolerance) {
    Status moved = SetBack(expected - wall, wall, wakes);
    if (!moved.ok()) return moved;
  } else {
    seen = std::max(expected, wall);  // many small steps become one
  }
  seen_steady = steady;
  return now > wall + kSetBackTolerance ? wall : now;
}

// One decision, and so one batch, which says with `lived` that it was made: after a crash before it
// the next start makes it, after one behind it does not.
Status Desk::Impl::SetBack(int64_t by, Nanos now, Wakes* wakes) {
  const Nanos before = std::exchange(seen, now);
  std::optional<Transaction> tx;
  {
    absl::MutexLock lock(&state_mutex);
    tx.emplace(state, *plan, &inhibitor, &dependencies);
    OnSetBack(*tx, by, now);
  }
  Status status = Finish(*tx, now, {}, /*keep=*/true, wakes);
  if (!status.ok()) {
    seen = before;
    return status;
  }
  journal.SetBack(by);
  if (flush_from != 0) flush_from -= by;
  {
    absl::MutexLock lock(&state_mutex);
    state.lived = std::min(state.lived, now);
    if (next_retry != 0) next_retry -= by;
  }
  wakes->timers = wakes->messages = true;
  LogWarn("the clock was set back: what is due counts from the present time",
          {{"by", FormatDuration(by / kNanosPerMilli)}});
  return absl::OkStatus();
}

void Desk::Impl::AddLived(Batch* batch) {
  batch->Put(Family::kMeta, std::string(kLivedKey), BigEndian64(static_cast<uint64_t>(seen)));
  lived_kept = seen;
}

void Desk::Impl::KeepLived(bool at_end, Nanos now) {
  if (journal.NextRetry() != 0) return;  // what waits for room is more important
  if (watched == nullptr) {
    seen = std::max(seen, now);
  } else if (const Nanos wall = watched->NowNanos(); at_end && wall > seen) {
    // `now` may have been read before the clock was set. One that lies behind is found by a start.
    seen = wall;
    seen_steady = watched->MonotonicNanos();  // events may still come
  }
  if (!at_end && seen - lived_kept < kLivedEvery) return;
  Batch batch;
  AddLived(&batch);
  // Lost, it makes the downtime look a minute longer.
  static_cast<void>(journal.Write(std::move(batch), Durability::kBuffered, false, now).ok());
}

}  // namespace outrider
