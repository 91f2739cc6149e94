// SPDX-License-Identifier: Apache-2.0
// A desk whose one policy pages anna by every kind of channel that can be answered from, and ben
// ten minutes later.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {

class AnswersTest : public DeskTest {
 protected:
  AnswersTest() {
    Adjust([this](DeskConfig& config) {
      config.external_url = "https://o.example";
      config.answering.expire = 2 * kHour;
      config.answering.slack.secret.value = "slack-secret";
      config.answering.slack.users = {{"U1", "anna"}};
      config.answering.telegram.secret.value = "telegram-secret";
      config.answering.twilio.secret.value = "twilio-secret";
      config.answering.phones = {{{"user:anna", "twilio_sms[0]"}, "+4917"},
                                 {{"user:anna", "twilio_voice[0]"}, "+4917"},
                                 {{"user:ben", "twilio_sms[0]"}, "+8613"}};
      std::vector<EscalationTier>& tiers = config.incidents.escalation_policies[0].tiers;
      tiers = {{0, {"user:anna", "crew"}, false}, {10 * kMinute, {"user:ben"}, false}};
      std::vector<Receiver> receivers;
      AddReceiver("team", {"webhook"}, &receivers);
      AddReceiver("crew", {"webhook"}, &receivers);
      AddReceiver("user:anna", {"email", "slack", "telegram", "twilio_sms", "twilio_voice"},
                  &receivers);
      AddReceiver("user:ben", {"twilio_sms"}, &receivers);
      config.receivers = std::make_shared<const Receivers>(std::move(receivers));
      if (more_) more_(config);
    });
  }

  // Channels deliver into inbox_["RECEIVER/kind"].
  void AddReceiver(const std::string& name, const std::vector<const char*>& kinds,
                   std::vector<Receiver>* receivers) {
    Receiver receiver;
    receiver.name = name;
    for (const char* kind : kinds) {
      Integration integration;
      integration.kind = kind;
      integration.channel = std::make_unique<FakeChannel>(inbox_[name + "/" + kind], true);
      receiver.integrations.push_back(std::move(integration));
    }
    receivers->push_back(std::move(receiver));
  }

  // A critical alert, and its pages sent.
  std::string Page(const char* name = "Down") {
    EXPECT_TRUE(Fire(MakeAlert(name, "critical")).ok());
    Run(1);
    for (const auto& incident : desk_->Incidents({}).incidents) {
      if (incident->title == name) return incident->id;
    }
    return "";
  }
  // "acknowledge=TOKEN resolve= …" of the newest message there.
  std::string Tokens(const std::string& channel) {
    std::string out;
    for (const NotificationAction& action : Last(channel).actions) {
      out += (out.empty() ? "" : " ") + action.name + "=" + action.token;
    }
    return out;
  }
  const Notification& Last(const std::string& channel) {
    return inbox_[channel].got.at(inbox_[channel].got.size() - 1);
  }
  const NotificationAction& Action(const std::string& channel, const std::string& name) {
    for (const NotificationAction& action : Last(channel).actions) {
      if (action.name == name) return action;
    }
    static const NotificationAction kNone;
    ADD_FAILURE() << channel << " has no " << name;
    return kNone;
  }
  std::string Token(const std::string& channel, const std::string& name) {
    const NotificationAction& action = Action(channel, name);
    return action.token.empty() ? action.url.substr(action.url.rfind('/') + 1) : action.token;
  }
  std::string State(const std::string& id) {
    return std::string(IncidentStateText(desk_->GetIncident(id, kT0)->incident->state));
  }
  std::vector<AuditEvent> Events(const std::string& id, AuditKind kind) {
    std::vector<AuditEvent> events = desk_->GetIncident(id, kT0)->events;
    std::erase_if(events, [&](const AuditEvent& event) { return event.kind != kind; });
    return events;
  }

  std::function<void(DeskConfig&)> more_;
};

}  // namespace outrider
