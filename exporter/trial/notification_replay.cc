// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/notification_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "notifiers/config/incidents_config.h"
#include "notifiers/desk/desk.h"
#include "storage/state/memory_store.h"

namespace outrider {
namespace {

class EventClock final : public Clock {
 public:
  explicit EventClock(Nanos now) : now_(now) {}
  void Set(Nanos now) { now_ = now; }
  Nanos NowNanos() const override { return now_; }
  int64_t MonotonicNanos() const override { return now_; }
  int64_t ThreadCpuNanos() const override { return 0; }
  bool SleepUntil(Nanos, std::stop_token) const override { return true; }

 private:
  Nanos now_;
};

class NotingChannel final : public Channel {
 public:
  NotingChannel(std::string integration, std::vector<TrialMessage>& messages)
      : integration_(std::move(integration)), messages_(messages) {}

  SendResult Send(const Notification& notification) override {
    TrialMessage message{.time = notification.now,
                         .receiver = notification.receiver,
                         .integration = integration_,
                         .group_key = notification.group_key,
                         .reason = notification.reason,
                         .firing = 0,
                         .resolved = 0,
                         .alerts = {}};
    for (const Alert& alert : notification.alerts) {
      ++(alert.ResolvedAt(notification.now) ? message.resolved : message.firing);
      message.alerts.emplace(alert.labels.Get(kAlertName));
    }
    messages_.push_back(std::move(message));
    return SendResult::Delivered();
  }
  bool Idempotent() const override { return true; }

 private:
  const std::string integration_;
  std::vector<TrialMessage>& messages_;
};

StatusOr<std::vector<Receiver>> NotingReceivers(const AlertmanagerConfig& config,
                                                std::vector<TrialMessage>& messages) {
  std::vector<Receiver> receivers;
  for (const ReceiverConfig& from : config.receivers) {
    Receiver receiver;
    receiver.name = from.name;
    for (const IntegrationConfig& section : from.integrations) {
      Integration integration = TRY(MakeIntegration(section, config, nullptr));
      integration.channel = std::make_unique<NotingChannel>(IntegrationName(integration), messages);
      receiver.integrations.push_back(std::move(integration));
    }
    receivers.push_back(std::move(receiver));
  }
  return receivers;
}

class Replay final : public NotificationReplay {
 public:
  explicit Replay(Timestamp start) : clock_(start * kNanosPerMilli) {}

  Status Start(AlertmanagerConfig config, std::vector<Silence> silences,
               const std::string& external_url, Random& random) {
    DeskConfig desk;
    std::vector<Receiver> receivers = TRY(NotingReceivers(config, messages_));
    desk.receivers = std::make_shared<const Receivers>(std::move(receivers));
    desk.alertmanager = std::move(config);
    desk.incidents = DefaultIncidentsConfig();
    desk.external_url = external_url;
    desk_ = TRY(Desk::Load(store_, random, std::move(desk), clock_.NowNanos()));
    dispatcher_ = std::make_unique<Dispatcher>(*desk_, clock_);
    for (Silence& silence : silences) {
      if (silence.ends_at <= clock_.NowNanos()) continue;
      const std::string name = std::exchange(silence.id, "");  // a new one, here
      const auto set = desk_->SetSilence(std::move(silence), "backtest", clock_.NowNanos());
      if (!set.ok()) return Annotate(set.status(), "silence " + name);
    }
    return absl::OkStatus();
  }

  Status OnTold(const ToldAlerts& told) override {
    std::vector<Alert> news;
    for (const Alert& alert : told.alerts) {
      // Of changed annotations alone nobody would be told anything new.
      const uint64_t fingerprint = alert.Fingerprint();
      const bool is_news = alert.ResolvedAt(told.now) ? firing_.erase(fingerprint) > 0
                                                      : firing_.insert(fingerprint).second;
      if (is_news) news.push_back(alert);
    }
    if (news.empty()) return absl::OkStatus();
    TRY(AdvanceTo(told.now));
    TRY(desk_->OnAlerts(news, Batch(), told.now));
    dispatcher_->RunOnce(told.now);
    return absl::OkStatus();
  }

  StatusOr<std::vector<TrialMessage>> Finish(Timestamp end) override {
    TRY(AdvanceTo(end * kNanosPerMilli));
    return messages_;
  }

 private:
  // Timers and messages, each at its time.
  Status AdvanceTo(Nanos now) {
    while (const std::optional<Nanos> due = NextDue()) {
      if (*due > now) break;
      clock_.Set(std::max(*due, clock_.NowNanos()));
      TRY(desk_->Tick(clock_.NowNanos()));
      dispatcher_->RunOnce(clock_.NowNanos());
    }
    clock_.Set(now);
    return absl::OkStatus();
  }

  std::optional<Nanos> NextDue() const {
    const std::optional<Nanos> timer = desk_->NextDue();
    const std::optional<Nanos> message = desk_->NextMessageDue();
    if (!timer || !message) return timer ? timer : message;
    return std::min(*timer, *message);
  }

  EventClock clock_;
  MemoryStore store_;
  std::vector<TrialMessage> messages_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unordered_set<uint64_t> firing_;
};

}  // namespace

StatusOr<std::unique_ptr<NotificationReplay>> NotificationReplay::Create(
    AlertmanagerConfig config, std::vector<Silence> silences, const std::string& external_url,
    Timestamp start, Random& random) {
  auto replay = std::make_unique<Replay>(start);
  TRY(replay->Start(std::move(config), std::move(silences), external_url, random));
  return replay;
}

}  // namespace outrider
