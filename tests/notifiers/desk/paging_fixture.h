// SPDX-License-Identifier: Apache-2.0
// A desk that pages people, by a policy and contact rules of the test.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "notifiers/config/paging_config.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {

// Users anna, ben and cleo have a webhook[0] and an email[0]; mute has nothing.
class PagingDeskTest : public DeskTest {
 protected:
  struct Tier {
    DurationMs delay = 0;
    std::vector<std::string> targets;
    bool round_robin = false;
  };
  void Setup(
      std::vector<Tier> tiers, std::function<void(EscalationPolicy&, PagingConfig&)> change =
                                   [](EscalationPolicy&, PagingConfig&) {}) {
    Adjust([this, tiers = std::move(tiers), change = std::move(change)](DeskConfig& config) {
      EscalationPolicy& policy = config.incidents.escalation_policies[0];
      policy.tiers.clear();
      for (const Tier& tier : tiers) {
        EscalationTier& added = policy.tiers.emplace_back();
        added.delay = tier.delay;
        added.receivers = tier.targets;
        added.round_robin = tier.round_robin;
      }
      PagingConfig people;
      people.teams = {{.name = "db", .members = {"anna", "mute", "ben", "cleo"}, .lead = "cleo"},
                      {.name = "nobody", .members = {"mute"}, .lead = ""}};
      change(policy, people);
      config.incidents.people = std::make_shared<const PagingConfig>(people);
      config.receivers = std::make_shared<const Receivers>(MakeReceivers());
    });
  }

  std::vector<Receiver> MakeReceivers() {
    std::vector<Receiver> receivers;
    for (const char* name :
         {"team", "pager", "user:anna", "user:ben", "user:cleo", "user:boss", "user:mute"}) {
      if (gone_.contains(name)) continue;
      Receiver receiver;
      receiver.name = name;
      for (const char* kind : {"webhook", "email"}) {
        if (receiver.name == "user:mute") continue;
        if (std::string_view(kind) == "email" && !receiver.name.starts_with("user:")) continue;
        Integration integration;
        integration.kind = kind;
        integration.channel =
            std::make_unique<FakeChannel>(inbox_[std::string(name) + "/" + kind], true);
        receiver.integrations.push_back(std::move(integration));
      }
      receivers.push_back(std::move(receiver));
    }
    return receivers;
  }

  std::set<std::string> gone_;  // receivers that are no longer configured

  size_t GotBy(const std::string& contact) { return Got(contact.c_str()); }
  void Refuse(const char* contact, int times = 1) {
    for (int i = 0; i < times; ++i) {
      inbox_[contact].answers.push_back(SendResult::Rejected("HTTP 404", "clientError"));
    }
  }
  std::vector<std::string> Texts(AuditKind kind) {
    std::vector<std::string> texts;
    const auto detail = desk_->GetIncident(Newest()->id, clock_.NowNanos());
    EXPECT_TRUE(detail.ok()) << detail.status();
    if (!detail.ok()) return texts;
    for (const AuditEvent& event : detail->events) {
      if (event.kind == kind) texts.push_back(event.text);
    }
    return texts;
  }
  // An incident of its own, over when this returns.
  void OneIncident(const char* name) {
    const Alert alert = MakeAlert(name, "critical");
    ASSERT_TRUE(Fire(alert).ok());
    Run(10);
    ASSERT_TRUE(desk_->Resolve(By(Newest()->id), clock_.NowNanos()).ok());
    Run(10);
  }
};

}  // namespace outrider
