// SPDX-License-Identifier: Apache-2.0
// A lane: the way to one integration of one receiver. Its limits and its circuit breaker, as pure
// functions of time. Kept in memory only: after a start every lane is tried.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "notifiers/channel/channel.h"
#include "notifiers/outbox/delivery_config.h"
#include "notifiers/outbox/outbox_row.h"
#include "storage/base/clock.h"

namespace outrider {

// Names a lane; receivers may hold any byte but this line break.
std::string LaneName(std::string_view receiver, std::string_view integration);
inline std::string LaneOf(const OutboxRow& row) { return LaneName(row.receiver, row.integration); }

// Somebody is waited for: pages, recoveries and what stands in for them.
bool IsUrgent(const OutboxRow& row);

// What may be begun now.
struct LaneRoom {
  int64_t urgent = 0;  // pages and recoveries
  int64_t others = 0;
  Nanos again = 0;          // when there may be room for others without an attempt ending; 0: no
  Nanos failing_since = 0;  // 0: it is not failing
  // One is tried to see whether the lane works again: better one that did not fail yet, as it may
  // be the messages that are at fault.
  bool probe = false;
};

enum class BreakerState : uint8_t { kClosed, kOpen, kHalfOpen };
std::string_view BreakerStateText(BreakerState state);  // closed, open, half-open

// Not thread-safe.
//
// The breaker opens after `breaker_failures` attempts in a row without an answer or with one that
// asks for a later one. Open, nothing but pages is begun (those are attempted by their own beat,
// one at a time); afterwards one message is tried, and what becomes of it closes or opens it again:
// for as long in the first 30 s of an outage, for twice as long later.
// A refusal is an answer, also one of a channel that tries again: it counts as a success here.
// `Retry-After` holds the whole lane.
class Lane {
 public:
  LaneRoom RoomAt(Nanos now, const LanePolicy& policy) const;
  void Begin(bool urgent, Nanos now, const LanePolicy& policy);
  // The attempt has ended.
  void End(bool urgent, const SendResult& result, Nanos now, const LanePolicy& policy);
  // Nothing was attempted after all.
  void Cancel(bool urgent);
  // The clock was set back: what is waited for comes no later.
  void SetBack(int64_t by);

  BreakerState StateAt(Nanos now) const;
  int in_flight() const { return urgent_ + others_; }
  Nanos failing_since() const { return failing_since_; }
  uint64_t attempts() const { return attempts_; }
  uint64_t failures() const { return failures_; }
  uint64_t trips() const { return trips_; }      // how often the breaker opened
  uint64_t limited() const { return limited_; }  // how often the rate limit was reached

 private:
  void Refill(Nanos now, const LanePolicy& policy);
  double TokensAt(Nanos now, const LanePolicy& policy) const;

  int urgent_ = 0;
  int others_ = 0;
  double tokens_ = 0;
  Nanos refilled_at_ = 0;  // 0: the burst is whole
  Nanos told_ = 0;         // by Retry-After
  Nanos open_until_ = 0;   // 0: closed
  DurationMs open_for_ = 0;
  int64_t failed_in_row_ = 0;
  Nanos failing_since_ = 0;
  uint64_t attempts_ = 0;
  uint64_t failures_ = 0;
  uint64_t trips_ = 0;
  uint64_t limited_ = 0;
};

}  // namespace outrider
