// SPDX-License-Identifier: Apache-2.0
// Takes due rows, hands them to their channels and reports the outcome. What a row means, when it
// is due and what an outcome changes is decided by the OutboxSource (the desk); this class only
// moves messages.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "notifiers/outbox/outbox_row.h"
#include "notifiers/outbox/receivers.h"
#include "storage/base/clock.h"

namespace outrider {

struct ClaimedMessage {
  OutboxRow row;
  Notification notification;
  std::shared_ptr<const Receivers> receivers;  // keeps `channel` alive
  Channel* channel = nullptr;
};

// Where messages come from and outcomes go. Thread-safe.
class OutboxSource {
 public:
  virtual ~OutboxSource() = default;
  // The first row due at `now` that `free` accepts; `free` is not asked again once it has
  // accepted. The claim is durable before this returns. nullopt: nothing to send now. An error: the
  // store refused; try again later.
  virtual StatusOr<std::optional<ClaimedMessage>> Claim(
      Nanos now, const std::function<bool(const OutboxRow&)>& free) = 0;
  // Asked at the last moment before sending: false drops the message (it is recorded as stale).
  virtual bool StillWanted(const OutboxRow& row, Nanos now) = 0;
  virtual Status OnOutcome(const OutboxRow& row, const SendResult& result, Nanos now) = 0;
  // When the earliest unclaimed row is due; nullopt: none.
  virtual std::optional<Nanos> NextMessageDue() const = 0;
};

struct DispatcherOptions {
  int workers = 8;  // one of them does not take route notifications, if there are several
  // Messages in flight to one receiver: a slow one does not hold up the others. Pages and
  // recoveries may be one more: they are tried although route notifications hang.
  int per_receiver = 2;
};

// Thread-safe. Either RunOnce is called (tests, simulator), or Start/Stop.
class Dispatcher {
 public:
  Dispatcher(OutboxSource& source, const Clock& clock, DispatcherOptions options = {});
  ~Dispatcher();

  // Sends everything due at `now`, one after the other, in this thread. Returns how many were
  // handed to a channel.
  int RunOnce(Nanos now);

  void Start();
  // Waits for messages in flight; no new ones are begun.
  void Stop();
  // Something may have become due earlier than thought.
  void Wake();

 private:
  bool SendNext(Nanos now);  // false: nothing to do
  bool Reserve(const OutboxRow& row);
  void Release(const OutboxRow& row);
  void Work(std::stop_token stop);
  void Deliver(const ClaimedMessage& message, Nanos now);
  std::stop_token WaitToken();

  OutboxSource& source_;
  const Clock& clock_;
  const DispatcherOptions options_;
  absl::Mutex mutex_;
  std::map<std::string, int, std::less<>> in_flight_ ABSL_GUARDED_BY(mutex_);
  int routes_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  std::stop_source wait_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::jthread> workers_;
};

}  // namespace outrider
