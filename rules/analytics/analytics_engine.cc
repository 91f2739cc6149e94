// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/analytics_engine.h"

#include <algorithm>
#include <map>
#include <utility>

#include "storage/base/log.h"

namespace outrider {
namespace {

struct Group {
  promql::Expression expr;
  std::vector<Entry> entries;
};

// Entries that share a key, in order of first appearance; those with an error are left out.
std::vector<Group> GroupByKey(const std::vector<Entry>& entries) {
  std::vector<Group> groups;
  std::map<std::string, size_t> place;
  for (const Entry& entry : entries) {
    if (!entry.compiled) continue;
    const auto [it, is_new] = place.try_emplace(Source::Key(entry), groups.size());
    if (is_new) groups.push_back({*entry.compiled, {}});
    groups[it->second].entries.push_back(entry);
  }
  return groups;
}

// Same analysis with the same settings, so that everything stays as it is.
bool SameEntries(const Source& source, const std::vector<Entry>& entries) {
  const auto same = [](const Hash128& identity, const Entry& entry) {
    return identity == EntryIdentity(entry);
  };
  const auto same_labels = [](const Entry& a, const Entry& b) { return a.labels == b.labels; };
  return Source::Key(source.entries().front()) == Source::Key(entries.front()) &&
         std::ranges::equal(source.identities(), entries, same) &&
         std::ranges::equal(source.entries(), entries, same_labels);
}

}  // namespace

AnalyticsEngine::AnalyticsEngine(std::vector<Entry> entries, const AnalyticsOptions& options,
                                 const AnalyticsSeams& seams)
    : options_(options), seams_(seams), entries_(std::move(entries)) {
  const absl::MutexLock lock(&mutex_);
  for (Group& group : GroupByKey(entries_)) {
    sources_.push_back(
        std::make_unique<Source>(std::move(group.expr), std::move(group.entries), seams_));
  }
  PublishStatus();
}

AnalyticsEngine::~AnalyticsEngine() {
  const absl::MutexLock lock(&mutex_);
  for (const auto& source : sources_) source->Retire(seams_.table);
}

// Samples of about the last interval may have arrived behind the run that was due to tell of them:
// rather than not at all they are told twice.
SourceContext AnalyticsEngine::Context() const {
  return {options_, seams_, last_run_ == kNoTime ? kNoTime : last_run_ - options_.interval};
}

void AnalyticsEngine::Rebuild(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  last_run_ = now;
  if (seams_.state != nullptr) {
    const auto saved = outrider::Checkpoints(*seams_.state).LastRun();
    if (!saved.ok()) {
      LogWarn("saved analytics state cannot be read", {{"err", Message(saved.status())}});
    } else {
      last_run_ = std::min(now, saved->value_or(now));
    }
  }
  const SourceContext context = Context();
  for (const auto& source : sources_) source->Rebuild(context, nullptr, now);
  PublishStatus();
}

void AnalyticsEngine::Run(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  const SourceContext context = Context();
  for (const auto& source : sources_) {
    const std::string before = source->stats().error;
    source->Run(context, now);
    const std::string& error = source->stats().error;
    if (!error.empty() && error != before) {
      LogWarn("analytics entry cannot be evaluated",
              {{"entry", source->entries().front().name}, {"error", error}});
    }
  }
  last_run_ = now;
  PublishStatus();
}

void AnalyticsEngine::Replace(std::vector<Entry> entries, Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::unique_ptr<Source>> old = std::move(sources_);
  sources_.clear();
  std::vector<Source*> fresh;
  for (Group& group : GroupByKey(entries)) {
    const auto same = std::ranges::find_if(old, [&](const auto& source) {
      return source != nullptr && SameEntries(*source, group.entries);
    });
    if (same != old.end()) {
      sources_.push_back(std::move(*same));
    } else {
      sources_.push_back(
          std::make_unique<Source>(std::move(group.expr), std::move(group.entries), seams_));
      fresh.push_back(sources_.back().get());
    }
  }
  // An unchanged entry whose neighbours changed is found again by what it would save.
  Source::SavedStates saved;
  for (const auto& source : old) {
    if (source == nullptr) continue;
    for (CheckpointRow& row : source->States()) saved[std::move(row.key)] = std::move(row.value);
    restored_before_ += source->stats().restored;
    lost_before_ += source->stats().lost;
  }
  const SourceContext context = Context();
  for (Source* source : fresh) source->Rebuild(context, &saved, now);
  // One right behind the other, so that series that are in both go on.
  for (const auto& source : old) {
    if (source != nullptr) source->Retire(seams_.table);
  }
  for (Source* source : fresh) source->Show(context, now);
  entries_ = std::move(entries);
  save_source_ = 0;
  save_slot_ = 0;
  PublishStatus();
}

std::vector<SeriesReference> AnalyticsEngine::Reach() const {
  absl::MutexLock lock(&mutex_);
  std::vector<SeriesReference> all;
  for (const auto& source : sources_) {
    for (auto& reach : source->Reach(options_, seams_.engine.options().lookback)) {
      all.push_back({.matchers = std::move(reach.matchers),
                     .horizon = reach.horizon,
                     .owner = {.kind = "analytics", .name = source->Describe()}});
    }
  }
  return all;
}

void AnalyticsEngine::PublishStatus() {
  std::map<std::string, const Source*> by_key;
  for (const auto& source : sources_) {
    by_key[Source::Key(source->entries().front())] = source.get();
  }
  std::vector<EntryStatus> all;
  for (const Entry& entry : entries_) {
    EntryStatus& status = all.emplace_back();
    status.name = entry.name;
    status.kind = entry.kind;
    status.expr = entry.expr;
    status.error = entry.error;
    if (!entry.compiled) continue;
    const Source& source = *by_key.at(Source::Key(entry));
    const SourceStats& stats = source.stats();
    status.series = stats.series;
    status.samples = stats.samples;
    status.refused = stats.refused;
    status.late = stats.late;
    status.cpu_seconds = static_cast<double>(stats.cpu_nanos) / kNanosPerSecond /
                         static_cast<double>(source.entries().size());
    status.error = stats.error;
  }
  uint64_t restored = restored_before_;
  uint64_t lost = lost_before_;
  for (const auto& source : sources_) {
    restored += source->stats().restored;
    lost += source->stats().lost;
  }
  const absl::MutexLock lock(&status_mutex_);
  status_ = std::move(all);
  checkpoints_.restored = restored;
  checkpoints_.lost = lost;
}

std::vector<EntryStatus> AnalyticsEngine::Entries() const {
  absl::MutexLock lock(&status_mutex_);
  return status_;
}

}  // namespace outrider
