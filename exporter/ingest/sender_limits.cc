// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/sender_limits.h"

#include <algorithm>
#include <cmath>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::array<std::string_view, kSenderLimits> kReasons = {"",
                                                                  "body_size",
                                                                  "samples_per_second",
                                                                  "series",
                                                                  "series_per_sender",
                                                                  "label_names",
                                                                  "label_name_length",
                                                                  "label_value_length",
                                                                  "ha_clusters"};

constexpr double kBurstSeconds = 10;
constexpr size_t kMaxNameBytes = 128;

// One more, unless there are `limit` (0: no limit) already.
bool Take(std::atomic<uint64_t>* count, uint64_t limit) {
  uint64_t old = count->load();
  do {
    if (limit > 0 && old >= limit) return false;
  } while (!count->compare_exchange_weak(old, old + 1));
  return true;
}

}  // namespace

std::string_view ReasonOf(SenderLimit limit) { return kReasons[static_cast<size_t>(limit)]; }

SenderLimits::SenderLimits(const SenderLimitOptions& options)
    : options_(options), senders_(1 + std::min(options.max_senders, kMaxSenders)) {
  const absl::MutexLock lock(&mutex_);
  owned_.push_back(std::make_unique<Sender>());
  owned_[kOther]->name = "other";
  senders_[kOther] = owned_[kOther].get();
}

SenderLimits::Id SenderLimits::IdOf(std::string_view sender) {
  const std::string_view name = sender.substr(0, kMaxNameBytes);
  {
    const absl::ReaderMutexLock lock(&mutex_);
    const auto it = ids_.find(name);
    if (it != ids_.end()) return it->second;
  }
  if (count_.load() >= senders_.size()) return kOther;
  return Learn(name);
}

SenderLimits::Id SenderLimits::Learn(std::string_view name) {
  const absl::MutexLock lock(&mutex_);
  const auto it = ids_.find(name);
  if (it != ids_.end()) return it->second;
  if (owned_.size() >= senders_.size()) return kOther;
  const auto id = static_cast<Id>(owned_.size());
  owned_.push_back(std::make_unique<Sender>());
  // Shown in metrics, which are UTF-8.
  owned_[id]->name = IsValidUtf8(name) ? std::string(name) : Quote(name);
  senders_[id].store(owned_[id].get(), std::memory_order_release);
  ids_.emplace(std::string(name), id);
  count_ = owned_.size();
  return id;
}

SenderLimit SenderLimits::Count(Id sender, SenderLimit limit, uint64_t n) {
  At(sender).limited[static_cast<size_t>(limit)].fetch_add(n, std::memory_order_relaxed);
  return limit;
}

SenderLimit SenderLimits::CheckBody(Id sender, size_t bytes) {
  if (options_.max_body_bytes == 0 || bytes <= options_.max_body_bytes) return SenderLimit::kNone;
  return Count(sender, SenderLimit::kBodyBytes);
}

SenderLimits::Admission SenderLimits::AdmitSamples(Id sender, uint64_t samples, Timestamp now) {
  Sender& state = At(sender);
  if (options_.max_samples_per_second > 0 && samples > 0) {
    const auto rate = static_cast<double>(options_.max_samples_per_second);
    const double burst = rate * kBurstSeconds;
    const auto wanted = static_cast<double>(samples);
    const absl::MutexLock lock(&state.mutex);
    if (!state.started) {
      state.started = true;
      state.tokens = burst;
      state.filled_at = now;
    }
    // Threads come with times a little out of order, which must not fill anything twice; a clock
    // that was set back starts over.
    if (now > state.filled_at) {
      const double seconds = static_cast<double>(now - state.filled_at) / 1000;
      state.tokens = std::min(burst, state.tokens + seconds * rate);
      state.filled_at = now;
    } else if (state.filled_at - now > kMinute) {
      state.filled_at = now;
    }
    const double missing = std::min(wanted, burst) - state.tokens;
    if (missing > 0) {
      Count(sender, SenderLimit::kSamplesPerSecond, samples);
      return {.admitted = false,
              .retry_after = static_cast<DurationMs>(std::ceil(missing / rate * 1000))};
    }
    state.tokens -= wanted;
  }
  state.accepted.fetch_add(samples, std::memory_order_relaxed);
  return {};
}

SenderLimit SenderLimits::CheckLabels(Id sender, std::span<const LabelView> labels) {
  const auto over = [](size_t size, size_t limit) { return limit > 0 && size > limit; };
  if (over(labels.size(), options_.max_label_names)) return Count(sender, SenderLimit::kLabelNames);
  if (options_.max_label_name_length == 0 && options_.max_label_value_length == 0) {
    return SenderLimit::kNone;
  }
  for (const LabelView& label : labels) {
    if (over(label.name.size(), options_.max_label_name_length)) {
      return Count(sender, SenderLimit::kLabelNameLength);
    }
    if (over(label.value.size(), options_.max_label_value_length)) {
      return Count(sender, SenderLimit::kLabelValueLength);
    }
  }
  return SenderLimit::kNone;
}

SenderLimit SenderLimits::Reserve(Id sender) {
  if (!Take(&series_, options_.max_series)) return Count(sender, SenderLimit::kSeries);
  if (Take(&At(sender).series, options_.max_series_per_sender)) return SenderLimit::kNone;
  --series_;
  return Count(sender, SenderLimit::kSeriesPerSender);
}

void SenderLimits::Added(Id sender) {
  ++series_;
  if (sender != kNoSender) ++At(sender).series;
}

void SenderLimits::Removed(Id sender) {
  --series_;
  if (sender != kNoSender) --At(sender).series;
}

std::vector<SenderStats> SenderLimits::Stats() const {
  const size_t count = count_.load();
  std::vector<SenderStats> result;
  result.reserve(count);
  for (size_t id = 0; id < count; ++id) {
    const Sender& sender = At(static_cast<Id>(id));
    SenderStats& stats = result.emplace_back();
    stats.sender = sender.name;
    stats.series = sender.series.load();
    stats.samples_accepted = sender.accepted.load();
    for (size_t i = 0; i < stats.limited.size(); ++i) stats.limited[i] = sender.limited[i].load();
  }
  return result;
}

}  // namespace outrider
