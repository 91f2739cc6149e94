// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/workload_engine.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include "fmt/format.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr DerivedMetric kScore = {
    "outrider_workload_finding_score",
    "How far a workload's container is beyond the edge (1) of a finding. Only findings that hold."};
constexpr DerivedMetric kConfidence = {
    "outrider_workload_finding_confidence",
    "How sure a finding is, 0 to 1; the highest since it began."};
constexpr DerivedMetric kSeverity = {
    "outrider_workload_finding_severity",
    "1 low, 2 medium, 3 high, 4 critical; the highest since the finding began."};

constexpr DurationMs kKeepState = 8 * kDay;  // of a container that is gone; as long as its hours
constexpr size_t kRowsARun = 1000;
constexpr uint8_t kRowFormat = 2;

std::string RowKey(const WorkloadKey& workload, const std::string& container) {
  std::string key;
  for (const std::string* part :
       {&workload.namespace_name, &workload.workload, &workload.workload_kind, &container}) {
    key += *part;
    key += '\0';
  }
  // Rows of before there were clusters have four parts.
  if (!workload.cluster.empty()) (key += workload.cluster) += '\0';
  return key;
}

// The parts, the fifth is the cluster; nothing if it is no such key.
std::optional<std::array<std::string, 5>> RowParts(std::string_view key) {
  std::array<std::string, 5> parts;
  for (std::string& part : parts) {
    if (&part == &parts.back() && key.empty()) break;
    const size_t end = key.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    part = key.substr(0, end);
    key.remove_prefix(end + 1);
  }
  return parts;
}

double SeverityNumber(FindingSeverity severity) { return static_cast<double>(severity) + 1; }

}  // namespace

WorkloadEngine::~WorkloadEngine() {
  for (const auto& [key, entry] : entries_) {
    for (const Published& published : entry.published) Withdraw(published);
  }
}

Status WorkloadEngine::Restore() {
  const absl::MutexLock lock(&mutex_);
  return store_.Scan(Family::kWorkloads, "", "", [&](const Row& row) {
    mutex_.AssertHeld();
    const auto parts = RowParts(row.key);
    RowReader in(row.value, kRowFormat, "the state of a workload");
    Entry entry;
    entry.state.Load(in);
    if (const Status status = in.Finish(); !parts || !status.ok()) {
      LogWarn("the state of a workload begins anew", {{"error", Message(status)}});
      return true;
    }
    const auto& [namespace_name, workload, kind, container, cluster] = *parts;
    entries_[{{namespace_name, workload, kind, cluster}, container}] = std::move(entry);
    return true;
  });
}

void WorkloadEngine::OnUsage(const UsageOwner& owner, std::span<const Sample> cpu,
                             std::span<const Sample> memory) {
  const absl::MutexLock lock(&mutex_);
  Entry*& entry = by_number_[owner.number];
  if (entry == nullptr) entry = &entries_[{owner.workload, std::string(owner.container)}];
  entry->state.AddUse(cpu, memory);
}

Status WorkloadEngine::ReadCounters(Timestamp to) {
  return counters_.Read(querier_, to, [&](const PodContainer& who, const CounterChange& change) {
    mutex_.AssertHeld();
    const auto workload = names_.Find(who.namespace_name, who.pod);
    if (!workload) return;
    const Key key = {{who.namespace_name, workload->name, workload->kind, who.cluster},
                     who.container};
    auto place = entries_.find(key);
    // Of what never ran only restarts are of interest.
    if (place == entries_.end() && change.restarts > 0) place = entries_.try_emplace(key).first;
    if (place != entries_.end()) place->second.state.AddCounts(who.pod, change, to);
  });
}

void WorkloadEngine::OnRead(Timestamp to) {
  const absl::MutexLock lock(&mutex_);
  // Minutes end together: between, there is nothing to close.
  const int64_t closed = (to - kGrace) / kMinute;
  if (closed != closed_) {
    for (auto& [key, entry] : entries_) entry.state.CloseUntil(to - kGrace);
  }
  closed_ = closed;
  if (!counters_.IsDue(to)) return;
  const Status status = ReadCounters(to);
  const std::string error = status.ok() ? "" : Message(status);
  if (!error.empty() && error != read_error_) {
    LogWarn("counters of containers cannot be read", {{"error", error}});
  }
  read_error_ = error;
}

void WorkloadEngine::OnJudge(Timestamp now,
                             std::span<const std::unique_ptr<Recommendation>> recommendations) {
  const absl::MutexLock lock(&mutex_);
  if (first_judged_ == INT64_MIN) first_judged_ = now;
  stats_.findings = 0;
  auto next = recommendations.begin();
  for (auto& [key, entry] : entries_) {
    const auto is_before = [&](const Recommendation& one) {
      return std::tie(one.key, one.container) < std::tie(key.workload, key.container);
    };
    while (next != recommendations.end() && is_before(**next)) ++next;
    const bool has = next != recommendations.end() && (*next)->key == key.workload &&
                     (*next)->container == key.container && (*next)->pods > 0;
    Recommendation* const one = has ? next->get() : nullptr;
    Judge(key, one, now, &entry);
    if (one != nullptr) one->findings.clear();
    for (const ContainerState::Tracked& tracked : entry.state.tracked()) {
      if (tracked.state.phase != FindingPhase::kActive) continue;
      ++stats_.findings;
      if (one == nullptr) continue;
      one->findings.push_back({tracked.description, tracked.state.evidence.severity});
    }
  }
  table_.Set(updates_);
  updates_.clear();
  Forget(now);
  stats_.containers = entries_.size();
  const Status status = SaveSome();
  const std::string error = status.ok() ? "" : Message(status);
  if (!error.empty() && error != write_error_) {
    LogWarn("the state of workloads cannot be written", {{"error", error}});
  }
  write_error_ = error;
}

void WorkloadEngine::Judge(const Key& key, const Recommendation* recommendation, Timestamp now,
                           Entry* entry) {
  bool changed = entry->state.Judge(recommendation, now);
  // After a start senders get as long as they get otherwise.
  if (now - first_judged_ >= kSilence) changed |= entry->state.EndStale(now - kSilence);
  entry->unsaved |= changed || entry->state.HasNewHour();
  Publish(key, entry);
}

void WorkloadEngine::Publish(const Key& key, Entry* entry) {
  for (Published& published : entry->published) published.current = false;
  for (const ContainerState::Tracked& tracked : entry->state.tracked()) {
    if (tracked.state.phase != FindingPhase::kActive) continue;
    const Evidence& evidence = tracked.state.evidence;
    auto place = std::ranges::find_if(entry->published, [&](const Published& one) {
      return one.type == evidence.type && one.resource == evidence.resource;
    });
    if (place == entry->published.end()) {
      entry->published.push_back(Announce(key, evidence));
      place = entry->published.end() - 1;
    }
    place->current = true;
    updates_.push_back({place->score, evidence.score});
    updates_.push_back({place->confidence, evidence.confidence});
    updates_.push_back({place->severity, SeverityNumber(evidence.severity)});
  }
  std::erase_if(entry->published, [&](const Published& published) {
    if (!published.current) Withdraw(published);
    return !published.current;
  });
}

WorkloadEngine::Published WorkloadEngine::Announce(const Key& key, const Evidence& evidence) {
  const Labels labels({{"namespace", key.workload.namespace_name},
                       {"workload", key.workload.workload},
                       {"workload_kind", key.workload.workload_kind},
                       {"container", key.container},
                       {"type", std::string(FindingTypeText(evidence.type))},
                       {"resource", std::string(FindingResourceText(evidence.resource))}});
  Published published;
  published.type = evidence.type;
  published.resource = evidence.resource;
  published.score = table_.Add(kScore, labels, evidence.score);
  published.confidence = table_.Add(kConfidence, labels, evidence.confidence);
  published.severity = table_.Add(kSeverity, labels, SeverityNumber(evidence.severity));
  return published;
}

void WorkloadEngine::Withdraw(const Published& published) {
  const std::array handles = {published.score, published.confidence, published.severity};
  table_.Remove(handles);
}

// What was not written is written the next time.
Status WorkloadEngine::SaveSome() {
  Batch batch;
  for (const std::string& key : gone_) batch.Delete(Family::kWorkloads, key);
  std::vector<Entry*> written;
  for (auto& [key, entry] : entries_) {
    if (!entry.unsaved) continue;
    if (batch.writes().size() >= kRowsARun) break;
    RowWriter out(kRowFormat);
    entry.state.Save(out);
    batch.Put(Family::kWorkloads, RowKey(key.workload, key.container), out.Take());
    written.push_back(&entry);
  }
  if (!batch.empty()) TRY(store_.Commit(batch, Durability::kBuffered));
  gone_.clear();
  for (Entry* entry : written) entry->unsaved = false;
  return absl::OkStatus();
}

void WorkloadEngine::Forget(Timestamp now) {
  std::erase_if(entries_, [&](const auto& item) {
    if (item.second.state.last_seen() >= now - kKeepState) return false;
    mutex_.AssertHeld();
    for (const Published& published : item.second.published) Withdraw(published);
    gone_.push_back(RowKey(item.first.workload, item.first.container));
    by_number_.clear();
    return true;
  });
}

std::vector<WorkloadFinding> WorkloadEngine::Findings() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<WorkloadFinding> findings;
  for (const auto& [key, entry] : entries_) {
    for (const ContainerState::Tracked& tracked : entry.state.tracked()) {
      if (tracked.state.phase != FindingPhase::kActive) continue;
      findings.push_back({key.workload, key.container, tracked.state.evidence, tracked.description,
                          tracked.state.since});
    }
  }
  return findings;
}

WorkloadStats WorkloadEngine::stats() const {
  const absl::MutexLock lock(&mutex_);
  WorkloadStats stats = stats_;
  stats.error = read_error_.empty() ? write_error_ : read_error_;
  return stats;
}

}  // namespace outrider
