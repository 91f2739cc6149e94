// SPDX-License-Identifier: Apache-2.0
// Writing samples: what ingestion, the rules (recorded series, ALERTS) and the analytics need of
// the windows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "storage/base/clock.h"
#include "storage/model/labels.h"
#include "storage/model/native_histogram.h"
#include "storage/model/sample.h"

namespace outrider {

// What became of samples. Rules per series: specs/prometheus.md §1.2.
struct AppendCounts {
  uint64_t accepted = 0;      // includes repeats of the newest sample with identical bits (a no-op)
  uint64_t late = 0;          // of the accepted: behind a newer one, within the window
  uint64_t out_of_order = 0;  // older than the series' newest and outside the out-of-order window
  uint64_t duplicate = 0;     // same time as the newest, another value: the first stays
  uint64_t too_old = 0;       // before what is kept
  uint64_t too_far_ahead = 0;  // more than 10 minutes ahead of now
  uint64_t local_wins =
      0;  // a rule of ours writes this label set: the sender's samples are left out
  uint64_t new_series = 0;
  // Without local_wins: the sender did nothing wrong there.
  uint64_t Rejected() const { return out_of_order + duplicate + too_old + too_far_ahead; }
  AppendCounts& operator+=(const AppendCounts& other) {
    accepted += other.accepted;
    late += other.late;
    out_of_order += other.out_of_order;
    duplicate += other.duplicate;
    too_old += other.too_old;
    too_far_ahead += other.too_far_ahead;
    local_wins += other.local_wins;
    new_series += other.new_series;
    return *this;
  }
};

// Who writes. For a recorded label set the local rule wins over an incoming sample (contract.md).
enum class Origin : uint8_t { kRemote, kLocal };

struct LabeledSample {
  Labels labels;  // with __name__
  Sample sample;
  std::shared_ptr<const NativeHistogram> histogram{};  // instead of the sample's value
};

// A series that is written again and again, named once: what appenders learn of it spares them its
// labels from then on. For one appender; not thread-safe, one call at a time has it.
struct KnownSeries {
  explicit KnownSeries(Labels all) : labels(std::move(all)) {}
  const Labels labels;  // with __name__

  // Notes of the appenders.
  uint64_t birth = 0;    // in the windows (sample_feed.h), with the id; 0: not met yet
  uint32_t id = 0;       // in the windows
  uint32_t number = 0;   // in the log; 0: none yet
  uint32_t told_in = 0;  // the newest log segment that holds number and labels
};
struct KnownSample {
  KnownSeries* series = nullptr;
  double value = 0;
};

// Thread-safe.
class Appender {
 public:
  virtual ~Appender() = default;
  // What one evaluation produced: recorded series, ALERTS, derived series. `now` judges the future.
  virtual AppendCounts AppendBatch(std::span<const LabeledSample> samples, Origin origin,
                                   Timestamp now) = 0;
  // Results of ours (Origin::kLocal) at the time `now`.
  virtual AppendCounts AppendKnown(std::span<const KnownSample> samples, Timestamp now);
};

}  // namespace outrider
