// SPDX-License-Identifier: Apache-2.0
#include "notifiers/relay/relay.h"

#include <algorithm>
#include <utility>

#include "rules/alerting/told_alert.h"

namespace outrider {
namespace {

std::shared_ptr<RelayedAlert> Convert(const ActiveAlert& alert, const EvaluatedAlerts& evaluated,
                                      DurationMs resend_delay) {
  auto relayed = std::make_shared<RelayedAlert>();
  relayed->labels = ToldLabels(alert.labels, evaluated.external_labels);
  relayed->annotations = alert.annotations;
  relayed->starts_at = alert.fired_at * kNanosPerMilli;
  const Timestamp end = alert.state == AlertState::kInactive
                            ? alert.resolved_at
                            : ValidUntil(evaluated.ts, evaluated.interval, resend_delay);
  relayed->ends_at = end * kNanosPerMilli;
  relayed->generator_url = evaluated.generator_url;
  return relayed;
}

// Those that the rules keep, with their labels changed.
std::vector<RelayedPtr> Relabelled(const std::vector<RelayedPtr>& alerts,
                                   const std::vector<RelabelRule>& rules) {
  if (rules.empty()) return alerts;
  std::vector<RelayedPtr> kept;
  for (const RelayedPtr& alert : alerts) {
    std::optional<Labels> labels = Relabel(rules, alert->labels);
    if (!labels) continue;
    auto changed = std::make_shared<RelayedAlert>(*alert);
    changed->labels = *std::move(labels);
    kept.push_back(std::move(changed));
  }
  return kept;
}

}  // namespace

std::vector<Relay::Sender> Relay::MakeSenders(const RelayConfig& config, HttpClient& http,
                                              const Clock& clock) {
  std::vector<Sender> senders;
  senders.reserve(config.targets.size());
  for (const RelayTarget& target : config.targets) {
    senders.emplace_back().link = std::make_unique<AlertmanagerLink>(target, http, clock);
  }
  return senders;
}

void Relay::StartThread(Sender* sender, Sender before) {
  auto run = [link = sender->link.get(),
              old = std::move(before)](const std::stop_token& stop) mutable {
    {
      const std::stop_callback give_up(stop, [&] {
        if (old.link != nullptr) old.link->Cancel();
      });
      old.thread.request_stop();
      if (old.thread.joinable()) old.thread.join();
    }
    link->Run(stop);
  };
  sender->thread = std::jthread(std::move(run));
}

void Relay::StopThreads(std::vector<Sender>* senders) {
  for (Sender& sender : *senders) sender.thread.request_stop();
  for (Sender& sender : *senders) {
    if (sender.thread.joinable()) sender.thread.join();
  }
}

Relay::Relay(RelayConfig config, HttpClient& http, const Clock& clock)
    : http_(http),
      clock_(clock),
      config_(std::move(config)),
      senders_(MakeSenders(config_, http, clock)) {}

Relay::~Relay() { Stop(); }

void Relay::OnEvaluated(const EvaluatedAlerts& evaluated) {
  const absl::MutexLock lock(&mutex_);
  if (senders_.empty()) return;
  std::vector<RelayedPtr> alerts;
  for (const AlertPtr& alert : book_.TakeDue(evaluated, config_.resend_delay)) {
    alerts.push_back(Convert(*alert, evaluated, config_.resend_delay));
  }
  if (alerts.empty()) return;
  alerts = Relabelled(alerts, config_.alert_relabel);
  for (const Sender& sender : senders_) {
    sender.link->Enqueue(Relabelled(alerts, sender.link->target().alert_relabel));
  }
}

void Relay::Reload(RelayConfig config) {
  const absl::MutexLock change(&change_mutex_);
  std::vector<Sender> fresh = MakeSenders(config, http_, clock_);
  bool all_known = true;
  std::vector<Sender> gone;
  {
    const absl::MutexLock lock(&mutex_);
    for (Sender& sender : fresh) {
      const auto same = std::ranges::find_if(senders_, [&](const Sender& old) {
        return old.link != nullptr && old.link->target().url == sender.link->target().url;
      });
      Sender before;
      if (same == senders_.end()) {
        all_known = false;
      } else {
        sender.link->ContinueFrom(same->link.get());
        before = std::exchange(*same, {});
      }
      if (running_) StartThread(&sender, std::move(before));
    }
    config_ = std::move(config);
    if (!all_known) book_ = {};  // there is one that has heard of nothing
    senders_.swap(fresh);
  }
  for (Sender& sender : fresh) {
    if (sender.link != nullptr) gone.push_back(std::move(sender));
  }
  Retire(std::move(gone));
}

void Relay::Retire(std::vector<Sender> senders) {
  std::erase_if(retired_, [](const Sender& sender) { return sender.link->done(); });
  for (Sender& sender : senders) {
    sender.thread.request_stop();
    if (sender.thread.joinable()) retired_.push_back(std::move(sender));
  }
}

void Relay::Start() {
  const absl::MutexLock change(&change_mutex_);
  const absl::MutexLock lock(&mutex_);
  if (std::exchange(running_, true)) return;
  for (Sender& sender : senders_) StartThread(&sender, {});
}

void Relay::Stop() {
  const absl::MutexLock change(&change_mutex_);
  std::vector<Sender> senders;
  {
    const absl::MutexLock lock(&mutex_);
    senders.swap(senders_);
    running_ = false;
  }
  for (const Sender& sender : retired_) sender.link->Cancel();
  StopThreads(&senders);
  StopThreads(&retired_);
  retired_.clear();
}

int Relay::SendAll() {
  const absl::MutexLock change(&change_mutex_);
  std::vector<AlertmanagerLink*> links;
  {
    const absl::MutexLock lock(&mutex_);
    for (const Sender& sender : senders_) links.push_back(sender.link.get());
  }
  int requests = 0;
  for (AlertmanagerLink* link : links) {
    while (link->SendBatch()) ++requests;
  }
  return requests;
}

std::vector<LinkStats> Relay::Stats() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<LinkStats> stats;
  stats.reserve(senders_.size());
  for (const Sender& sender : senders_) stats.push_back(sender.link->Stats());
  return stats;
}

}  // namespace outrider
