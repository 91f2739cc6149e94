// SPDX-License-Identifier: Apache-2.0
// Writing samples: what ingestion, the rules (recorded series, ALERTS) and the analytics need of
// the windows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

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

// Thread-safe.
class Appender {
 public:
  virtual ~Appender() = default;
  // What one evaluation produced: recorded series, ALERTS, derived series. `now` judges the future.
  virtual AppendCounts AppendBatch(std::span<const LabeledSample> samples, Origin origin,
                                   Timestamp now) = 0;
};

}  // namespace outrider
