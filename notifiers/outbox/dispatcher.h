// SPDX-License-Identifier: Apache-2.0
// Takes due rows, hands them to their channels and reports the outcomes. What a row means, when it
// is due and what an outcome changes is decided by the OutboxSource (the desk); this class only
// moves messages. Each lane (an integration of a receiver) has threads of its own, made when there
// is something to send and gone when there is not: whatever one target does, it can take nothing
// that another one needs.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "notifiers/outbox/delivery_config.h"
#include "notifiers/outbox/lane.h"
#include "notifiers/outbox/outbox_row.h"
#include "notifiers/outbox/receivers.h"
#include "notifiers/transport/call_limits.h"
#include "storage/base/clock.h"

namespace outrider {

struct ClaimedMessage {
  OutboxRow row;
  Notification notification;
  std::shared_ptr<const Receivers> receivers;  // keeps `channel` alive
  Channel* channel = nullptr;
};

struct ClaimAnswer {
  std::vector<ClaimedMessage> messages;
  // When to ask again if nothing else happens; nullopt: nothing waits but for an attempt to end.
  std::optional<Nanos> next;
};

// An attempt that has come to an end.
struct FinishedAttempt {
  std::string row_id;
  SendResult result;
  Nanos began = 0;
  Nanos ended = 0;
  bool shadow = false;      // nothing was sent, on purpose
  Nanos failing_since = 0;  // of its lane; 0: this one went well
};

// Where messages come from and outcomes go. Thread-safe.
class OutboxSource {
 public:
  virtual ~OutboxSource() = default;
  using RoomOf = std::function<LaneRoom(const std::string& lane)>;
  // At most `most` rows due at `now`, and of each lane at most as many as it has room for; `room`
  // is asked once a lane. The claims are durable, all at once, before this returns. An error: the
  // store refused; try again later.
  virtual StatusOr<ClaimAnswer> Claim(Nanos now, size_t most, const RoomOf& room) = 0;
  // Asked at the last moment before sending: false drops the message (it is recorded as stale).
  virtual bool StillWanted(const OutboxRow& row, Nanos now) = 0;
  // Written all at once.
  virtual Status OnOutcomes(std::span<const FinishedAttempt> attempts, Nanos now) = 0;
  // When a claim may give something: what the last one said, or the earliest due time once messages
  // were queued since; nullopt: nothing waits. For who calls RunOnce.
  virtual std::optional<Nanos> NextMessageDue() const = 0;
};

struct DispatcherOptions {
  bool shadow = false;                    // nothing is sent; every message ends as told, marked so
  DurationMs grace = 700;                 // at a stop, for attempts that are under way
  DurationMs thread_idle = 10 * kSecond;  // a thread with nothing to do ends
  CallLimits* limits = nullptr;  // where attempts' deadlines are set; outlives the dispatcher
};

// Counters since the process started, of lanes that were used and are still configured.
struct LaneStats {
  std::string receiver;
  std::string integration;
  int in_flight = 0;
  BreakerState breaker = BreakerState::kClosed;
  Nanos failing_since = 0;
  uint64_t attempts = 0;
  uint64_t failures = 0;
  uint64_t trips = 0;
  uint64_t limited = 0;
};

// Thread-safe. Either RunOnce is called (tests, simulator), or Start/Stop.
class Dispatcher {
 public:
  Dispatcher(OutboxSource& source, const Clock& clock, DispatcherOptions options = {});
  ~Dispatcher();

  // Holds from the next message on.
  void SetDelivery(DeliveryConfig config);

  // Sends everything that may be sent at `now`, one after the other, in this thread. Returns how
  // many were claimed.
  int RunOnce(Nanos now);

  void Start();
  // No new attempts are begun; those under way have `grace` to end, then they are asked to. What
  // was cut off stays claimed in the store: the next start does not know whether it arrived, which
  // is the truth.
  void Stop();
  // Something may have become due earlier than thought.
  void Wake();

  std::vector<LaneStats> Stats() const;

 private:
  struct Worker;
  struct LaneState {
    Lane lane;
    std::list<std::unique_ptr<Worker>> workers;
  };
  class WakeUp {  // a wait that can be ended, by the clock's means
   public:
    std::stop_token Token();
    void Ring();

   private:
    absl::Mutex mutex_;
    std::stop_source source_ ABSL_GUARDED_BY(mutex_);
  };

  LaneRoom RoomOf(const std::string& lane, Nanos now) ABSL_LOCKS_EXCLUDED(mutex_);
  // Lanes wait no longer when the clock was set back.
  void NoteTime() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  const LanePolicy& PolicyOf(std::string_view lane) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // In the calling thread; nullopt when it was wanted no more.
  std::optional<FinishedAttempt> Attempt(ClaimedMessage& message);
  void Finish(const ClaimedMessage& message, std::optional<FinishedAttempt> attempt);
  void Begin(const OutboxRow& row, Nanos now);
  void HandOut(ClaimedMessage message, Nanos now);
  // Drops lanes of receivers that are configured no more: each message brings the receivers of now.
  void ForgetLanes(const ClaimAnswer& answer) ABSL_LOCKS_EXCLUDED(mutex_);
  void Work(Worker& worker);
  void Loop(const std::stop_token& stop);
  std::optional<Nanos> Round(Nanos now);
  void ReportFinished(Nanos now);
  void ReapIdle();
  int InFlight() const ABSL_LOCKS_EXCLUDED(mutex_);

  OutboxSource& source_;
  const Clock& clock_;
  const DispatcherOptions options_;
  WakeUp wake_;             // of the loop
  std::stop_source calls_;  // of attempts under way
  mutable absl::Mutex mutex_;
  DeliveryConfig delivery_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, LaneState, std::less<>> lanes_ ABSL_GUARDED_BY(mutex_);
  std::vector<FinishedAttempt> finished_ ABSL_GUARDED_BY(mutex_);
  int gone_ ABSL_GUARDED_BY(mutex_) = 0;  // threads that can be joined
  // The receivers that lanes_ was compared with last; nullptr: lanes may be dropped that could not
  // be then. Never followed.
  const Receivers* compared_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // What the clock showed last, and the one that nobody sets.
  Nanos seen_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t seen_steady_ ABSL_GUARDED_BY(mutex_) = 0;
  std::jthread loop_;
};

}  // namespace outrider
