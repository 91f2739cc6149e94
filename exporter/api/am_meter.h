// SPDX-License-Identifier: Apache-2.0
// What goes through /api/v2, counted as Alertmanager counts it, and its limit on concurrent GETs.
// Source: specs/alertmanager.md §3 "Metric names".
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "exporter/http/server.h"
#include "storage/base/clock.h"

namespace outrider {

// Of what was posted: alerts by status, and those that were refused.
struct AmAlertCounts {
  uint64_t firing = 0;
  uint64_t resolved = 0;
  uint64_t invalid = 0;
  uint64_t limited = 0;  // dropped by alerts.per-alertname-limit
};

struct AmApiStats {
  // client_golang's default bounds of durations, and Alertmanager's of answers' sizes.
  static constexpr std::array<double, 11> kSecondsBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                            0.5,   1,    2.5,   5,    10};
  static constexpr std::array<double, 7> kBytesBounds = {1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
  template <size_t N>
  struct Spread {
    std::array<uint64_t, N + 1> counts{};  // per bucket, not cumulative; the last is +Inf
    double sum = 0;
    uint64_t count = 0;
  };
  struct Request {
    std::string handler;  // "/api/v2/silence/{silenceID}"
    std::string method;   // lower case
    int code = 0;
    friend auto operator<=>(const Request&, const Request&) = default;
  };
  std::map<Request, Spread<11>> seconds;
  std::map<std::pair<std::string, std::string>, Spread<7>> bytes;  // handler, method
  AmAlertCounts alerts;
  uint64_t limit_exceeded = 0;
  int64_t gets_in_flight = 0;
};

// Thread-safe.
class AmMeter {
 public:
  // `get_concurrency` 0: no limit.
  AmMeter(const Clock& clock, int get_concurrency)
      : clock_(clock), get_concurrency_(get_concurrency) {}

  // Runs `next` and counts it; 503 in its place when too many GETs run. A streamed answer runs
  // until its stream is gone, which the meter must outlive.
  HttpResponse Run(HttpRequest& request, const HttpHandler& next);
  void CountAlerts(const AmAlertCounts& counts);
  AmApiStats Stats() const;

 private:
  struct Running;
  void Count(const Running& request) ABSL_LOCKS_EXCLUDED(mutex_);

  const Clock& clock_;
  const int get_concurrency_;
  std::atomic<int64_t> gets_{0};
  mutable absl::Mutex mutex_;
  AmApiStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
