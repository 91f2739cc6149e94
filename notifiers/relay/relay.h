// SPDX-License-Identifier: Apache-2.0
// Alerts to external Alertmanagers, beside the built-in pipeline: decides what is due, adds
// external labels, relabels, and hands it to a link for each Alertmanager. When every link has
// tried, the time is recorded (sent_rows.h): what was still waiting when the process died is due at
// once after the start, everything else goes on as it was.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "notifiers/relay/alertmanager_link.h"
#include "notifiers/relay/relay_config.h"
#include "notifiers/relay/resend.h"
#include "notifiers/transport/http_client.h"
#include "rules/alerting/alert_relay.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

// Thread-safe.
class Relay final : public AlertRelay {
 public:
  // All outlive the relay.
  Relay(RelayConfig config, HttpClient& http, StateStore& store, const Clock& clock);
  ~Relay() override;

  // What earlier processes sent. Once, before the first evaluation.
  Status Restore();

  void OnEvaluated(const EvaluatedAlerts& evaluated) override;
  // Other Alertmanagers, or the same with other settings. Waits for nobody: what was queued for an
  // Alertmanager that stays is sent on with its new settings, after the request that is on its way;
  // one that is gone still gets what was queued for it.
  void Reload(RelayConfig config);

  // A sending thread for each Alertmanager, from now on. Stop sends what is left to the present
  // ones; what is still on its way to those of before a reload is given up.
  void Start();
  void Stop();
  // Instead of threads: sends everything that waits; the number of requests.
  int SendAll();

  std::vector<LinkStats> Stats() const;
  // URLs that the present configuration's relabelling drops.
  std::vector<std::string> Dropped() const;

 private:
  struct Sender {
    std::unique_ptr<AlertmanagerLink> link;
    std::jthread thread;
  };
  std::vector<Sender> MakeSenders(const RelayConfig& config);
  // `before`: sends with the link's queue until then; the link begins when that has ended.
  void StartThread(Sender* sender, Sender before);
  static void StopThreads(std::vector<Sender>* senders);
  static Sender TakeSender(std::string_view url, std::vector<Sender>* senders);
  void Retire(std::vector<Sender> senders) ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  void Enqueue(const std::vector<RelayedPtr>& alerts) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnTried(std::span<const RelayedPtr> alerts);
  void Write(const Batch& rows);

  HttpClient& http_;
  StateStore& store_;
  const Clock& clock_;
  std::atomic<bool> unwritten_ = false;  // the last write failed
  std::stop_source ending_;              // gives up requests of links from before a reload
  absl::Mutex change_mutex_;  // one Start, Stop or Reload at a time; locked before mutex_
  bool running_ ABSL_GUARDED_BY(change_mutex_) = false;
  std::vector<Sender> retired_ ABSL_GUARDED_BY(change_mutex_);  // their links send the rest
  mutable absl::Mutex mutex_;
  RelayConfig config_ ABSL_GUARDED_BY(mutex_);
  uint64_t audience_ ABSL_GUARDED_BY(mutex_) = 0;
  SendBook book_ ABSL_GUARDED_BY(mutex_);
  std::vector<Sender> senders_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
