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

// Same analysis with the same settings, so that state may be kept.
bool SameEntry(const Entry& a, const Entry& b) {
  return a.name == b.name && a.kind == b.kind && Source::Key(a) == Source::Key(b) &&
         a.windows == b.windows && a.detector == b.detector && a.threshold == b.threshold &&
         a.labels == b.labels && a.direction == b.direction && a.min_deviation == b.min_deviation &&
         a.min_relative_deviation == b.min_relative_deviation && a.trend == b.trend &&
         a.forecast == b.forecast;
}

}  // namespace

AnalyticsEngine::AnalyticsEngine(std::vector<Entry> entries, const AnalyticsOptions& options,
                                 const promql::Engine& engine, const Querier& querier,
                                 DerivedTable& table, const WorkloadNames* workloads)
    : options_(options),
      context_{options_, engine, querier, table, workloads},
      entries_(std::move(entries)) {
  absl::MutexLock lock(&mutex_);
  for (Group& group : GroupByKey(entries_)) {
    sources_.push_back(std::make_unique<Source>(std::move(group.expr), std::move(group.entries)));
  }
  PublishStatus();
}

AnalyticsEngine::~AnalyticsEngine() {
  absl::MutexLock lock(&mutex_);
  for (const auto& source : sources_) source->Retire(context_.table);
}

void AnalyticsEngine::Rebuild(Timestamp now) {
  absl::MutexLock lock(&mutex_);
  for (const auto& source : sources_) source->Rebuild(context_, now);
  PublishStatus();
}

void AnalyticsEngine::Run(Timestamp now) {
  absl::MutexLock lock(&mutex_);
  RunLocked(now);
}

void AnalyticsEngine::RunLocked(Timestamp now) {
  for (const auto& source : sources_) {
    const std::string before = source->stats().error;
    source->Run(context_, now);
    const std::string& error = source->stats().error;
    if (!error.empty() && error != before) {
      LogWarn("analytics entry cannot be evaluated",
              {{"entry", source->entries().front().name}, {"error", error}});
    }
  }
  PublishStatus();
}

void AnalyticsEngine::Replace(std::vector<Entry> entries, Timestamp now) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::unique_ptr<Source>> old = std::move(sources_);
  sources_.clear();
  std::vector<Source*> fresh;
  for (Group& group : GroupByKey(entries)) {
    const auto same = std::ranges::find_if(old, [&](const auto& source) {
      return source != nullptr && std::ranges::equal(source->entries(), group.entries, SameEntry);
    });
    if (same != old.end()) {
      sources_.push_back(std::move(*same));
    } else {
      sources_.push_back(std::make_unique<Source>(std::move(group.expr), std::move(group.entries)));
      fresh.push_back(sources_.back().get());
    }
  }
  for (const auto& source : old) {
    if (source != nullptr) source->Retire(context_.table);
  }
  for (Source* source : fresh) source->Rebuild(context_, now);
  entries_ = std::move(entries);
  PublishStatus();
}

std::vector<SeriesReference> AnalyticsEngine::Reach() const {
  absl::MutexLock lock(&mutex_);
  std::vector<SeriesReference> all;
  for (const auto& source : sources_) {
    for (auto& reach : source->Reach(options_, context_.engine.options().lookback)) {
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
    const SourceStats& stats = by_key.at(Source::Key(entry))->stats();
    status.series = stats.series;
    status.samples = stats.samples;
    status.refused = stats.refused;
    status.error = stats.error;
  }
  absl::MutexLock lock(&status_mutex_);
  status_ = std::move(all);
}

std::vector<EntryStatus> AnalyticsEngine::Entries() const {
  absl::MutexLock lock(&status_mutex_);
  return status_;
}

}  // namespace outrider
