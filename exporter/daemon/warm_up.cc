// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/warm_up.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "exporter/trial/replay_order.h"
#include "notifiers/transport/oauth2.h"
#include "rules/analytics/plain_selector.h"
#include "storage/base/duration.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "storage/state/memory_store.h"

namespace outrider {
namespace {

constexpr DurationMs kLook = kSecond;
constexpr DurationMs kFirstPiece = kHour;
constexpr DurationMs kSmallestPiece = 5 * kMinute;
constexpr DurationMs kNear = kMinute;  // to the present: the windows have what is missing
constexpr int kMostPasses = 6;
constexpr DurationMs kForNames = 2 * kMinute;  // from the first workload to all of them
constexpr DurationMs kFirstRetry = 30 * kSecond;
constexpr DurationMs kLongestRetry = 30 * kMinute;
constexpr Nanos kLongestPause = 10 * kNanosPerSecond;
constexpr DurationMs kReplayStep = 2 * kMinute;  // of samples that are followed one by one
// Of one piece: what a back-test may use is too much for a daemon.
constexpr FetchLimits kMostFetched = {.bytes = uint64_t{256} << 20, .samples = 10'000'000};

// Every sample counts at its own time, so that nothing depends on when the entries run, unless
// series are compared at that time.
DurationMs StepOf(const std::vector<Entry>& entries, DurationMs interval) {
  const std::optional<promql::Expression>& expr = entries.front().compiled;
  const bool plain = !entries.front().per_workload && expr && IsPlainSelector(expr->ToString()) &&
                     std::ranges::none_of(entries, [](const Entry& entry) {
                       return FindDetector(entry.kind, entry.detector)->compares_series;
                     });
  return plain ? std::max(interval, kReplayStep) : interval;
}

std::string NamesOf(const std::vector<std::string>& names) { return Join(names, ", "); }

SourceOptions ServerOf(const WarmUpConfig& config) {
  SourceOptions server;
  server.url = config.url;
  server.http = config.http;
  server.max_answer = kMostFetched.bytes;
  server.max_fetch = kMostFetched;
  return server;
}

// How the server is reached may differ: who was refused tries again.
bool SameHistory(const WarmUpConfig& a, const WarmUpConfig& b) {
  const auto same_label = [](const DropLabel& x, const DropLabel& y) {
    return x.name == y.name && x.value == y.value;
  };
  return a.url == b.url && a.history == b.history && a.api == b.api && a.labels == b.labels &&
         std::ranges::equal(a.drop_labels, b.drop_labels, same_label);
}

bool MayDoWithLess(const Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

WarmUp::WarmUp(const WarmUpSeams& seams, DurationMs interval)
    : seams_(seams),
      interval_(interval),
      http_(MakeOAuth2HttpClient(MakeCurlHttpClient(), seams.clock)) {}

WarmUp::~WarmUp() = default;

bool WarmUp::IsWanted(const Entry& entry) const {
  if (!entry.compiled) return false;
  Checkpoints saved(seams_.state);
  const Hash128 identity = EntryIdentity(entry);
  const auto look = [&]() -> StatusOr<bool> {
    if (const auto mark = TRY(saved.Mark(identity))) return *mark == WarmUpMark::kWanted;
    if (TRY(saved.Knows(identity))) return false;
    TRY(saved.SetMark(identity, WarmUpMark::kWanted, seams_.clock.Now()));
    return true;
  };
  const StatusOr<bool> wanted = look();
  if (wanted.ok()) return *wanted;
  LogWarn("whether an analytics entry is new cannot be read; it is not warmed up",
          {{"entry", entry.name}, {"err", Message(wanted.status())}});
  return false;
}

void WarmUp::AddTask(const Entry& entry) {
  const auto shares = [&](const std::shared_ptr<Task>& task) {
    return task->shown.state == WarmUpState::kWaiting &&
           Source::Key(task->entries.front()) == Source::Key(entry);
  };
  auto found = std::ranges::find_if(tasks_, shares);
  if (found == tasks_.end()) {
    tasks_.push_back(std::make_shared<Task>());
    found = std::prev(tasks_.end());
    (*found)->shown.expr = entry.expr;
    (*found)->piece = kFirstPiece;
  }
  (*found)->entries.push_back(entry);
  (*found)->identities.push_back(EntryIdentity(entry));
  std::vector<std::string>& names = (*found)->shown.entries;  // of several kinds share one
  if (std::ranges::find(names, entry.name) == names.end()) names.push_back(entry.name);
}

// `elsewhere`: what is running reads another history than what is wanted now.
void WarmUp::DropTasks(const std::vector<Hash128>& present, bool elsewhere) {
  std::erase_if(tasks_, [&](const std::shared_ptr<Task>& task) {
    const bool gone = std::ranges::any_of(task->identities, [&](const Hash128& identity) {
      return std::ranges::find(present, identity) == present.end();
    });
    if (!gone && !(elsewhere && task->shown.state == WarmUpState::kRunning)) return false;
    task->stop.request_stop();
    return true;  // what is left of it is planned anew
  });
}

void WarmUp::Plan(const std::vector<Entry>& entries, const WarmUpConfig& config) {
  const absl::MutexLock lock(&mutex_);
  const bool elsewhere = !SameHistory(config_, config);
  config_ = config;
  std::vector<Hash128> present;
  present.reserve(entries.size());
  for (const Entry& entry : entries) present.push_back(EntryIdentity(entry));
  if (config.url.empty()) present.clear();
  DropTasks(present, elsewhere);
  if (config.url.empty()) return;
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool planned = std::ranges::any_of(tasks_, [&](const std::shared_ptr<Task>& task) {
      return std::ranges::find(task->identities, present[i]) != task->identities.end();
    });
    if (!planned && IsWanted(entries[i])) AddTask(entries[i]);
  }
  for (const auto& task : tasks_) {  // the server may be another one
    if (task->shown.state == WarmUpState::kRetrying) task->next_try = 0;
  }
}

void WarmUp::Run(const std::stop_token& stop) {
  const Clock& clock = seams_.clock;
  do {
    RunOnce(stop);
  } while (clock.SleepUntil(clock.NowNanos() + kLook * kNanosPerMilli, stop));
}

void WarmUp::RunOnce(const std::stop_token& stop) {
  WarmUpConfig config;
  while (!stop.stop_requested()) {
    const std::shared_ptr<Task> task = Next(&config);
    if (task == nullptr) return;
    Warm(*task, config, stop);
  }
}

void WarmUp::AwaitNames(Task& task, Timestamp now) const {
  if (task.names_known || !task.entries.front().per_workload) return;
  for (const EntryStatus& status : seams_.engine.Entries()) {
    const Entry& entry = task.entries.front();
    if (status.name != entry.name || status.kind != entry.kind || status.series == 0) continue;
    task.names_known = true;
    task.next_try = now + kForNames;
    return;
  }
  task.next_try = now + kLook;
}

std::shared_ptr<WarmUp::Task> WarmUp::Next(WarmUpConfig* config) {
  const Timestamp now = seams_.clock.Now();
  const absl::MutexLock lock(&mutex_);
  *config = config_;
  for (const auto& task : tasks_) {
    WarmUpTask& shown = task->shown;
    const bool open = shown.state == WarmUpState::kWaiting || shown.state == WarmUpState::kRetrying;
    // A clock that was ahead puts nothing off for longer than the longest pause.
    const bool due = now >= task->next_try || task->next_try - now > kLongestRetry;
    if (!open || !due) continue;
    AwaitNames(*task, now);
    if (task->next_try > now) continue;
    shown.state = WarmUpState::kRunning;
    shown.next_try = 0;
    ++shown.attempts;
    return task;
  }
  return nullptr;
}

void WarmUp::Warm(Task& task, const WarmUpConfig& config, const std::stop_token& stop) {
  const Clock& clock = seams_.clock;
  const Timestamp begun = clock.Now();
  const auto fixed = [](const Entry& entry) { return ReadsFixedTimes(*entry.compiled); };
  if (std::ranges::any_of(task.entries, fixed)) {
    Refuse(task, "it reads at a fixed time (@), for which no history is read");
    return;
  }
  LogInfo("analytics entries learn from history", {{"entries", NamesOf(task.shown.entries)},
                                                   {"url", ShownUrl(config.url)},
                                                   {"history", FormatDuration(config.history)}});
  const std::stop_callback at_end(stop, [&] { task.stop.request_stop(); });
  const std::stop_token stopped = task.stop.get_token();
  MemoryStore states;
  const StatusOr<bool> complete = Replay(task, config, &states, stopped);
  // It is marked, and begins anew if it is still wanted.
  if (stopped.stop_requested()) return;
  Status status = complete.status();
  if (status.ok()) status = seams_.engine.Adopt(states, task.identities, clock.Now());
  Checkpoints saved(seams_.state);
  for (const Hash128& identity : task.identities) {
    if (stopped.stop_requested()) return;
    if (status.ok()) status = saved.SetMark(identity, WarmUpMark::kDone, clock.Now());
  }
  Settle(task, status, clock.Now() - begun);
}

AnalyticsBacktestOptions WarmUp::OptionsOf(const Task& task, const WarmUpConfig& config,
                                           StateStore* states) const {
  AnalyticsBacktestOptions options;
  options.engine = seams_.promql;
  options.interval = interval_;
  options.run_every = StepOf(task.entries, interval_);
  options.drop_labels = config.drop_labels;
  options.add_labels = config.labels;
  options.judged = false;
  options.state = states;
  options.workloads = seams_.workloads;
  options.piece = task.piece;
  options.end = seams_.clock.Now();
  options.start = options.end - config.history;
  return options;
}

void WarmUp::Note(Task& task, double done, Timestamp reached, uint64_t more) {
  const absl::MutexLock lock(&mutex_);
  task.shown.done = done;
  task.shown.reached = reached;
  task.shown.samples += more;
  samples_ += more;
}

// Until the present is near: while history is replayed, time goes on.
StatusOr<bool> WarmUp::Replay(Task& task, const WarmUpConfig& config, StateStore* states,
                              const std::stop_token& stop) {
  const Clock& clock = seams_.clock;
  ServerHistory source(SourceHttp(ServerOf(config), *http_, clock, stop), config.api,
                       [](const std::string& note) { LogWarn("history: " + note); });
  AnalyticsBacktestOptions options = OptionsOf(task, config, states);
  const Timestamp first = options.start;
  const auto done = [&](Timestamp reached) {
    return static_cast<double>(reached - first) / static_cast<double>(options.end - first);
  };
  int64_t cpu = clock.ThreadCpuNanos();
  uint64_t counted = 0;
  const auto progress = [&](const BacktestProgress& at) {
    Note(task, done(at.reached), at.reached, at.samples - counted);
    counted = at.samples;
    // Live entries and rules come first: it rests for as long as it worked.
    const int64_t used = std::clamp<int64_t>(clock.ThreadCpuNanos() - cpu, 0, kLongestPause);
    clock.SleepUntil(clock.NowNanos() + used, stop);
    cpu = clock.ThreadCpuNanos();
  };
  for (int pass = 0; pass < kMostPasses; ++pass) {
    counted = 0;
    const AnalyticsBacktestResult result =
        TRY(RunAnalyticsBacktest(task.entries, options, source, clock, progress, stop));
    if (result.stopped) return false;
    Note(task, 1, options.end, result.samples - counted);
    const absl::MutexLock lock(&mutex_);
    const uint64_t series = result.entries.front().status.series;
    task.shown.series = std::max(task.shown.series, series);
    options.start = options.end;
    options.end = clock.Now();
    if (options.end - options.start <= kNear) break;
  }
  return true;
}

void WarmUp::Refuse(Task& task, const std::string& why) {
  const absl::MutexLock lock(&mutex_);
  task.shown.state = WarmUpState::kRefused;
  task.shown.error = why;
  LogWarn("an analytics entry cannot learn from history",
          {{"entries", NamesOf(task.shown.entries)}, {"err", why}});
}

void WarmUp::Settle(Task& task, const Status& status, DurationMs took) {
  const Timestamp now = seams_.clock.Now();
  const absl::MutexLock lock(&mutex_);
  WarmUpTask& shown = task.shown;
  const std::string names = NamesOf(shown.entries);
  if (status.ok()) {
    shown.state = WarmUpState::kDone;
    shown.done = 1;
    shown.error.clear();
    LogInfo("analytics entries have learnt from history",
            {{"entries", names},
             {"series", fmt::to_string(shown.series)},
             {"samples", fmt::to_string(shown.samples)},
             {"seconds", fmt::to_string(took / kSecond)}});
    return;
  }
  ++failures_;
  shown.error = Message(status);
  if (MayDoWithLess(status)) task.piece = std::max(task.piece / 2, kSmallestPiece);
  const auto doublings = static_cast<int>(std::min<uint64_t>(shown.attempts - 1, 10));
  const DurationMs wait = std::min(kFirstRetry << doublings, kLongestRetry);
  shown.state = WarmUpState::kRetrying;
  shown.samples = 0;
  shown.done = 0;
  task.next_try = now + wait;
  shown.next_try = task.next_try;
  LogWarn("analytics entries could not learn from history; it is tried again",
          {{"entries", names}, {"err", shown.error}, {"in", FormatDuration(wait)}});
}

WarmUpView WarmUp::View() const {
  const absl::MutexLock lock(&mutex_);
  WarmUpView view;
  view.url = config_.url.empty() ? "" : ShownUrl(config_.url);
  view.history = config_.history;
  view.samples = samples_;
  view.failures = failures_;
  for (const auto& task : tasks_) view.tasks.push_back(task->shown);
  return view;
}

}  // namespace outrider
