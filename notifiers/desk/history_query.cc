// SPDX-License-Identifier: Apache-2.0
// The history, read and trimmed. Both go through the store without holding up any decision.
#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/desk_impl.h"
#include "notifiers/desk/history.h"

namespace outrider {
namespace {

constexpr size_t kTrimBatch = 1000;  // rows of one commit
constexpr int kBuckets = 256;

// Calls `visit(row)` for every row of the history from `since` on, bucket by bucket.
template <typename Visit>
Status ForEachRow(const StateStore& store, Nanos since, Visit&& visit) {
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    Status status;
    const std::string prefix(1, static_cast<char>(bucket));
    const std::string from = HistoryFrom(static_cast<uint8_t>(bucket), since);
    TRY(store.Scan(Family::kHistory, prefix, from, [&](const Row& row) {
      status = visit(row);
      return status.ok();
    }));
    TRY(status);
  }
  return absl::OkStatus();
}

// The newest `limit` of those since then, oldest first; true when some were left out.
template <typename Record>
bool SortAndCut(std::vector<Record>* records, Nanos since, size_t limit) {
  std::erase_if(*records, [&](const Record& record) { return record.time < since; });
  std::stable_sort(records->begin(), records->end(),
                   [](const Record& a, const Record& b) { return a.time < b.time; });
  if (records->size() <= limit) return false;
  records->erase(records->begin(), records->end() - static_cast<std::ptrdiff_t>(limit));
  return true;
}

// What of the history is about one alert.
struct Wanted {
  uint64_t fingerprint;
  std::set<std::string> incidents;  // that it belongs to
  AlertHistory history;
  std::set<std::pair<std::string, uint64_t>> flushes;  // that it was in, by group and number

  bool IsAbout(const AttemptRecord& attempt) const {
    return flushes.contains({attempt.group_id, attempt.flush}) ||
           attempt.told.contains(fingerprint) || incidents.contains(attempt.incident_id);
  }
};

Status Read(const Row& row, Wanted* wanted) {
  if (KindOfHistory(row.key) == HistoryKind::kFlush) {
    FlushRecord flush = TRY(DecodeFlushRecord(row.value));
    if (!flush.Has(wanted->fingerprint)) return absl::OkStatus();
    wanted->flushes.emplace(flush.group_id, flush.flush);
    wanted->history.flushes.push_back(std::move(flush));
    return absl::OkStatus();
  }
  if (KindOfHistory(row.key) == HistoryKind::kEnded) {
    EndedAlert ended = TRY(DecodeEndedAlert(row.value));
    if (ended.fingerprint == wanted->fingerprint) wanted->history.ended = std::move(ended);
    return absl::OkStatus();
  }
  AttemptRecord attempt = TRY(DecodeAttemptRecord(row.value));
  // Attempts come after their flush, in the same bucket; an alert stands in few of them.
  if (wanted->IsAbout(attempt)) wanted->history.attempts.push_back(std::move(attempt));
  return absl::OkStatus();
}

AlertStanding StandingOf(const Transaction& tx, uint64_t fingerprint, Nanos now) {
  AlertStanding standing;
  const AlertRecord* record = tx.alerts.Find(fingerprint);
  if (record == nullptr) return standing;
  standing.known = true;
  standing.alert = record->ToAlert();
  standing.firing = record->firing && !record->ResolvedAt(now);
  standing.incident_id = record->incident_id;
  standing.silenced_by = SilencedBy(tx.silences(), record->labels(), now);
  if (const auto by = tx.inhibitor().InhibitedBy(record->labels())) {
    standing.inhibited_by.push_back(FingerprintHex(*by));
  }
  for (const GroupTarget& target : tx.plan().Targets(*record)) {
    AlertStanding::Group& group = standing.groups.emplace_back();
    group.receiver = target.receiver;
    group.route_key = target.route_key;
    group.key = target.key;
    const GroupRecord* known = tx.groups.Find(target.id);
    if (known == nullptr) continue;
    group.exists = true;
    group.last_flush = known->flushed_at;
    group.last_reason = known->reason;
    group.next_flush = tx.TimerDue(TimerKind::kGroupFlush, target.id);
  }
  return standing;
}

}  // namespace

StatusOr<AlertHistory> Desk::History(uint64_t fingerprint, Nanos since, size_t limit,
                                     Nanos now) const {
  Wanted wanted{.fingerprint = fingerprint, .incidents = {}, .history = {}, .flushes = {}};
  {
    absl::ReaderMutexLock lock(&impl_->state_mutex);
    const Transaction tx(impl_->state, *impl_->plan, &impl_->inhibitor,
                         &impl_->dependencies);  // reads only
    for (const auto& [id, incident] : impl_->state.incidents) {
      if (incident->alerts.contains(fingerprint)) wanted.incidents.insert(id);
    }
    wanted.history.now = StandingOf(tx, fingerprint, now);
  }
  // From the beginning: an attempt is known by its flush, which may be older than `since`.
  TRY(ForEachRow(impl_->store, 0, [&](const Row& row) { return Read(row, &wanted); }));
  wanted.history.cut = SortAndCut(&wanted.history.flushes, since, limit);
  wanted.history.cut = SortAndCut(&wanted.history.attempts, since, limit) || wanted.history.cut;
  return std::move(wanted.history);
}

StatusOr<std::vector<AttemptRecord>> Desk::Attempts(Nanos since, std::string_view outcome,
                                                    size_t limit) const {
  std::vector<AttemptRecord> attempts;
  TRY(ForEachRow(impl_->store, since, [&](const Row& row) -> Status {
    if (KindOfHistory(row.key) != HistoryKind::kAttempt) return absl::OkStatus();
    AttemptRecord attempt = TRY(DecodeAttemptRecord(row.value));
    if (outcome.empty() || attempt.outcome == outcome) attempts.push_back(std::move(attempt));
    return absl::OkStatus();
  }));
  SortAndCut(&attempts, since, limit);
  return attempts;
}

StatusOr<std::vector<EndedAlert>> Desk::EndedAlerts(std::span<const Matcher> matchers, Nanos since,
                                                    size_t limit) const {
  std::map<uint64_t, EndedAlert> newest;
  TRY(ForEachRow(impl_->store, since, [&](const Row& row) -> Status {
    if (KindOfHistory(row.key) != HistoryKind::kEnded) return absl::OkStatus();
    EndedAlert alert = TRY(DecodeEndedAlert(row.value));
    if (!MatchesAll(matchers, alert.labels)) return absl::OkStatus();
    newest.insert_or_assign(alert.fingerprint, std::move(alert));  // its rows come by time
    return absl::OkStatus();
  }));
  std::vector<EndedAlert> alerts;
  alerts.reserve(newest.size());
  for (auto& [fingerprint, alert] : newest) alerts.push_back(std::move(alert));
  std::ranges::stable_sort(alerts, std::greater<>(), &EndedAlert::ended_at);
  if (alerts.size() > limit) alerts.resize(limit);
  return alerts;
}

// A batch at a time, because timers wait meanwhile; where it stopped it goes on with the next tick.
Status Desk::Impl::TrimHistory(Nanos now) {
  HistoryTrim trim;
  {
    absl::MutexLock lock(&state_mutex);
    if (trimming.before == 0) trimming.before = std::exchange(trim_before, 0);
    trim = trimming;
  }
  if (trim.before == 0) return absl::OkStatus();
  Batch old;
  while (trim.bucket < kBuckets && old.writes().size() < kTrimBatch) {
    const std::string prefix(1, static_cast<char>(trim.bucket));
    TRY(store.Scan(Family::kHistory, prefix, trim.from, [&](const Row& row) {
      if (HistoryTime(row.key) >= trim.before) return false;
      old.Delete(Family::kHistory, row.key);
      trim.from = row.key + '\0';  // what is deleted is not scanned again
      return old.writes().size() < kTrimBatch;
    }));
    if (old.writes().size() >= kTrimBatch) break;
    ++trim.bucket;
    trim.from.clear();
  }
  if (!old.empty()) TRY(Run(now, [](Transaction&) { return absl::OkStatus(); }, std::move(old)));
  absl::MutexLock lock(&state_mutex);
  trimming = trim.bucket == kBuckets ? HistoryTrim() : trim;
  return absl::OkStatus();
}

}  // namespace outrider
