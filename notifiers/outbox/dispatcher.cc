// SPDX-License-Identifier: Apache-2.0
// One thread claims and reports, for all lanes at once, so that many messages share a commit; the
// threads of a lane only send.
#include "notifiers/outbox/dispatcher.h"

#include <algorithm>
#include <system_error>

#include "storage/base/log.h"

namespace outrider {
namespace {

// A clock that is set back by less only makes lanes wait for as much.
constexpr int64_t kSetBackTolerance = 5 * kNanosPerSecond;
// How long to leave a store alone that refused a claim.
constexpr DurationMs kStorePause = kSecond;
constexpr DurationMs kLongestPause = kMinute;
constexpr size_t kMostAtOnce = 256;  // messages of one commit
// No attempt to page takes longer: the next one is due. Route notifications have the deadline of
// their flush.
constexpr int64_t kLongestPage = 60 * kNanosPerSecond;

std::string_view ReceiverOf(std::string_view lane) { return lane.substr(0, lane.find('\n')); }

}  // namespace

// A thread of a lane, and the message it is to send.
struct Dispatcher::Worker {
  WakeUp wake;
  // Guarded by the dispatcher's mutex:
  std::optional<ClaimedMessage> job;
  bool busy = false;
  bool quit = false;
  bool gone = false;  // the thread is about to end and can be joined
  std::jthread thread;
};

std::stop_token Dispatcher::WakeUp::Token() {
  absl::MutexLock lock(&mutex_);
  return source_.get_token();
}

void Dispatcher::WakeUp::Ring() {
  absl::MutexLock lock(&mutex_);
  source_.request_stop();
  source_ = std::stop_source();
}

Dispatcher::Dispatcher(OutboxSource& source, const Clock& clock, DispatcherOptions options)
    : source_(source), clock_(clock), options_(options) {}

Dispatcher::~Dispatcher() { Stop(); }

void Dispatcher::SetDelivery(DeliveryConfig config) {
  {
    absl::MutexLock lock(&mutex_);
    delivery_ = std::move(config);
  }
  Wake();
}

void Dispatcher::Wake() { wake_.Ring(); }

const LanePolicy& Dispatcher::PolicyOf(std::string_view lane) const {
  return delivery_.Of(ReceiverOf(lane));
}

void Dispatcher::NoteTime() {
  const Nanos wall = clock_.NowNanos();
  const int64_t steady = clock_.MonotonicNanos();
  const Nanos expected = seen_ + std::max<int64_t>(steady - seen_steady_, 0);
  const bool set_back = expected - wall > kSetBackTolerance;
  if (set_back) {
    for (auto& [name, state] : lanes_) state.lane.SetBack(expected - wall);
  }
  seen_ = set_back ? wall : std::max(expected, wall);
  seen_steady_ = steady;
}

LaneRoom Dispatcher::RoomOf(const std::string& lane, Nanos now) {
  absl::MutexLock lock(&mutex_);
  NoteTime();
  if (stopping_) return {};
  const auto it = lanes_.find(lane);
  return (it == lanes_.end() ? Lane() : it->second.lane).RoomAt(now, PolicyOf(lane));
}

void Dispatcher::ForgetLanes(const ClaimAnswer& answer) {
  if (answer.messages.empty()) return;
  const Receivers* receivers = answer.messages.front().receivers.get();
  absl::MutexLock lock(&mutex_);
  if (receivers == nullptr || receivers == compared_) return;
  compared_ = receivers;
  std::erase_if(lanes_, [&](const auto& entry) {
    const auto& [name, state] = entry;
    const std::string_view integration = std::string_view(name).substr(name.find('\n') + 1);
    return state.workers.empty() && state.lane.in_flight() == 0 &&
           receivers->FindIntegration(ReceiverOf(name), integration) == nullptr;
  });
}

// ---- one attempt
// ----------------------------------------------------------------------------------------------------

std::optional<FinishedAttempt> Dispatcher::Attempt(ClaimedMessage& message) {
  FinishedAttempt attempt;
  attempt.row_id = message.row.id;
  attempt.began = clock_.NowNanos();
  // The claim and this question are apart in time: somebody may have acknowledged in between.
  if (!source_.StillWanted(message.row, attempt.began)) return std::nullopt;
  if (options_.shadow) {
    attempt.shadow = true;
  } else {
    Notification& notification = message.notification;
    notification.stop = calls_.get_token();
    if (message.row.kind == OutboxKind::kRoute) {
      notification.deadline = message.row.deadline;
    } else {
      notification.deadline = attempt.began + kLongestPage;
    }
    std::optional<CallLimits::Scope> scope;
    if (options_.limits != nullptr) {
      scope.emplace(*options_.limits, CallLimit{notification.deadline, notification.stop});
    }
    ArrangeAlerts(message.channel->ReadsPacked(), &notification);
    attempt.result = message.channel->Send(notification);
  }
  attempt.ended = clock_.NowNanos();
  attempt.began = std::min(attempt.began, attempt.ended);  // the clock may have been set back
  return attempt;
}

void Dispatcher::Begin(const OutboxRow& row, Nanos now) {
  absl::MutexLock lock(&mutex_);
  NoteTime();
  const std::string lane = LaneOf(row);
  lanes_[lane].lane.Begin(IsUrgent(row), now, PolicyOf(lane));
}

void Dispatcher::Finish(const ClaimedMessage& message, std::optional<FinishedAttempt> attempt) {
  absl::MutexLock lock(&mutex_);
  NoteTime();
  const std::string name = LaneOf(message.row);
  Lane& lane = lanes_[name].lane;
  const bool urgent = IsUrgent(message.row);
  if (!attempt) return lane.Cancel(urgent);
  const bool cut_off = stopping_ && calls_.stop_requested() &&
                       attempt->result.outcome == SendResult::Outcome::kRetry;
  if (cut_off) return lane.Cancel(urgent);  // it may have arrived: see Stop
  lane.End(urgent, attempt->result, attempt->ended, PolicyOf(name));
  attempt->failing_since = lane.failing_since();
  finished_.push_back(*std::move(attempt));
}

int Dispatcher::RunOnce(Nanos now) {
  int claimed = 0;
  {
    absl::MutexLock lock(&mutex_);
    NoteTime();
  }
  while (true) {
    // One at a time: what it brings about is seen by the next.
    auto answer = source_.Claim(now, 1, [&](const std::string& lane) { return RoomOf(lane, now); });
    if (!answer.ok() || answer->messages.empty()) return claimed;
    ForgetLanes(*answer);
    for (ClaimedMessage& message : answer->messages) {
      Begin(message.row, now);
      Finish(message, Attempt(message));
      ReportFinished(std::max(now, clock_.NowNanos()));
      ++claimed;
    }
  }
}

// ---- threads of a lane
// ----------------------------------------------------------------------------------------------

void Dispatcher::HandOut(ClaimedMessage message, Nanos now) {
  Begin(message.row, now);
  const std::string lane = LaneOf(message.row);
  absl::MutexLock lock(&mutex_);
  LaneState& state = lanes_[lane];
  const auto idle = std::ranges::find_if(
      state.workers, [](const auto& worker) { return !worker->busy && !worker->gone; });
  if (idle != state.workers.end()) {
    (*idle)->job = std::move(message);
    (*idle)->busy = true;
    (*idle)->wake.Ring();
    return;
  }
  auto worker = std::make_unique<Worker>();
  worker->job = std::move(message);
  worker->busy = true;
  Worker* raw = worker.get();
  try {
    worker->thread = std::jthread([this, raw] { Work(*raw); });
  } catch (const std::system_error& error) {
    // The machine has no thread left: the row stays claimed until the attempt is given back.
    LogError("no thread can be made to send a notification", {{"error", error.what()}});
    FinishedAttempt attempt;
    attempt.row_id = raw->job->row.id;
    attempt.began = attempt.ended = now;
    attempt.result = SendResult::Retry("no thread can be made", "other");
    state.lane.End(IsUrgent(raw->job->row), attempt.result, now, PolicyOf(lane));
    attempt.failing_since = state.lane.failing_since();
    finished_.push_back(std::move(attempt));
    Wake();
    return;
  }
  state.workers.push_back(std::move(worker));
}

void Dispatcher::Work(Worker& worker) {
  while (true) {
    const std::stop_token rung = worker.wake.Token();
    std::optional<ClaimedMessage> job;
    {
      absl::MutexLock lock(&mutex_);
      job.swap(worker.job);
      if (!job && worker.quit) {
        worker.gone = true;
        return;
      }
    }
    if (job) {
      Finish(*job, Attempt(*job));
      job.reset();  // its receivers may be those of an old configuration
      {
        absl::MutexLock lock(&mutex_);
        worker.busy = false;
      }
      Wake();
      continue;
    }
    const Nanos until = clock_.NowNanos() + options_.thread_idle * kNanosPerMilli;
    if (!clock_.SleepUntil(until, rung)) continue;
    absl::MutexLock lock(&mutex_);
    if (worker.job) continue;
    worker.gone = true;
    ++gone_;
    return;
  }
}

void Dispatcher::ReapIdle() {
  std::list<std::unique_ptr<Worker>> gone;  // joined outside of the lock
  absl::MutexLock lock(&mutex_);
  if (gone_ == 0) return;
  gone_ = 0;
  compared_ = nullptr;
  for (auto& [name, state] : lanes_) {
    for (auto it = state.workers.begin(); it != state.workers.end();) {
      const auto next = std::next(it);
      if ((*it)->gone) gone.splice(gone.end(), state.workers, it);
      it = next;
    }
  }
}

// ---- the loop
// -------------------------------------------------------------------------------------------------------

void Dispatcher::ReportFinished(Nanos now) {
  std::vector<FinishedAttempt> finished;
  {
    absl::MutexLock lock(&mutex_);
    finished.swap(finished_);
  }
  if (finished.empty()) return;
  const Status recorded = source_.OnOutcomes(finished, now);
  if (recorded.ok()) return;
  LogWarn("outcomes of notifications could not be recorded",
          {{"count", std::to_string(finished.size())}, {"error", Message(recorded)}});
}

std::optional<Nanos> Dispatcher::Round(Nanos now) {
  ReportFinished(now);
  StatusOr<ClaimAnswer> answer =
      source_.Claim(now, kMostAtOnce, [&](const std::string& lane) { return RoomOf(lane, now); });
  if (!answer.ok()) return now + kStorePause * kNanosPerMilli;
  ForgetLanes(*answer);
  for (ClaimedMessage& message : answer->messages) HandOut(std::move(message), now);
  return answer->next;
}

void Dispatcher::Loop(const std::stop_token& stop) {
  while (true) {
    // Taken before looking for work or for the stop, so that a Wake in between is not missed.
    const std::stop_token wait = wake_.Token();
    if (stop.stop_requested()) return;
    const Nanos now = clock_.NowNanos();
    const std::optional<Nanos> next = Round(now);
    ReapIdle();
    // Never for long: the clock may be set meanwhile.
    const Nanos longest = now + kLongestPause * kNanosPerMilli;
    clock_.SleepUntil(std::min(next.value_or(longest), longest), wait);
  }
}

void Dispatcher::Start() {
  loop_ = std::jthread([this](const std::stop_token& stop) { Loop(stop); });
}

int Dispatcher::InFlight() const {
  absl::MutexLock lock(&mutex_);
  int count = 0;
  for (const auto& [name, state] : lanes_) count += state.lane.in_flight();
  return count;
}

void Dispatcher::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  if (loop_.joinable()) {
    loop_.request_stop();
    Wake();
    loop_.join();
    // Attempts that end by themselves within the grace are recorded.
    const Nanos until = clock_.NowNanos() + options_.grace * kNanosPerMilli;
    while (true) {
      const std::stop_token wait = wake_.Token();
      if (InFlight() == 0 || clock_.SleepUntil(until, wait)) break;
    }
  }
  calls_.request_stop();
  std::list<std::unique_ptr<Worker>> workers;
  {
    absl::MutexLock lock(&mutex_);
    for (auto& [name, state] : lanes_) {
      for (auto& worker : state.workers) {
        worker->quit = true;
        worker->wake.Ring();
      }
      workers.splice(workers.end(), state.workers);
    }
  }
  workers.clear();  // joins
  ReportFinished(clock_.NowNanos());
}

std::vector<LaneStats> Dispatcher::Stats() const {
  const Nanos now = clock_.NowNanos();
  absl::MutexLock lock(&mutex_);
  std::vector<LaneStats> stats;
  stats.reserve(lanes_.size());
  for (const auto& [name, state] : lanes_) {
    const Lane& lane = state.lane;
    stats.push_back({.receiver = std::string(ReceiverOf(name)),
                     .integration = name.substr(name.find('\n') + 1),
                     .in_flight = lane.in_flight(),
                     .breaker = lane.StateAt(now),
                     .failing_since = lane.failing_since(),
                     .attempts = lane.attempts(),
                     .failures = lane.failures(),
                     .trips = lane.trips(),
                     .limited = lane.limited()});
  }
  return stats;
}

}  // namespace outrider
