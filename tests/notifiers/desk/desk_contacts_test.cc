// SPDX-License-Identifier: Apache-2.0
// When a page reaches a contact method: quiet hours, throttles, bundles; over restarts.
#include <fmt/format.h>

#include "notifiers/config/paging_config.h"
#include "notifiers/desk/paging_records.h"
#include "notifiers/incident/audit_trail.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

// Policy: anna, at once and every `repeat` minutes. anna has a twilio_sms[0]. kT0 is 14:13:20 UTC.
class ContactsDeskTest : public DeskTest {
 protected:
  void Setup(std::function<void(EscalationPolicy&, PagingConfig&)> change) {
    Adjust([this, change = std::move(change)](DeskConfig& config) {
      EscalationPolicy& policy = config.incidents.escalation_policies[0];
      policy.severities.clear();
      policy.tiers[0].receivers = {"user:anna"};
      PagingConfig people;
      people.users["anna"].important = {Severity::kCritical};
      change(policy, people);
      config.incidents.people = std::make_shared<const PagingConfig>(people);
      std::vector<Receiver> receivers(2);
      receivers[0].name = "team";
      receivers[1].name = "user:anna";
      Integration sms;
      sms.kind = "twilio_sms";
      sms.channel = std::make_unique<FakeChannel>(inbox_["sms"], true);
      receivers[1].integrations.push_back(std::move(sms));
      config.receivers = std::make_shared<const Receivers>(std::move(receivers));
    });
  }
  // `count` incidents of their own, named prefix0 …
  void FireMany(const char* prefix, int count, const char* severity) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(Fire(MakeAlert(fmt::format("{}{}", prefix, i).c_str(), severity)).ok());
    }
  }
  // Why pages were held, of all incidents.
  std::vector<std::string> Held() {
    std::vector<std::string> texts;
    IncidentFilter all;
    all.limit = 1000;
    for (const auto& incident : desk_->Incidents(all).incidents) {
      const auto detail = desk_->GetIncident(incident->id, clock_.NowNanos());
      EXPECT_TRUE(detail.ok());
      for (const AuditEvent& event : detail->events) {
        if (event.kind == AuditKind::kPageHeld) texts.push_back(event.text);
      }
    }
    return texts;
  }
  size_t Sms() { return Got("sms"); }
};

TEST_F(ContactsDeskTest, QuietHoursPutPagesOffToTheirEnd) {
  Setup([](EscalationPolicy&, PagingConfig& people) {
    QuietHours quiet;
    quiet.severities = {Severity::kLow, Severity::kInfo};
    TimeIntervalSpec afternoon;
    afternoon.times = {{14 * 60, 15 * 60 + 30}};
    quiet.hours = {afternoon};
    people.users["anna"].quiet_hours = {quiet};
  });
  ASSERT_TRUE(Fire(MakeAlert("Low", "low")).ok());
  ASSERT_TRUE(Fire(MakeAlert("High", "high")).ok());
  Run(60);
  EXPECT_EQ(Sms(), 1U) << "high ones are told";
  EXPECT_EQ(desk_->Stats(clock_.NowNanos()).outbox_rows, 1U);
  EXPECT_EQ(desk_->Stats(clock_.NowNanos()).outbox_oldest_seconds, 0) << "it is not late";
  EXPECT_EQ(Held(), (std::vector<std::string>{"user:anna/twilio_sms[0]: quiet hours of anna"}));
  Start(*disk_);
  Run(75 * 60);  // 15:29:20 and a bit
  EXPECT_EQ(Sms(), 1U);
  Run(60);
  EXPECT_EQ(Sms(), 2U);
  EXPECT_EQ(Held().size(), 1U) << "said once";
}

TEST_F(ContactsDeskTest, AnAcknowledgementInQuietHoursEndsTheHeldPage) {
  Setup([](EscalationPolicy&, PagingConfig& people) {
    QuietHours quiet;
    quiet.severities = {Severity::kLow};
    quiet.hours.resize(1);  // always
    people.users["anna"].quiet_hours = {quiet};
  });
  ASSERT_TRUE(Fire(MakeAlert("Low", "low")).ok());
  Run(60);
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  Run(2 * 86400);
  EXPECT_EQ(Sms(), 0U);
  EXPECT_EQ(desk_->Stats(clock_.NowNanos()).outbox_rows, 0U);
}

TEST_F(ContactsDeskTest, AnIncidentThatGetsWorseEndsItsQuiet) {
  Setup([](EscalationPolicy&, PagingConfig& people) {
    QuietHours quiet;
    quiet.severities = {Severity::kLow};
    quiet.hours.resize(1);
    people.users["anna"].quiet_hours = {quiet};
  });
  ASSERT_TRUE(Fire(MakeAlert("Db", "low")).ok());
  Run(60);
  EXPECT_EQ(Sms(), 0U);
  ASSERT_TRUE(Fire(MakeAlert("Db", "critical")).ok());
  Run(1);
  EXPECT_EQ(Sms(), 1U);
}

TEST_F(ContactsDeskTest, ThrottlesDelayAndNeverDrop) {
  Setup([](EscalationPolicy& policy, PagingConfig& people) {
    policy.repeat = 5;
    policy.repeat_interval = kMinute;
    people.limits["twilio_sms"] = {{2, 10 * kMinute}};
  });
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(9 * 60);
  EXPECT_EQ(Sms(), 2U) << "six are wanted";
  Start(*disk_);
  Run(3 * 60);
  EXPECT_EQ(Sms(), 4U) << "ten minutes after the first two, over a restart";
  Run(3600);
  EXPECT_EQ(Sms(), 6U);
}

TEST_F(ContactsDeskTest, WhatWasPutOffIsSentAtItsTimeWithoutAnotherEvent) {
  Setup([](EscalationPolicy& policy, PagingConfig& people) {
    policy.tiers.resize(2);
    policy.tiers[1].delay = kMinute;
    policy.tiers[1].receivers = {"user:anna"};
    people.limits["twilio_sms"] = {{1, 11 * kMinute}};
  });
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(3600);
  Nanos last = 0;
  for (const DeliveryView& delivery : desk_->RecentDeliveries(10)) {
    if (delivery.receiver == "user:anna") last = std::max(last, delivery.time);
  }
  EXPECT_EQ(Sms(), 2U);
  EXPECT_EQ((last - kT0) / kNanosPerSecond, 11 * 60);
}

TEST_F(ContactsDeskTest, TheFirstPageOfAnIncidentIsNotThrottled) {
  Setup([](EscalationPolicy&, PagingConfig& people) {
    people.limits["twilio_sms"] = {{1, kHour}};
    people.bundles = false;
  });
  FireMany("A", 3, "critical");
  Run(10);
  EXPECT_EQ(Sms(), 3U);
}

TEST_F(ContactsDeskTest, AProvidersAccountIsNotFlooded) {
  Setup([](EscalationPolicy&, PagingConfig& people) { people.bundles = false; });
  FireMany("A", 12, "critical");
  Run(1);
  EXPECT_EQ(Sms(), 5U);
  Run(5);
  EXPECT_EQ(Sms(), 10U);
  Run(5);
  EXPECT_EQ(Sms(), 12U);
}

TEST_F(ContactsDeskTest, MoreThanThreeIncidentsBecomeOneMessage) {
  Setup([](EscalationPolicy&, PagingConfig&) {});
  FireMany("A", 10, "high");
  Run(10);
  EXPECT_EQ(Sms(), 3U) << "the first ones, each by its own";
  Start(*disk_);
  Run(120);
  ASSERT_EQ(Sms(), 4U);
  const Notification& together = inbox_["sms"].got[3];
  EXPECT_EQ(together.title, "7 incidents");
  EXPECT_EQ(together.alerts.size(), 7U);
  EXPECT_NE(together.note.find("and 6 more incidents:"), std::string::npos) << together.note;
  size_t delivered = 0;
  for (const auto& incident : desk_->Incidents({}).incidents) {
    const auto detail = desk_->GetIncident(incident->id, clock_.NowNanos());
    for (const AuditEvent& event : detail->events) {
      delivered += event.kind == AuditKind::kPageDelivered ? 1 : 0;
    }
  }
  EXPECT_EQ(delivered, 10U) << "every incident's trail says that it was told";
  EXPECT_EQ(Held().size(), 7U);
  EXPECT_EQ(desk_->Stats(clock_.NowNanos()).outbox_rows, 0U);
}

TEST_F(ContactsDeskTest, TheFirstPageOfACriticalIncidentIsNotBundled) {
  Setup([](EscalationPolicy&, PagingConfig& people) { people.provider = {1000, kSecond}; });
  FireMany("A", 6, "high");
  FireMany("C", 4, "critical");
  Run(10);
  EXPECT_EQ(Sms(), 7U);
  Run(120);
  EXPECT_EQ(Sms(), 8U);
}

TEST_F(ContactsDeskTest, WhatWasToGoWithAnAcknowledgedIncidentGoesAlone) {
  Setup([](EscalationPolicy&, PagingConfig&) {});
  FireMany("A", 6, "high");
  Run(10);
  EXPECT_EQ(Sms(), 3U);
  // Of the three that wait one is taken care of, and so are those that were told.
  size_t left = 0;
  for (const auto& incident : desk_->Incidents({}).incidents) {
    if (incident->paged.empty() && left < 2) {
      ++left;
    } else {
      ASSERT_TRUE(desk_->Acknowledge(By(incident->id), clock_.NowNanos()).ok());
    }
  }
  ASSERT_EQ(left, 2U);
  Run(120);
  ASSERT_EQ(Sms(), 4U);
  EXPECT_EQ(inbox_["sms"].got[3].title, "2 incidents");
}

// The oldest of those that wait would carry the others: silenced, it must not keep them.
TEST_F(ContactsDeskTest, AnIncidentThatIsHeldHoldsNobodyElse) {
  Setup([](EscalationPolicy&, PagingConfig& people) { people.limits.clear(); });
  FireMany("A", 6, "high");
  Run(10);
  ASSERT_EQ(Sms(), 3U);
  const auto told = [&] {
    std::set<std::string> names;
    for (const Notification& got : inbox_["sms"].got) {
      for (const Alert& alert : got.alerts) names.emplace(alert.labels.Get("alertname"));
    }
    return names;
  };
  std::string first;
  for (int i = 5; i >= 0; --i) {
    const std::string name = fmt::format("A{}", i);
    if (!told().contains(name)) first = name;
  }
  Mute(first.c_str(), clock_.NowNanos(), clock_.NowNanos() + Sec(8 * 3600));
  Run(600);
  EXPECT_EQ(told().size(), 5U);
  EXPECT_FALSE(told().contains(first));
}

// It has waited to the end of the time, and does not for one that came just before the downtime.
TEST_F(ContactsDeskTest, AloneAtTheEndOfTheTimeItGoesAtOnce) {
  Setup([](EscalationPolicy&, PagingConfig& people) {
    people.limits.clear();
    people.bundle_more_than = 1;
  });
  ASSERT_TRUE(Fire(MakeAlert("First", "high")).ok());
  Run(1);
  ASSERT_TRUE(Fire(MakeAlert("Waits", "high")).ok());
  Run(110);
  ASSERT_EQ(Sms(), 1U);
  ASSERT_TRUE(Fire(MakeAlert("Later", "high")).ok());
  clock_.Set(clock_.NowNanos() + Sec(600));
  Start(*disk_);
  Run(5);
  EXPECT_EQ(Sms(), 3U);
}

// Quiet hours begin while it waits for others: those that wait next do not wait for it.
TEST_F(ContactsDeskTest, WhoIsPutOffAtTheEndOfTheTimeHoldsNobodyElse) {
  for (const int together : {2, 3}) {
    disk_ = std::make_unique<MemoryStore>();
    inbox_["sms"].got.clear();
    clock_.Set(kT0);
    Start(*disk_);
    Setup([](EscalationPolicy&, PagingConfig& people) {
      people.limits.clear();
      people.bundle_more_than = 1;
      QuietHours quiet;
      quiet.severities = {Severity::kHigh};
      quiet.hours.resize(1);
      quiet.hours[0].times = {{14 * 60 + 15, 23 * 60}};
      people.users["anna"].quiet_hours = {quiet};
    });
    FireMany("A", together, "high");
    Run(130);
    ASSERT_EQ(Sms(), 1U) << "14:15 is past";
    FireMany("B", 2, "medium");
    Run(130);
    EXPECT_EQ(Sms(), 3U) << together;
  }
}

TEST_F(ContactsDeskTest, AQuestionIsAskedInQuietHours) {
  Setup([](EscalationPolicy&, PagingConfig& people) {
    QuietHours quiet;
    quiet.severities = {Severity::kLow};
    quiet.hours.resize(1);  // always
    people.users["anna"].quiet_hours = {quiet};
  });
  Adjust([adjust = adjust_](DeskConfig& config) {
    adjust(config);
    config.incidents.attention[static_cast<size_t>(Severity::kLow)] = {
        .acknowledge_timeout = kHour, .confirm_within = 15 * kMinute, .auto_resolve = 0};
  });
  ASSERT_TRUE(Fire(MakeAlert("Low", "low")).ok());
  Run(60);
  ASSERT_EQ(Sms(), 0U);
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok());
  Run(3610);
  ASSERT_EQ(Sms(), 1U);
  EXPECT_EQ(inbox_["sms"].got[0].note.find("-1 times"), std::string::npos)
      << inbox_["sms"].got[0].note;
}

TEST_F(ContactsDeskTest, ARefusedBundleLosesNobody) {
  Setup([](EscalationPolicy&, PagingConfig& people) { people.limits.clear(); });
  FireMany("A", 6, "high");
  Run(10);
  ASSERT_EQ(Sms(), 3U);
  inbox_["sms"].answers.push_back(SendResult::Rejected("HTTP 400", "clientError"));
  Run(600);
  // The refused one, then the two that were to go with it, by messages of their own.
  EXPECT_EQ(Sms(), 6U);
  EXPECT_EQ(desk_->Stats(clock_.NowNanos()).outbox_rows, 0U);
}

class VerificationDeskTest : public ContactsDeskTest {
 protected:
  // The code in the message that came last.
  std::string CodeSent() {
    const std::string& title = inbox_["sms"].got.back().title;
    return title.substr(title.rfind(' ') + 1);
  }
  Status Confirm(const std::string& code) {
    return desk_->ConfirmVerification(
        {"anna", "sms"}, code,
        {.incident_id = "", .who = "boss", .channel = "api:token", .note = ""}, clock_.NowNanos());
  }
  bool Usable() { return desk_->Contacts("anna").value()[0].usable; }
};

TEST_F(VerificationDeskTest, ACodeThatComesBackConfirmsAContactMethod) {
  Setup([](EscalationPolicy& policy, PagingConfig& people) {
    policy.fallback = {"team"};
    people.require_verified = true;
    people.users["anna"].contacts["twilio_sms[0]"] = {"AC1", 7};
  });
  EXPECT_FALSE(Usable());
  ASSERT_TRUE(Fire(MakeAlert("A", "high")).ok());
  Run(10);
  EXPECT_EQ(Sms(), 0U) << "nobody confirmed it";
  const auto shown = desk_->GetEscalation(Newest()->id, clock_.NowNanos());
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(shown->tiers[0].remarks,
            std::vector<std::string>{"anna has no verified contact method"});
  EXPECT_EQ(shown->tiers[0].events.at(1).text, "tier 1: anna has no verified contact method");
  ASSERT_TRUE(desk_->StartVerification("anna", "sms[0]", clock_.NowNanos()).ok());
  EXPECT_EQ(Message(desk_->StartVerification("anna", "sms", clock_.NowNanos() + Sec(9))),
            "a code was sent 9s ago; another one may be asked for after a minute");
  Run(1);
  ASSERT_EQ(Sms(), 1U);
  const std::string code = CodeSent();
  EXPECT_EQ(code.size(), 6U);
  EXPECT_EQ(Message(Confirm("x")), "a wrong code; 2 tries are left");
  Start(*disk_);
  EXPECT_TRUE(Confirm(code).ok());
  EXPECT_TRUE(Usable());
  ASSERT_TRUE(Fire(MakeAlert("B", "high")).ok());
  Run(10);
  EXPECT_EQ(Sms(), 2U);
  EXPECT_EQ(Message(Confirm(code)), "no code was asked for twilio_sms[0] of anna") << "used up";
}

TEST_F(VerificationDeskTest, AnotherAddressIsNotConfirmed) {
  uint64_t digest = 7;
  Setup([&digest](EscalationPolicy&, PagingConfig& people) {
    people.require_verified = true;
    people.users["anna"].contacts["twilio_sms[0]"] = {"AC1", digest};
  });
  ASSERT_TRUE(desk_->StartVerification("anna", "sms", clock_.NowNanos()).ok());
  Run(1);
  ASSERT_TRUE(Confirm(CodeSent()).ok());
  EXPECT_TRUE(Usable());
  digest = 8;
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  EXPECT_FALSE(Usable());
}

TEST_F(VerificationDeskTest, ACodeConfirmsOnlyTheAddressItWasSentTo) {
  uint64_t digest = 7;
  Setup([&digest](EscalationPolicy&, PagingConfig& people) {
    people.require_verified = true;
    people.users["anna"].contacts["twilio_sms[0]"] = {"AC1", digest};
  });
  ASSERT_TRUE(desk_->StartVerification("anna", "sms", clock_.NowNanos()).ok());
  Run(1);
  const std::string old = CodeSent();
  digest = 8;
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  Start(*disk_);
  EXPECT_EQ(Message(Confirm(old)),
            "the contact method was changed after the code was sent: ask for another one");
  EXPECT_FALSE(Usable());
  Run(60);
  ASSERT_TRUE(desk_->StartVerification("anna", "sms", clock_.NowNanos()).ok());
  Run(1);
  EXPECT_TRUE(Confirm(CodeSent()).ok());
  EXPECT_TRUE(Usable());
  // Back to what it was: that one was never confirmed.
  digest = 7;
  ASSERT_TRUE(desk_->Reload(Config(), clock_.NowNanos()).ok());
  EXPECT_FALSE(Usable());
}

TEST_F(VerificationDeskTest, TheAuditSaysWhoConfirmed) {
  Setup([](EscalationPolicy&, PagingConfig&) {});
  ASSERT_TRUE(desk_->StartVerification("anna", "sms", clock_.NowNanos()).ok());
  Run(1);
  ASSERT_TRUE(Confirm(CodeSent()).ok());
  std::vector<AuditEvent> found;
  for (int bucket = 0; bucket < kAuditBuckets; ++bucket) {
    const auto events = desk_->AuditEvents(static_cast<uint8_t>(bucket));
    for (const AuditEvent& event : *events) {
      if (event.kind == AuditKind::kContactVerified) found.push_back(event);
    }
  }
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].subject, "user:anna");
  EXPECT_EQ(found[0].who, "boss");
  EXPECT_EQ(found[0].channel, "api:token");
  EXPECT_EQ(found[0].data,
            (std::map<std::string, std::string>{{"user", "anna"}, {"contact", "twilio_sms[0]"}}));
}

TEST_F(VerificationDeskTest, CodesAreNotGuessedAt) {
  Setup([](EscalationPolicy&, PagingConfig&) {});
  EXPECT_TRUE(Usable()) << "unless confirmation is required";
  EXPECT_TRUE(absl::IsNotFound(desk_->StartVerification("ben", "sms", clock_.NowNanos())));
  EXPECT_TRUE(absl::IsNotFound(desk_->StartVerification("anna", "email", clock_.NowNanos())));
  EXPECT_TRUE(absl::IsNotFound(Confirm("000000")));
  ASSERT_TRUE(desk_->StartVerification("anna", "sms", clock_.NowNanos()).ok());
  Run(1);
  const std::string code = CodeSent();
  for (int left = 2; left >= 0; --left) {
    EXPECT_TRUE(absl::IsInvalidArgument(Confirm("wrong"))) << left;
  }
  EXPECT_EQ(Message(Confirm(code)), "too many wrong codes: ask for another one");
  Run(60);
  ASSERT_TRUE(desk_->StartVerification("anna", "sms", clock_.NowNanos()).ok());
  Run(601);
  EXPECT_EQ(Message(Confirm(CodeSent())), "the code is too old: ask for another one");
}

}  // namespace
}  // namespace outrider
