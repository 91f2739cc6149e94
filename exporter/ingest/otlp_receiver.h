// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/otlp/v1/metrics: OTLP metrics over HTTP in protobuf, plain or gzip.
//
// Answers: 200 with an ExportMetricsServiceResponse that says how many data points were rejected
// and why; 400 for what is no such message; 413, 415 and 429 as remote write; 503 with Retry-After
// when nothing was stored. What is dropped of HA replicas that are not elected is no rejection.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "exporter/http/server.h"
#include "exporter/ingest/apply.h"
#include "exporter/ingest/ingest_log.h"
#include "exporter/ingest/otlp_translate.h"
#include "storage/base/clock.h"

namespace outrider {

struct OtlpStats {
  uint64_t points = 0;                             // data points translated
  std::map<std::string, uint64_t> refused_points;  // by reason
  uint64_t samples_accepted = 0;
  uint64_t samples_rejected = 0;
  uint64_t histograms_accepted = 0;  // of them
  std::map<int, uint64_t> requests;  // by status code
};

// Thread-safe.
class OtlpReceiver {
 public:
  // `targets` outlive the receiver.
  OtlpReceiver(const OtlpOptions& options, const Clock& clock, IngestLog& log,
               const WriteTargets& targets)
      : options_(options), clock_(clock), log_(log), targets_(targets) {}

  HttpResponse Handle(HttpRequest& request);
  OtlpStats Stats() const;
  // From now on every request is answered 503: the process is stopping.
  void Close() { closed_ = true; }
  const OtlpOptions& options() const { return options_; }

 private:
  HttpResponse Receive(HttpRequest& request);
  HttpResponse Store(const std::string& sender, const std::string& body);
  HttpResponse Report(const OtlpBatch& batch, const ApplyResult& result);

  const OtlpOptions options_;
  const Clock& clock_;
  IngestLog& log_;
  const WriteTargets targets_;
  std::atomic<bool> closed_{false};
  std::atomic<int> running_{0};
  mutable absl::Mutex mutex_;
  OtlpStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
