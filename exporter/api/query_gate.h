// SPDX-License-Identifier: Apache-2.0
// How many queries of clients run at once (`query.max_concurrency`); the others wait, and their
// `query.timeout` runs meanwhile. Counts what /metrics shows of queries.
#pragma once

#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/alerting/rule_stats.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct QueryGateStats {
  int64_t queries = 0;  // that run or wait
  int64_t max_concurrent = 0;
  DurationStats queue_time;
  DurationStats inner_eval;
};

// Thread-safe.
class QueryGate {
 public:
  QueryGate(int64_t max_concurrent, const Clock& clock);

  // Room for one query, until it is destroyed.
  class Pass {
   public:
    explicit Pass(QueryGate* gate) : gate_(gate), began_nanos_(gate->clock_.MonotonicNanos()) {}
    Pass(Pass&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)),
          began_nanos_(other.began_nanos_),
          queued_nanos_(other.queued_nanos_) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass();
    int64_t queued_nanos() const { return queued_nanos_; }

   private:
    friend class QueryGate;
    QueryGate* gate_;
    int64_t began_nanos_;
    int64_t queued_nanos_ = 0;
  };
  // Waits for room at most `timeout`; then the error is Prometheus'.
  StatusOr<Pass> Enter(DurationMs timeout);

  QueryGateStats Stats() const;

 private:
  void Leave(int64_t began_nanos);

  const int64_t max_concurrent_;
  const Clock& clock_;
  DurationRecorder queue_time_;
  DurationRecorder inner_eval_;
  mutable absl::Mutex mutex_;
  int64_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace outrider
