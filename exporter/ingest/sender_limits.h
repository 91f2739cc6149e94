// SPDX-License-Identifier: Apache-2.0
// Limits per sender, so that one of them cannot take the memory of all. Source: specs/prometheus.md
// §7 (receiver-side limits). Whoever is over its limit of series keeps those that it has: only new
// ones are refused.
//
// A sender is a string (a header's value or an address). The first max_senders distinct ones get an
// id of their own for the life of this object, all others share kOther. Ids are small: each series
// keeps who made it, and the windows tell this object of all that come and go, so that the counts
// are exact. Our rules are no sender: their series count in the whole only, and are never refused.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/clock.h"
#include "storage/base/hash.h"
#include "storage/model/labels.h"
#include "storage/window/series_makers.h"

namespace outrider {

// 0: no such limit.
struct SenderLimitOptions {
  uint64_t max_series = 0;  // of the whole daemon
  uint64_t max_series_per_sender = 0;
  uint64_t max_samples_per_second = 0;  // of ten seconds' samples at once
  size_t max_label_names = 0;           // of one series
  size_t max_label_name_length = 0;     // bytes
  size_t max_label_value_length = 0;    // bytes
  size_t max_body_bytes = 0;            // as sent
  size_t max_senders = 1000;            // at most kMaxSenders

  // Whether series are looked at before they are made.
  bool LimitsSeries() const { return max_series > 0 || max_series_per_sender > 0; }
  bool LimitsLabels() const {
    return max_label_names > 0 || max_label_name_length > 0 || max_label_value_length > 0;
  }
};

enum class SenderLimit : uint8_t {
  kNone,              // within all limits
  kBodyBytes,         // counted per request
  kSamplesPerSecond,  // per sample
  kSeries,            // of the whole daemon; counted per series, as are the rest
  kSeriesPerSender,
  kLabelNames,
  kLabelNameLength,
  kLabelValueLength,
  kHaClusters,  // more pairs than are kept apart (ha_dedup.h)
  kEnd,         // how many there are
};
inline constexpr size_t kSenderLimits = static_cast<size_t>(SenderLimit::kEnd);
// Label values of our metrics, as the settings are named: "body_size" …
std::string_view ReasonOf(SenderLimit limit);

struct SenderStats {
  std::string sender;
  uint64_t series = 0;            // made by it and still there
  uint64_t samples_accepted = 0;  // let through by AdmitSamples
  std::array<uint64_t, kSenderLimits> limited{};
};

// Thread-safe. Time is handed in.
class SenderLimits final : public SeriesCounter {
 public:
  using Id = SenderId;
  static constexpr Id kOther = 0;
  static constexpr size_t kMaxSenders = 10'000;

  explicit SenderLimits(const SenderLimitOptions& options);
  SenderLimits(const SenderLimits&) = delete;
  SenderLimits& operator=(const SenderLimits&) = delete;

  // Once per request; what follows takes no lock but the sender's own. Names longer than 128 bytes
  // are cut.
  Id IdOf(std::string_view sender);

  // kNone or kBodyBytes.
  SenderLimit CheckBody(Id sender, size_t bytes);

  // A request's samples, all or none. A request larger than ten seconds' samples passes when
  // nothing is owed, and is owed afterwards. When refused, `retry_after` is how long it takes until
  // these samples would pass.
  struct Admission {
    bool admitted = true;
    DurationMs retry_after = 0;
  };
  Admission AdmitSamples(Id sender, uint64_t samples, Timestamp now);

  // kNone or one of the three limits of labels.
  SenderLimit CheckLabels(Id sender, std::span<const LabelView> labels);

  // Keeps a place for one more series: it is counted from now on, until Removed(). kNone, or which
  // limit speaks against it; a refusal is counted.
  SenderLimit Reserve(Id sender);
  // Series come and go, whatever the limits say; kNoSender counts in the whole only.
  void Added(Id sender) override;
  void Removed(Id sender) override;
  uint64_t series() const { return series_; }  // of all senders and of our rules

  // Something was refused elsewhere.
  SenderLimit Count(Id sender, SenderLimit limit, uint64_t n = 1);

  std::vector<SenderStats> Stats() const;  // kOther ("other") first, the rest as they came
  const SenderLimitOptions& options() const { return options_; }

 private:
  struct Sender {
    std::string name;
    std::atomic<uint64_t> series = 0;
    std::atomic<uint64_t> accepted = 0;
    std::array<std::atomic<uint64_t>, kSenderLimits> limited{};
    absl::Mutex mutex;
    double tokens ABSL_GUARDED_BY(mutex) = 0;  // samples that may come; below zero: owed
    Timestamp filled_at ABSL_GUARDED_BY(mutex) = 0;
    bool started ABSL_GUARDED_BY(mutex) = false;
  };

  Sender& At(Id sender) const { return *senders_[sender].load(std::memory_order_acquire); }
  Id Learn(std::string_view name);

  const SenderLimitOptions options_;
  mutable absl::Mutex mutex_;
  StringMap<Id> ids_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Sender>> owned_ ABSL_GUARDED_BY(mutex_);
  // By id. Never moves: readers take no lock.
  std::vector<std::atomic<Sender*>> senders_;
  std::atomic<size_t> count_ = 1;
  std::atomic<uint64_t> series_ = 0;
};

}  // namespace outrider
