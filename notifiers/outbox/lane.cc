// SPDX-License-Identifier: Apache-2.0
#include "notifiers/outbox/lane.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace outrider {
namespace {

constexpr int64_t kExtraForPages = 2;
constexpr int kRequestTimeout = 408;
// What is over by then was a restart: the time without attempts begins to grow only afterwards.
constexpr Nanos kShortOutage = 30 * kNanosPerSecond;

// An answer that finds fault with the message (HTTP 400 and the like), also where it is tried
// again: other messages may pass.
bool IsAboutMessage(const SendResult& result) {
  return result.status >= 400 && result.status != kRequestTimeout &&
         result.reason_code == "clientError";
}

bool IsAnswer(const SendResult& result) {
  if (result.given_up) return false;
  return result.outcome != SendResult::Outcome::kRetry || IsAboutMessage(result);
}

}  // namespace

std::string LaneName(std::string_view receiver, std::string_view integration) {
  return fmt::format("{}\n{}", receiver, integration);
}

bool IsUrgent(const OutboxRow& row) {
  return row.kind == OutboxKind::kPage || row.kind == OutboxKind::kRecovery ||
         (row.kind == OutboxKind::kFallback && !row.incident_id.empty());
}

std::string_view BreakerStateText(BreakerState state) {
  switch (state) {
    case BreakerState::kClosed:
      return "closed";
    case BreakerState::kOpen:
      return "open";
    case BreakerState::kHalfOpen:
      return "half-open";
  }
  return "";
}

double Lane::TokensAt(Nanos now, const LanePolicy& policy) const {
  const auto burst = static_cast<double>(policy.rate_burst);
  if (refilled_at_ == 0) return burst;
  const auto elapsed = static_cast<double>(std::max<Nanos>(now - refilled_at_, 0));
  return std::min(burst, tokens_ + elapsed / kNanosPerSecond * policy.rate_limit);
}

void Lane::Refill(Nanos now, const LanePolicy& policy) {
  tokens_ = TokensAt(now, policy);
  refilled_at_ = now;
}

BreakerState Lane::StateAt(Nanos now) const {
  if (open_until_ == 0) return BreakerState::kClosed;
  return now < open_until_ ? BreakerState::kOpen : BreakerState::kHalfOpen;
}

LaneRoom Lane::RoomAt(Nanos now, const LanePolicy& policy) const {
  LaneRoom room;
  room.failing_since = failing_since_;
  const BreakerState breaker = StateAt(now);
  const bool one = breaker != BreakerState::kClosed;  // at a time
  room.probe = one;
  room.urgent = one ? 1 - urgent_ : policy.max_in_flight + kExtraForPages - in_flight();
  room.others = one ? 1 - in_flight() : policy.max_in_flight - in_flight();
  // Told to wait: pages too, because the far side would only put them off again.
  if (told_ > now) {
    room.urgent = 0;
    room.again = told_;
  }
  if (breaker == BreakerState::kOpen) room.again = std::max(room.again, open_until_);
  if (policy.rate_limit > 0 && room.others > 0) {
    const double tokens = TokensAt(now, policy);
    room.others = std::min(room.others, static_cast<int64_t>(std::floor(tokens)));
    if (tokens < 1) {
      const double wait = (1 - tokens) / policy.rate_limit * kNanosPerSecond;
      room.again = std::max(room.again, now + static_cast<Nanos>(std::ceil(wait)));
    }
  }
  if (room.again > now) room.others = 0;
  room.urgent = std::max<int64_t>(room.urgent, 0);
  room.others = std::max<int64_t>(room.others, 0);
  return room;
}

void Lane::Begin(bool urgent, Nanos now, const LanePolicy& policy) {
  ++(urgent ? urgent_ : others_);
  ++attempts_;
  if (policy.rate_limit <= 0) return;
  Refill(now, policy);
  tokens_ -= 1;
  if (tokens_ < 1) ++limited_;
}

void Lane::Cancel(bool urgent) {
  --(urgent ? urgent_ : others_);
  --attempts_;
}

void Lane::SetBack(int64_t by) {
  for (Nanos* time : {&refilled_at_, &told_, &open_until_, &failing_since_}) {
    if (*time != 0) *time -= by;
  }
}

void Lane::End(bool urgent, const SendResult& result, Nanos now, const LanePolicy& policy) {
  --(urgent ? urgent_ : others_);
  if (IsAnswer(result)) {
    failed_in_row_ = 0;
    failing_since_ = 0;
    open_until_ = 0;
    open_for_ = 0;
    told_ = 0;
    return;
  }
  ++failures_;
  ++failed_in_row_;
  if (failing_since_ == 0) failing_since_ = now;
  if (result.retry_after_ms > 0) {
    told_ = std::max(told_, now + result.retry_after_ms * kNanosPerMilli);
  }
  const bool was_open = open_until_ != 0;
  // Attempts that began before it opened say nothing new.
  if (was_open && now < open_until_ && !urgent) return;
  if (policy.breaker_failures == 0) return;
  if (!was_open && failed_in_row_ < policy.breaker_failures) return;
  const bool grows = was_open && now - failing_since_ >= kShortOutage;
  open_for_ = grows ? std::min(open_for_ * 2, policy.breaker_open_max) : policy.breaker_open;
  open_until_ = std::max(open_until_, now + open_for_ * kNanosPerMilli);
  ++trips_;
}

}  // namespace outrider
