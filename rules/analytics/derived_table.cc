// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/derived_table.h"

#include <algorithm>
#include <map>

#include "storage/base/grow.h"

namespace outrider {
namespace {
constexpr size_t kFlushBatch = 1024;
}  // namespace

DerivedTable::Handle DerivedTable::Add(const DerivedMetric& metric, const Labels& labels,
                                       double value, Pace pace) {
  auto named = std::make_shared<KnownSeries>(labels.With(kMetricName, metric.name));
  const uint64_t hash = named->labels.Hash();
  absl::MutexLock lock(&mutex_);
  if (!hashes_.insert(hash).second) {
    ++collisions_;
    return kNone;
  }
  Handle handle = static_cast<Handle>(slots_.size());
  if (free_.empty()) {
    ReserveMore(&slots_, 1);
    slots_.emplace_back();
  } else {
    handle = free_.back();
    free_.pop_back();
  }
  slots_[handle] = {.metric = &metric, .series = std::move(named), .value = value, .pace = pace};
  return handle;
}

void DerivedTable::Set(std::span<const Update> updates) {
  absl::MutexLock lock(&mutex_);
  for (const Update& update : updates) {
    if (update.handle == kNone) continue;
    slots_[update.handle].value = update.value;
    slots_[update.handle].set = true;
  }
}

void DerivedTable::Remove(std::span<const Handle> handles) {
  absl::MutexLock lock(&mutex_);
  for (Handle handle : handles) {
    if (handle == kNone || slots_[handle].metric == nullptr) continue;
    hashes_.erase(slots_[handle].series->labels.Hash());
    ended_.push_back(std::move(slots_[handle].series));
    slots_[handle] = Slot();
    free_.push_back(handle);
  }
}

std::vector<DerivedFamily> DerivedTable::Snapshot() const {
  std::map<std::string_view, DerivedFamily> families;
  {
    absl::MutexLock lock(&mutex_);
    const DerivedMetric* metric = nullptr;
    DerivedFamily* family = nullptr;
    for (const Slot& slot : slots_) {
      if (slot.metric == nullptr) continue;
      if (slot.metric != metric) {
        metric = slot.metric;
        family = &families[metric->name];
        family->metric = metric;
      }
      family->series.push_back({{slot.series, &slot.series->labels}, slot.value});
    }
  }
  std::vector<DerivedFamily> out;
  out.reserve(families.size());
  for (auto& [name, family] : families) out.push_back(std::move(family));
  return out;
}

AppendCounts DerivedTable::FlushEnded(Appender& appender, Timestamp now) {
  std::vector<std::shared_ptr<KnownSeries>> ended;
  {
    absl::MutexLock lock(&mutex_);
    // A series that came back since it was removed goes on instead of ending.
    for (auto& series : ended_) {
      if (!hashes_.contains(series->labels.Hash())) ended.push_back(std::move(series));
    }
    ended_.clear();
  }
  AppendCounts counts;
  std::vector<KnownSample> batch;
  for (size_t at = 0; at < ended.size(); at += kFlushBatch) {
    batch.clear();
    for (size_t i = at; i < std::min(ended.size(), at + kFlushBatch); ++i) {
      batch.push_back({ended[i].get(), StaleNan()});
    }
    counts += appender.AppendKnown(batch, now);
  }
  return counts;
}

AppendCounts DerivedTable::Flush(Appender& appender, Timestamp now) {
  AppendCounts counts = FlushEnded(appender, now);
  std::vector<std::shared_ptr<KnownSeries>> held;  // they may be removed meanwhile
  std::vector<KnownSample> batch;
  for (size_t at = 0;; at += kFlushBatch) {
    held.clear();
    batch.clear();
    {
      absl::MutexLock lock(&mutex_);
      if (at >= slots_.size()) break;
      for (size_t i = at; i < std::min(slots_.size(), at + kFlushBatch); ++i) {
        Slot& slot = slots_[i];
        if (slot.metric == nullptr || (slot.pace == Pace::kWhenSet && !slot.set)) continue;
        slot.set = false;
        held.push_back(slot.series);
        batch.push_back({held.back().get(), slot.value});
      }
    }
    if (!batch.empty()) counts += appender.AppendKnown(batch, now);
  }
  return counts;
}

size_t DerivedTable::size() const {
  absl::MutexLock lock(&mutex_);
  return hashes_.size();
}

uint64_t DerivedTable::collisions() const {
  absl::MutexLock lock(&mutex_);
  return collisions_;
}

DerivedPublisher::~DerivedPublisher() {
  updates_.clear();
  ++round_;
  Finish();  // nothing was set in this round: everything goes
}

void DerivedPublisher::Set(const DerivedMetric& metric, const Labels& labels, double value) {
  auto [it, is_new] = live_.try_emplace(Key{&metric, labels});
  it->second.round = round_;
  if (is_new || it->second.handle == DerivedTable::kNone) {
    it->second.handle = table_.Add(metric, labels, value);
  } else {
    updates_.push_back({it->second.handle, value});
  }
}

void DerivedPublisher::Finish() {
  table_.Set(updates_);
  updates_.clear();
  std::vector<DerivedTable::Handle> gone;
  for (auto it = live_.begin(); it != live_.end();) {
    if (it->second.round == round_) {
      ++it;
      continue;
    }
    gone.push_back(it->second.handle);
    it = live_.erase(it);
  }
  table_.Remove(gone);
  ++round_;
}

}  // namespace outrider
