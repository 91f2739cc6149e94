// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/query_gate.h"

#include <array>

#include "absl/time/time.h"

namespace outrider {
namespace {

constexpr std::array<double, 3> kQuantiles = {0.5, 0.9, 0.99};

double Seconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }

}  // namespace

QueryGate::QueryGate(int64_t max_concurrent, const Clock& clock)
    : max_concurrent_(max_concurrent),
      clock_(clock),
      queue_time_(kQuantiles),
      inner_eval_(kQuantiles) {}

StatusOr<QueryGate::Pass> QueryGate::Enter(DurationMs timeout) {
  const int64_t asked = clock_.MonotonicNanos();
  bool room = false;
  {
    const absl::MutexLock lock(&mutex_);
    ++waiting_;
    const auto has_room = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return running_ < max_concurrent_;
    };
    room = mutex_.AwaitWithTimeout(absl::Condition(&has_room), absl::Milliseconds(timeout));
    --waiting_;
    if (room) ++running_;
  }
  const int64_t queued = clock_.MonotonicNanos() - asked;
  queue_time_.Record(Seconds(queued));
  // The text and the kind (execution) are Go's and Prometheus'.
  if (!room) return absl::FailedPreconditionError("context deadline exceeded");
  Pass pass(this);
  pass.queued_nanos_ = queued;
  return pass;
}

QueryGate::Pass::~Pass() {
  if (gate_ != nullptr) gate_->Leave(began_nanos_);
}

void QueryGate::Leave(int64_t began_nanos) {
  inner_eval_.Record(Seconds(clock_.MonotonicNanos() - began_nanos));
  const absl::MutexLock lock(&mutex_);
  --running_;
}

QueryGateStats QueryGate::Stats() const {
  QueryGateStats stats;
  stats.max_concurrent = max_concurrent_;
  stats.queue_time = queue_time_.Stats();
  stats.inner_eval = inner_eval_.Stats();
  const absl::MutexLock lock(&mutex_);
  stats.queries = running_ + waiting_;
  return stats;
}

}  // namespace outrider
