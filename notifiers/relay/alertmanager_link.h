// SPDX-License-Identifier: Apache-2.0
// One external Alertmanager: a bounded queue and the sending of batches. What cannot be sent is
// dropped and counted: the alert is sent again soon anyway (resend.h), and what is old by then is
// better not sent at all.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "notifiers/relay/relay_config.h"
#include "notifiers/transport/http_client.h"
#include "rules/alerting/alert.h"
#include "rules/alerting/rule_stats.h"
#include "storage/base/clock.h"

namespace outrider {

inline constexpr size_t kRelayQueue = 10'000;
inline constexpr size_t kRelayBatch = 256;

// One alert of one evaluation on its way to all links; the relay's alone.
struct SendReceipt {
  std::string rule_id;
  uint64_t labels_hash = 0;
  Timestamp sent = 0;
  uint64_t audience = 0;  // sent_rows.h
  bool news = false;
  int waiting = 0;  // links that have not tried yet
};

struct RelayedAlert {
  Labels labels;
  Annotations annotations;
  Nanos starts_at = 0;
  Nanos ends_at = 0;
  std::string generator_url;
  std::shared_ptr<SendReceipt> receipt;
};
using RelayedPtr = std::shared_ptr<const RelayedAlert>;

// The body of POST /api/v2/alerts.
std::string AlertmanagerPayload(std::span<const RelayedPtr> alerts);

struct LinkStats {
  std::string url;
  uint64_t sent = 0;     // alerts, failed ones too, as in Prometheus
  uint64_t errors = 0;   // alerts in requests that failed
  uint64_t dropped = 0;  // alerts lost: the queue was full, or the request failed
  uint64_t queue = 0;
  DurationStats latency;  // of requests; quantiles .5 .9 .99
};

// Thread-safe.
class AlertmanagerLink {
 public:
  // Hears of each batch after it was tried, in the thread that sends.
  using Tried = std::function<void(std::span<const RelayedPtr>)>;
  // `http` and `clock` outlive the link.
  AlertmanagerLink(RelayTarget target, HttpClient& http, const Clock& clock, Tried tried);

  // The oldest make room for new ones.
  void Enqueue(std::span<const RelayedPtr> alerts);
  // Sends one batch in this thread; false when there is none.
  bool SendBatch();
  // Sends until stopped, then what is left, until a request fails.
  void Run(const std::stop_token& stop);

  const RelayTarget& target() const { return target_; }
  LinkStats Stats() const;
  // Takes the queue of the link to the same place before a reload, and counts on with it. Before
  // Run.
  void ContinueFrom(AlertmanagerLink* before);
  // Ends the request that is on its way, if any, and all later ones: they fail.
  void Cancel() { cancel_.request_stop(); }
  // Run has ended.
  bool done() const { return done_; }

 private:
  // Of one place, over reloads.
  struct Counts {
    Counts();
    DurationRecorder latency;
    absl::Mutex mutex;
    LinkStats stats ABSL_GUARDED_BY(mutex);
  };
  std::vector<RelayedPtr> TakeBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Post(std::span<const RelayedPtr> batch);  // false: failed
  bool Send(std::span<const RelayedPtr> batch);  // Post, and its receipts

  const RelayTarget target_;
  HttpClient& http_;
  const Clock& clock_;
  const Tried tried_;
  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<RelayedPtr> queue_ ABSL_GUARDED_BY(mutex_);
  std::string last_error_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Counts> counts_;
  std::stop_source cancel_;
  std::atomic<bool> done_{false};
};

}  // namespace outrider
