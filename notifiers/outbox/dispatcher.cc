// SPDX-License-Identifier: Apache-2.0
#include "notifiers/outbox/dispatcher.h"

#include <algorithm>

#include "storage/base/log.h"

namespace outrider {
namespace {

// Somebody is waited for; the others are route notifications and reports.
bool IsUrgent(const OutboxRow& row) {
  return row.kind == OutboxKind::kPage || row.kind == OutboxKind::kRecovery;
}

// How long to leave a store alone that refused a claim or an outcome.
constexpr DurationMs kStorePause = kSecond;
constexpr DurationMs kLongestPause = kMinute;

}  // namespace

Dispatcher::Dispatcher(OutboxSource& source, const Clock& clock, DispatcherOptions options)
    : source_(source), clock_(clock), options_(options) {}

Dispatcher::~Dispatcher() { Stop(); }

int Dispatcher::RunOnce(Nanos now) {
  int sent = 0;
  while (true) {
    const std::optional<ClaimedMessage> claimed =
        source_.Claim(now, [](const OutboxRow&) { return true; }).value_or(std::nullopt);
    if (!claimed) return sent;
    Deliver(*claimed, now);
    ++sent;
  }
}

void Dispatcher::Deliver(const ClaimedMessage& message, Nanos now) {
  // The claim and this question are apart in time: somebody may have acknowledged in between.
  if (!source_.StillWanted(message.row, now)) return;
  const SendResult result = message.channel->Send(message.notification);
  const Nanos done = std::max(now, clock_.NowNanos());
  const Status recorded = source_.OnOutcome(message.row, result, done);
  if (!recorded.ok()) {
    LogWarn("the outcome of a notification could not be recorded",
            {{"receiver", message.row.receiver}, {"error", Message(recorded)}});
  }
}

bool Dispatcher::Reserve(const OutboxRow& row) {
  const bool route = !IsUrgent(row);
  absl::MutexLock lock(&mutex_);
  if (route && routes_in_flight_ >= std::max(options_.workers - 1, 1)) return false;
  int& in_flight = in_flight_[row.receiver];
  if (in_flight >= options_.per_receiver + (route ? 0 : 1)) return false;
  ++in_flight;
  if (route) ++routes_in_flight_;
  return true;
}

void Dispatcher::Release(const OutboxRow& row) {
  absl::MutexLock lock(&mutex_);
  const auto it = in_flight_.find(row.receiver);
  if (--it->second == 0) in_flight_.erase(it);
  if (!IsUrgent(row)) --routes_in_flight_;
}

bool Dispatcher::SendNext(Nanos now) {
  // The place is taken while it is asked for, so that two workers do not take the last one.
  std::optional<OutboxRow> reserved;
  const auto reserve = [&](const OutboxRow& row) {
    if (Reserve(row)) reserved = row;
    return reserved.has_value();
  };
  const std::optional<ClaimedMessage> claimed = source_.Claim(now, reserve).value_or(std::nullopt);
  if (claimed) Deliver(*claimed, now);
  if (reserved) Release(*reserved);
  return claimed.has_value();
}

std::stop_token Dispatcher::WaitToken() {
  absl::MutexLock lock(&mutex_);
  return wait_.get_token();
}

void Dispatcher::Wake() {
  absl::MutexLock lock(&mutex_);
  wait_.request_stop();
  wait_ = std::stop_source();
}

void Dispatcher::Work(std::stop_token stop) {
  while (true) {
    // Taken before looking for work or for the stop, so that a Wake in between is not missed.
    const std::stop_token wait = WaitToken();
    if (stop.stop_requested()) return;
    const Nanos now = clock_.NowNanos();
    if (SendNext(now)) {
      Wake();  // a place at its receiver is free again
      continue;
    }
    // Never for long: the clock may be set meanwhile.
    Nanos until = now + kLongestPause * kNanosPerMilli;
    if (const std::optional<Nanos> due = source_.NextMessageDue()) {
      // Due already but not ours to take (its receiver is busy, or the store refuses): look again
      // later.
      until = *due <= now ? now + kStorePause * kNanosPerMilli : std::min(*due, until);
    }
    clock_.SleepUntil(until, wait);
  }
}

void Dispatcher::Start() {
  for (int i = 0; i < options_.workers; ++i) {
    workers_.emplace_back([this](std::stop_token stop) { Work(std::move(stop)); });
  }
}

void Dispatcher::Stop() {
  for (std::jthread& worker : workers_) worker.request_stop();
  Wake();
  workers_.clear();
}

}  // namespace outrider
