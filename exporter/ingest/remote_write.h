// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/write: remote write 1.0 and 2.0, by Content-Type. Source: specs/prometheus.md §1.2,
// contract.md "Own series coming back".
//
// Order of checks: method, Content-Type, Content-Encoding (415, before the body is touched),
// overload, body size (413), snappy and protobuf (400), HA replicas (202: dropped whole), samples
// per second (429: nothing stored), limits of labels and series, log (503 on a full disk: nothing
// acked), labels and samples (400 names the first of each kind; everything else of the request is
// stored).
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
#include "exporter/ingest/write_scratch.h"
#include "storage/base/clock.h"

namespace outrider {

struct RemoteWriteOptions {
  // Bodies in memory, packed and unpacked, of all requests at once; beyond, requests are put off
  // with 503.
  uint64_t max_bytes_in_flight = 256U << 20;
};

struct RemoteWriteStats {
  uint64_t samples_accepted = 0;                     // native histograms too
  uint64_t histograms_accepted = 0;                  // of them
  uint64_t samples_late = 0;                         // of them: behind a newer one, in the window
  std::map<std::string, uint64_t> samples_rejected;  // by reason, those of refused series too
  std::map<std::string, uint64_t> series_refused;    // by reason
  uint64_t own_series_dropped = 0;                   // outrider_* coming back
  uint64_t own_samples_dropped = 0;
  uint64_t local_wins = 0;  // samples left out because a rule of ours writes the label set
  uint64_t exemplars_kept = 0;
  uint64_t exemplars_refused = 0;
  uint64_t body_bytes = 0;           // as sent, of bodies that were read
  uint64_t decoded_bytes = 0;        // unpacked
  std::map<int, uint64_t> requests;  // by status code
  Timestamp last_received = 0;       // when a sample was last accepted; 0: never
};

// What a Content-Type header asks for; "" counts as remote write 1.0.
enum class WriteMessage { kV1, kV2, kUnknown };
WriteMessage MessageOf(std::string_view content_type);

// Thread-safe.
class RemoteWriteReceiver {
 public:
  // `targets` outlive the receiver.
  RemoteWriteReceiver(const RemoteWriteOptions& options, const Clock& clock, IngestLog& log,
                      const WriteTargets& targets)
      : options_(options), clock_(clock), log_(log), targets_(targets) {}

  HttpResponse Handle(HttpRequest& request);
  RemoteWriteStats Stats() const;
  // From now on every request is answered 503: the process is stopping.
  void Close() { closed_ = true; }

 private:
  // What 2.0 is told in headers.
  struct Written {
    uint64_t samples = 0;
    uint64_t histograms = 0;
    uint64_t exemplars = 0;
  };
  HttpResponse Receive(HttpRequest& request, WriteMessage message, Written* written);
  HttpResponse Store(const LogRecord& record, WriteScratch* scratch, Written* written);
  void CountResult(const ApplyResult& result, Timestamp now);

  const RemoteWriteOptions options_;
  const Clock& clock_;
  IngestLog& log_;
  const WriteTargets targets_;
  std::atomic<bool> closed_{false};
  std::atomic<uint64_t> bytes_in_flight_{0};
  WriteScratchPool scratch_;
  mutable absl::Mutex mutex_;
  RemoteWriteStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
