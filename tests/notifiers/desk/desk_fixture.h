// SPDX-License-Identifier: Apache-2.0
// The desk with fake channels, a store in memory and virtual time. Receivers: team and other
// (idempotent), pager (not).
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "notifiers/desk/desk.h"
#include "storage/state/memory_store.h"
#include "tests/support/fake_clock.h"

namespace outrider {

inline constexpr Nanos kT0 = 1'790'000'000LL * kNanosPerSecond;
constexpr Nanos Sec(int64_t seconds) { return seconds * kNanosPerSecond; }

struct Inbox {
  absl::Mutex mutex;  // a dispatcher that was started sends from several threads
  std::vector<Notification> got;
  std::vector<SendResult> answers;      // for the next ones; then delivered
  std::set<std::string> refused_names;  // of alerts that make it answer 500
};

class FakeChannel final : public Channel {
 public:
  FakeChannel(Inbox& inbox, bool idempotent) : inbox_(inbox), idempotent_(idempotent) {}
  SendResult Send(const Notification& notification) override {
    const absl::MutexLock lock(&inbox_.mutex);
    inbox_.got.push_back(notification);
    for (const Alert& alert : notification.alerts) {
      if (!inbox_.refused_names.contains(std::string(alert.labels.Get(kAlertName)))) continue;
      return SendResult::Retry("HTTP 500", "serverError");
    }
    if (inbox_.answers.empty()) return SendResult::Delivered();
    const SendResult answer = inbox_.answers.front();
    inbox_.answers.erase(inbox_.answers.begin());
    return answer;
  }
  bool Idempotent() const override { return idempotent_; }

 private:
  Inbox& inbox_;
  bool idempotent_;
};

class DeskTest : public testing::Test {
 protected:
  DeskTest() : clock_(kT0) { Start(*disk_); }

  // From now on the configuration is changed by this.
  void Adjust(std::function<void(DeskConfig&)> adjust) {
    adjust_ = std::move(adjust);
    ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  }

  DeskConfig Config(const std::string& root_receiver = "team") {
    DeskConfig config;
    config.alertmanager.route.receiver = root_receiver;
    config.alertmanager.route.key = "{}";
    config.alertmanager.route.group_by = {"alertname"};
    config.incidents = DefaultIncidentsConfig();
    EscalationPolicy policy;
    policy.name = "p";
    policy.severities = {Severity::kCritical};
    policy.tiers.resize(1);
    policy.tiers[0].receivers = {"pager"};
    config.incidents.escalation_policies = {policy};
    std::vector<Receiver> receivers;
    for (const char* name : {"team", "pager", "other"}) {
      Receiver receiver;
      receiver.name = name;
      Integration integration;
      integration.kind = "webhook";
      integration.channel =
          std::make_unique<FakeChannel>(inbox_[name], std::string(name) != "pager");
      receiver.integrations.push_back(std::move(integration));
      receivers.push_back(std::move(receiver));
    }
    config.receivers = std::make_shared<const Receivers>(std::move(receivers));
    if (adjust_) adjust_(config);
    return config;
  }
  // Starts again, as after a crash: nothing in memory is kept.
  void Start(StateStore& store) {
    dispatcher_.reset();
    desk_.reset();
    StatusOr<std::unique_ptr<Desk>> desk = Desk::Load(store, random_, Config(), clock_.NowNanos());
    ASSERT_TRUE(desk.ok()) << desk.status();
    desk_ = *std::move(desk);
    dispatcher_ = std::make_unique<Dispatcher>(*desk_, clock_);
  }
  Alert MakeAlert(const char* name, const char* severity = "warning") {
    Alert alert;
    alert.labels = Labels({{"alertname", name}, {"severity", severity}});
    alert.starts_at = {clock_.NowNanos(), 0};
    alert.updated_at = clock_.NowNanos();
    return alert;
  }
  Status Fire(const Alert& alert) { return desk_->OnAlerts({&alert, 1}, {}, clock_.NowNanos()); }
  Status End(Alert alert) {
    alert.ends_at = {clock_.NowNanos(), 0};
    alert.updated_at = clock_.NowNanos();
    return Fire(alert);
  }
  // Runs everything up to `seconds` from now, in order.
  void Run(int64_t seconds) {
    const Nanos end = clock_.NowNanos() + Sec(seconds);
    while (true) {
      const Nanos now = clock_.NowNanos();
      ASSERT_TRUE(desk_->Tick(now).ok());
      dispatcher_->RunOnce(now);
      Nanos next = end;
      if (const auto due = desk_->NextDue()) next = std::min(next, *due);
      if (const auto due = desk_->NextMessageDue()) next = std::min(next, *due);
      if (next >= end && now >= end) return;
      clock_.Set(std::max(next, now + 1));
    }
  }
  size_t Got(const char* receiver) {
    Inbox& inbox = inbox_[receiver];
    const absl::MutexLock lock(&inbox.mutex);
    return inbox.got.size();
  }
  std::shared_ptr<const Incident> Newest() {
    const IncidentPage page = desk_->Incidents({});
    return page.incidents.empty() ? nullptr : page.incidents.front();
  }

  HumanAction By(const std::string& incident_id, const char* note = "") {
    return {.incident_id = incident_id, .who = "anna", .channel = "cli", .note = note};
  }
  std::string Mute(const char* alertname, Nanos from, Nanos to) {
    Silence silence;
    silence.matchers = {Matcher::Equal("alertname", alertname)};
    silence.starts_at = from;
    silence.ends_at = to;
    silence.created_by = "anna";
    silence.comment = "test";
    return desk_->SetSilence(silence, "api", clock_.NowNanos()).value();
  }

  std::function<void(DeskConfig&)> adjust_;
  FakeClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<MemoryStore> disk_ = std::make_unique<MemoryStore>();
  std::map<std::string, Inbox> inbox_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

}  // namespace outrider
