// SPDX-License-Identifier: Apache-2.0
#include "notifiers/relay/alertmanager_link.h"

#include <fmt/format.h>

#include <array>

#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr std::array<double, 3> kQuantiles = {0.5, 0.9, 0.99};

void WriteAlert(const RelayedAlert& alert, JsonWriter* json) {
  json->StartObject().Key("labels").StartObject();
  for (const LabelView& label : alert.labels) json->Key(label.name).String(label.value);
  json->EndObject();
  if (!alert.annotations.empty()) {
    json->Key("annotations").StartObject();
    for (const auto& [name, value] : alert.annotations) json->Key(name).String(value);
    json->EndObject();
  }
  json->Key("startsAt").String(FormatRfc3339(alert.starts_at));
  json->Key("endsAt").String(FormatRfc3339(alert.ends_at));
  json->Key("generatorURL").String(alert.generator_url).EndObject();
}

}  // namespace

std::string AlertmanagerPayload(std::span<const RelayedPtr> alerts) {
  std::string body;
  JsonWriter json(&body);
  json.StartArray();
  for (const RelayedPtr& alert : alerts) WriteAlert(*alert, &json);
  json.EndArray();
  return body;
}

AlertmanagerLink::Counts::Counts() : latency(kQuantiles) {}

AlertmanagerLink::AlertmanagerLink(RelayTarget target, HttpClient& http, const Clock& clock,
                                   Tried tried)
    : target_(std::move(target)),
      http_(http),
      clock_(clock),
      tried_(std::move(tried)),
      counts_(std::make_shared<Counts>()) {}

void AlertmanagerLink::Enqueue(std::span<const RelayedPtr> alerts) {
  size_t dropped = 0;
  {
    const absl::MutexLock lock(&mutex_);
    queue_.insert(queue_.end(), alerts.begin(), alerts.end());
    for (; queue_.size() > kRelayQueue; ++dropped) queue_.pop_front();
    changed_.SignalAll();
  }
  const absl::MutexLock lock(&counts_->mutex);
  counts_->stats.dropped += dropped;
}

std::vector<RelayedPtr> AlertmanagerLink::TakeBatch() {
  const size_t size = std::min(queue_.size(), kRelayBatch);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(size);
  std::vector<RelayedPtr> batch(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  return batch;
}

bool AlertmanagerLink::Post(std::span<const RelayedPtr> batch) {
  const int64_t began = clock_.MonotonicNanos();
  StatusOr<HttpClientRequest> request =
      JsonRequest(target_.http, target_.url, AlertmanagerPayload(batch), target_.timeout);
  if (request.ok()) request->stop = cancel_.get_token();
  StatusOr<HttpClientResponse> response =
      request.ok() ? http_.Do(*request) : StatusOr<HttpClientResponse>(request.status());
  counts_->latency.Record(static_cast<double>(clock_.MonotonicNanos() - began) / kNanosPerSecond);
  std::string error;
  if (!response.ok()) {
    error = Message(response.status());
  } else if (response->status / 100 != 2) {
    error = fmt::format("bad response status {}", response->status);
  }
  {
    const absl::MutexLock lock(&counts_->mutex);
    counts_->stats.sent += batch.size();
    counts_->stats.errors += error.empty() ? 0 : batch.size();
    counts_->stats.dropped += error.empty() ? 0 : batch.size();
  }
  const absl::MutexLock lock(&mutex_);
  if (!error.empty() && error != last_error_) {  // once, not at every batch
    LogError(
        "sending alerts to an Alertmanager failed",
        {{"alertmanager", target_.url}, {"count", fmt::to_string(batch.size())}, {"err", error}});
  }
  last_error_ = error;
  return error.empty();
}

bool AlertmanagerLink::Send(std::span<const RelayedPtr> batch) {
  const bool ok = Post(batch);
  if (ok || !cancel_.stop_requested()) tried_(batch);
  return ok;
}

bool AlertmanagerLink::SendBatch() {
  std::vector<RelayedPtr> batch;
  {
    const absl::MutexLock lock(&mutex_);
    batch = TakeBatch();
  }
  if (batch.empty()) return false;
  Send(batch);
  return true;
}

void AlertmanagerLink::Run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    const absl::MutexLock lock(&mutex_);
    changed_.SignalAll();
  });
  while (true) {
    std::vector<RelayedPtr> batch;
    {
      const absl::MutexLock lock(&mutex_);
      while (queue_.empty() && !stop.stop_requested()) changed_.Wait(&mutex_);
      batch = TakeBatch();
    }
    if (batch.empty()) break;
    if (!Send(batch) && stop.stop_requested()) break;
  }
  done_ = true;
}

LinkStats AlertmanagerLink::Stats() const {
  LinkStats stats;
  {
    const absl::MutexLock lock(&counts_->mutex);
    stats = counts_->stats;
  }
  {
    const absl::MutexLock lock(&mutex_);
    stats.queue = queue_.size();
  }
  stats.url = target_.url;
  stats.latency = counts_->latency.Stats();
  return stats;
}

void AlertmanagerLink::ContinueFrom(AlertmanagerLink* before) {
  std::deque<RelayedPtr> waiting;
  std::string last_error;
  {
    const absl::MutexLock lock(&before->mutex_);
    waiting.swap(before->queue_);
    last_error = before->last_error_;
  }
  counts_ = before->counts_;
  const absl::MutexLock lock(&mutex_);
  queue_ = std::move(waiting);
  last_error_ = std::move(last_error);
}

}  // namespace outrider
