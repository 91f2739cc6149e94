// SPDX-License-Identifier: Apache-2.0
#include "notifiers/relay/relay.h"

#include <algorithm>
#include <utility>

#include "notifiers/relay/sent_rows.h"
#include "rules/alerting/told_alert.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

RelayedPtr Convert(const SendBook::Due& due, const EvaluatedAlerts& evaluated,
                   DurationMs resend_delay) {
  const ActiveAlert& alert = *due.alert;
  auto relayed = std::make_shared<RelayedAlert>();
  relayed->labels = ToldLabels(alert.labels, evaluated.external_labels);
  relayed->annotations = alert.annotations;
  relayed->starts_at = alert.fired_at * kNanosPerMilli;
  const Timestamp end = alert.state == AlertState::kInactive
                            ? alert.resolved_at
                            : ValidUntil(evaluated.ts, evaluated.interval, resend_delay);
  relayed->ends_at = end * kNanosPerMilli;
  relayed->generator_url = evaluated.generator_url;
  relayed->receipt = std::make_shared<SendReceipt>();
  relayed->receipt->rule_id = evaluated.rule_id;
  relayed->receipt->labels_hash = due.labels_hash;
  relayed->receipt->sent = evaluated.ts;
  relayed->receipt->news = due.news;
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

std::vector<Relay::Sender> Relay::MakeSenders(const RelayConfig& config) {
  std::vector<Sender> senders;
  senders.reserve(config.targets.size());
  const auto tried = [this](std::span<const RelayedPtr> alerts) { OnTried(alerts); };
  for (const RelayTarget& target : config.targets) {
    senders.emplace_back().link = std::make_unique<AlertmanagerLink>(target, http_, clock_, tried);
  }
  return senders;
}

void Relay::StartThread(Sender* sender, Sender before) {
  // Another reload, which stops this thread too, does not end the request that is on its way.
  auto run = [link = sender->link.get(), ending = ending_.get_token(),
              old = std::move(before)](const std::stop_token& stop) mutable {
    {
      const std::stop_callback give_up(ending, [&] {
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

Relay::Relay(RelayConfig config, HttpClient& http, StateStore& store, const Clock& clock)
    : http_(http),
      store_(store),
      clock_(clock),
      config_(std::move(config)),
      audience_(AudienceOf(config_)),
      senders_(MakeSenders(config_)) {}

Relay::~Relay() { Stop(); }

Status Relay::Restore() {
  Batch gone;
  const std::vector<SentRow> rows = TRY(LoadSentRows(store_, clock_.Now(), &gone));
  {
    const absl::MutexLock lock(&mutex_);
    for (const SentRow& row : rows) {
      book_.Restore(row.rule_id, row.labels_hash, row.sent_at, row.audience == audience_);
    }
  }
  Write(gone);
  return absl::OkStatus();
}

void Relay::OnEvaluated(const EvaluatedAlerts& evaluated) {
  Batch gone;
  {
    const absl::MutexLock lock(&mutex_);
    if (senders_.empty()) return;
    const SendBook::Taken taken = book_.TakeDue(evaluated, config_.resend_delay);
    std::vector<RelayedPtr> alerts;
    alerts.reserve(taken.due.size());
    for (const SendBook::Due& due : taken.due) {
      alerts.push_back(Convert(due, evaluated, config_.resend_delay));
    }
    if (!alerts.empty()) Enqueue(alerts);
    for (const uint64_t hash : taken.forgotten) {
      gone.Delete(Family::kRelay, SentRowKey(evaluated.rule_id, hash));
    }
  }
  Write(gone);
}

void Relay::Enqueue(const std::vector<RelayedPtr>& alerts) {
  const std::vector<RelayedPtr> kept = Relabelled(alerts, config_.alert_relabel);
  std::vector<std::vector<RelayedPtr>> queues;
  queues.reserve(senders_.size());
  for (const Sender& sender : senders_) {
    queues.push_back(Relabelled(kept, sender.link->target().alert_relabel));
    for (const RelayedPtr& alert : queues.back()) {
      alert->receipt->audience = audience_;
      ++alert->receipt->waiting;
    }
  }
  for (size_t i = 0; i < senders_.size(); ++i) senders_[i].link->Enqueue(queues[i]);
}

// Failures count as tried, as they do while the process runs: the alert is sent again soon.
void Relay::OnTried(std::span<const RelayedPtr> alerts) {
  Batch rows;
  {
    const absl::MutexLock lock(&mutex_);
    for (const RelayedPtr& alert : alerts) {
      SendReceipt& receipt = *alert->receipt;
      if (--receipt.waiting > 0) continue;
      if (!book_.Record(receipt.rule_id, receipt.labels_hash, receipt.sent, receipt.news)) continue;
      rows.Put(
          Family::kRelay, SentRowKey(receipt.rule_id, receipt.labels_hash),
          EncodeSentRow({receipt.rule_id, receipt.labels_hash, receipt.sent, receipt.audience}));
    }
  }
  Write(rows);
}

void Relay::Write(const Batch& rows) {
  if (rows.empty()) return;
  const Status status = store_.Commit(rows, Durability::kBuffered);
  if (unwritten_.exchange(!status.ok()) || status.ok()) return;
  LogWarn("cannot record what was sent to Alertmanagers; after a restart it would be sent again",
          {{"error", Message(status)}});
}

void Relay::Reload(RelayConfig config) {
  const absl::MutexLock change(&change_mutex_);
  std::vector<Sender> fresh = MakeSenders(config);
  bool all_known = true;
  std::vector<Sender> gone;
  {
    const absl::MutexLock lock(&mutex_);
    for (Sender& sender : fresh) {
      const std::string& url = sender.link->target().url;
      Sender before = TakeSender(url, &senders_);
      if (before.link == nullptr) {
        all_known = false;
        before = TakeSender(url, &retired_);  // it comes back before it was done
      }
      if (before.link != nullptr) sender.link->ContinueFrom(before.link.get());
      if (running_) StartThread(&sender, std::move(before));
    }
    config_ = std::move(config);
    audience_ = AudienceOf(config_);
    if (!all_known) book_.ForgetSent();  // there is one that has heard of nothing
    senders_.swap(fresh);
  }
  for (Sender& sender : fresh) {
    if (sender.link != nullptr) gone.push_back(std::move(sender));
  }
  Retire(std::move(gone));
}

// Without a link: there is none.
Relay::Sender Relay::TakeSender(std::string_view url, std::vector<Sender>* senders) {
  const auto same = std::ranges::find_if(*senders, [&](const Sender& old) {
    return old.link != nullptr && old.link->target().url == url;
  });
  return same == senders->end() ? Sender() : std::exchange(*same, {});
}

void Relay::Retire(std::vector<Sender> senders) {
  std::erase_if(retired_,
                [](const Sender& sender) { return sender.link == nullptr || sender.link->done(); });
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
  ending_.request_stop();
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

std::vector<std::string> Relay::Dropped() const {
  const absl::MutexLock lock(&mutex_);
  return config_.dropped;
}

std::vector<LinkStats> Relay::Stats() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<LinkStats> stats;
  stats.reserve(senders_.size());
  for (const Sender& sender : senders_) stats.push_back(sender.link->Stats());
  return stats;
}

}  // namespace outrider
