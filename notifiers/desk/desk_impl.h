// SPDX-License-Identifier: Apache-2.0
// The inside of Desk, shared by desk.cc (events), desk_clock.cc (time), journal.cc (writing),
// load.cc (start), views.cc and stats.cc.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <type_traits>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "notifiers/desk/decide.h"
#include "notifiers/desk/desk.h"
#include "notifiers/desk/transaction.h"

namespace outrider {

// Writes batches, and keeps those that could not be written until there is room (core.md rule 11).
// Not thread-safe: the desk's event lock protects it.
class Journal {
 public:
  Journal(StateStore& store, const DeskFaults& faults) : store_(store), faults_(faults) {}

  // Takes the state over: from now on commits of an older process are refused.
  Status TakeFence();
  enum class Kept { kWritten, kInMemory };
  // kInMemory: the store has failed for a while or is full; the batch is remembered and written
  // later. An error: nothing is kept, the event may be tried again. `keep` prefers kInMemory to any
  // error but Aborted.
  StatusOr<Kept> Write(Batch batch, Durability durability, bool keep, Nanos now);
  // The clock was set back: what is tried again a while later is so nevertheless.
  void SetBack(int64_t by);
  // Tries to write what is remembered; an error only when another process took over (Aborted).
  Status Retry(Nanos now);

  bool failing() const { return failing_since_ != 0; }
  uint64_t unrecorded() const { return unrecorded_; }
  Nanos NextRetry() const { return pending_.empty() ? 0 : next_retry_; }

 private:
  // The fence becomes a requirement of the batch.
  Status Commit(Batch& batch, Durability durability);
  void Remember(const Batch& batch, Nanos now);

  StateStore& store_;
  const DeskFaults faults_;
  uint64_t fence_version_ = 0;
  Nanos failing_since_ = 0;
  Nanos next_retry_ = 0;
  uint64_t unrecorded_ = 0;
  std::map<std::pair<Family, std::string>, std::optional<std::string>> pending_;
  Batch held_back_;  // only with the fault send_before_commit
};

// A clock that is set back by less only makes what is due wait for as much.
inline constexpr int64_t kSetBackTolerance = 5 * kNanosPerSecond;

// One log line for each thing in a kept decision that an operator wants to see: what became of
// incidents, attempts that failed. log_events.cc.
void LogDecision(const Transaction& tx);

struct Desk::Impl {
  Impl(StateStore& store_in, Random& random_in, DeskConfig config, const DeskFaults& faults_in)
      : store(store_in),
        random(random_in),
        faults(faults_in),
        journal(store_in, faults_in),
        plan(std::make_shared<const Plan>(std::move(config))),
        inhibitor(plan->config().alertmanager.inhibit_rules),
        dependencies(AsInhibition(plan->config().around.dependencies)) {}

  // Who must look again after a commit.
  struct Wakes {
    bool timers = false;    // something is due earlier than what was waited for
    bool messages = false;  // something is to be sent
  };

  // One event: `decide(Transaction&) -> Status` edits; what it decided is written together with
  // `extra`, then seen. On an error nothing has changed. `decide(Transaction&, Nanos)` is handed
  // the time of the event: `now`, but never one that lies ahead of the clock, as that of an event
  // does that began before the clock was set back.
  template <typename Decide>
  Status Run(Nanos now, Decide&& decide, Batch extra = {}, bool keep = false)
      ABSL_LOCKS_EXCLUDED(event_mutex) {
    Wakes wakes;
    Status status;
    {
      absl::MutexLock event(&event_mutex);
      status = RunLocked(now, decide, std::move(extra), keep, &wakes);
    }
    Wake(wakes);
    return status;
  }
  // The same at the time at which it is the event's turn, `decide(Transaction&, Nanos)`: one that
  // waited is not decided by a time before what ran meanwhile.
  template <typename Decide>
  Status RunAt(const Clock& clock, Decide&& decide) ABSL_LOCKS_EXCLUDED(event_mutex) {
    Wakes wakes;
    Status status;
    {
      absl::MutexLock event(&event_mutex);
      status = RunLocked(clock.NowNanos(), decide, {}, false, &wakes);
    }
    Wake(wakes);
    return status;
  }
  template <typename Decide>
  Status RunLocked(Nanos now, Decide&& decide, Batch extra, bool keep, Wakes* wakes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(event_mutex) {
    const StatusOr<Nanos> at = NoteTime(now, wakes);
    if (!at.ok()) return at.status();
    std::optional<Transaction> tx;
    {
      absl::MutexLock lock(&state_mutex);
      tx.emplace(state, *plan, &inhibitor, &dependencies);
      Status status;
      if constexpr (std::is_invocable_v<Decide&, Transaction&, Nanos>) {
        status = decide(*tx, *at);
      } else {
        status = decide(*tx);
      }
      if (!status.ok()) {
        tx->Rollback();
        return status;
      }
    }
    return Finish(*tx, *at, std::move(extra), keep, wakes);
  }
  // Writes and applies.
  Status Finish(Transaction& tx, Nanos now, Batch extra, bool keep, Wakes* wakes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(event_mutex);
  void ApplyEffects(const Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex);
  void Wake(const Wakes& wakes);
  void WakeAll() { Wake({.timers = true, .messages = true}); }
  // Runs some of what is due at `now`, as one event; returns how many, 0 when nothing is due.
  StatusOr<int> RunSomeDue(Nanos now);
  int RunTimersOf(Transaction& tx, Nanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(event_mutex)
      ABSL_SHARED_LOCKS_REQUIRED(state_mutex);
  void RunTimer(Transaction& tx, const TimerKey& timer, Nanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(event_mutex);
  std::stop_token WaitToken();

  // desk_clock.cc
  // Every event begins with it: has the clock been set back? Returns the time of the event.
  StatusOr<Nanos> NoteTime(Nanos now, Wakes* wakes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(event_mutex)
      ABSL_LOCKS_EXCLUDED(state_mutex);
  Status SetBack(int64_t by, Nanos now, Wakes* wakes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(event_mutex)
      ABSL_LOCKS_EXCLUDED(state_mutex);
  // When the process lived last: with each batch, else at most once a minute, and at the end.
  void AddLived(Batch* batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(event_mutex);
  void KeepLived(bool at_end, Nanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(event_mutex);

  Status LoadRows(Nanos now);
  DurationMs StartDelay() const {
    absl::ReaderMutexLock lock(&state_mutex);
    return plan->config().limits.start_delay;
  }
  // history_query.cc: takes some of what is old out of the history, if it is time to.
  Status TrimHistory(Nanos now) ABSL_LOCKS_EXCLUDED(event_mutex, state_mutex);

  // stats.cc
  void CountAlerts(Nanos now, DeskStats* stats) const ABSL_LOCKS_EXCLUDED(state_mutex);
  bool AllFiringActive(Nanos now) const ABSL_SHARED_LOCKS_REQUIRED(state_mutex);
  void CountIncidents(DeskStats* stats) const ABSL_SHARED_LOCKS_REQUIRED(state_mutex);
  // views.cc
  AlertView ViewAlert(const AlertRecord& record, Nanos now) const
      ABSL_SHARED_LOCKS_REQUIRED(state_mutex);
  // Without its alerts and the labels of its route.
  GroupView ViewGroup(const GroupRecord& group, Nanos now) const
      ABSL_SHARED_LOCKS_REQUIRED(state_mutex);

  StateStore& store;
  Random& random;
  const DeskFaults faults;

  absl::Mutex event_mutex;  // one event at a time; taken before state_mutex
  Nanos flush_from ABSL_GUARDED_BY(event_mutex) = 0;  // no group is flushed before
  Journal journal ABSL_GUARDED_BY(event_mutex);
  const Clock* watched ABSL_GUARDED_BY(event_mutex) = nullptr;  // nullptr: events know the time
  // The latest time that was seen, with what the clock that nobody sets showed then.
  Nanos seen ABSL_GUARDED_BY(event_mutex) = 0;
  int64_t seen_steady ABSL_GUARDED_BY(event_mutex) = 0;
  Nanos lived_kept ABSL_GUARDED_BY(event_mutex) = 0;  // the last that was written

  mutable absl::Mutex state_mutex;  // never held while the store is written
  DeskState state ABSL_GUARDED_BY(state_mutex);
  std::shared_ptr<const Plan> plan ABSL_GUARDED_BY(state_mutex);
  Inhibitor inhibitor ABSL_GUARDED_BY(state_mutex);
  Inhibitor dependencies ABSL_GUARDED_BY(state_mutex);               // who hangs on whose outage
  std::deque<DeliveryView> deliveries ABSL_GUARDED_BY(state_mutex);  // newest last
  std::map<DeskStats::NotificationKey, uint64_t> notifications ABSL_GUARDED_BY(state_mutex);
  std::map<DeskStats::EscalationKey, uint64_t> escalations ABSL_GUARDED_BY(state_mutex);
  std::map<std::string, SendingView> sending ABSL_GUARDED_BY(state_mutex);
  std::map<std::string, uint64_t> suppressed ABSL_GUARDED_BY(state_mutex);
  // What the last claim said of when to ask again; messages queued since are not in it.
  std::optional<Nanos> next_claim ABSL_GUARDED_BY(state_mutex);
  bool queued_since_claim ABSL_GUARDED_BY(state_mutex) = true;
  Nanos trim_before ABSL_GUARDED_BY(state_mutex) = 0;  // what the history need not keep
  struct HistoryTrim {
    Nanos before = 0;  // 0: nothing is under way
    int bucket = 0;    // where it goes on
    std::string from;
  };
  HistoryTrim trimming ABSL_GUARDED_BY(state_mutex);
  bool store_failing ABSL_GUARDED_BY(state_mutex) = false;
  uint64_t unrecorded ABSL_GUARDED_BY(state_mutex) = 0;
  Nanos next_retry ABSL_GUARDED_BY(state_mutex) = 0;

  absl::Mutex wake_mutex;
  std::stop_source timer_wait ABSL_GUARDED_BY(wake_mutex);
  std::function<void()> wake_dispatcher ABSL_GUARDED_BY(wake_mutex);
};

}  // namespace outrider
