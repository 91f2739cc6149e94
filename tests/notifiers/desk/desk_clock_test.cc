// SPDX-License-Identifier: Apache-2.0
// The clock on the wall is set back. Whatever counts from a moment goes on as if nothing had
// happened: each story is told twice, once with a clock that nobody touches, and must come out the
// same by the clock of a bystander. Whatever is planned by the calendar keeps its time.
#include <fmt/format.h>

#include <algorithm>
#include <stop_token>

#include "notifiers/config/escalation_config.h"
#include "notifiers/desk/decide_clock.h"
#include "storage/base/hash.h"
#include "storage/state/faulty_store.h"
#include "tests/notifiers/desk/paging_fixture.h"

namespace outrider {
namespace {

constexpr int64_t kStep = 5;  // seconds
constexpr int64_t kHourBack = 3600;

// How the clock is set back, and what befalls the process then.
enum class Way { kNever, kLive, kTwice, kRestart, kCrashBefore, kCrashAfter };

class ClockTest : public PagingDeskTest {
 public:
  struct Deed {
    int64_t second;
    std::function<void(ClockTest&)> act;
  };
  struct Story {
    std::string name;
    std::function<void(DeskConfig&)> adjust;
    std::vector<Deed> deeds;
    int64_t minutes = 60;
    bool restarts = true;  // false: some of it is remembered in memory only
  };
  struct Mark {
    int64_t second;
    std::string what;
    friend bool operator==(const Mark&, const Mark&) = default;
  };
  using Marks = std::vector<Mark>;

  void FireNamed(const char* name, const char* severity = "critical") {
    ASSERT_TRUE(Fire(MakeAlert(name, severity)).ok());
  }
  void EndNamed(const char* name, const char* severity = "critical") {
    ASSERT_TRUE(End(MakeAlert(name, severity)).ok());
  }
  void Post(const char* name) {
    Alert alert = MakeAlert(name, "critical");
    alert.starts_at = {};
    ASSERT_TRUE(desk_->PostAlerts({&alert, 1}, clock_.NowNanos()).ok());
  }
  void Acknowledge() { ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), clock_.NowNanos()).ok()); }
  void ResolveNewest() { ASSERT_TRUE(desk_->Resolve(By(Newest()->id), clock_.NowNanos()).ok()); }
  void BeatOnce() { ASSERT_TRUE(desk_->Beat("backup", {}, By(""), clock_.NowNanos()).ok()); }
  void OnHold(bool on) {
    const HumanAction human = By(Newest()->id);
    const Nanos now = clock_.NowNanos();
    ASSERT_TRUE((on ? desk_->Hold(human, now) : desk_->Unhold(human, now)).ok());
  }
  void CreateHigh() {
    NewIncident wanted;
    wanted.title = "by hand";
    wanted.severity = Severity::kHigh;
    ASSERT_TRUE(desk_->Create(wanted, By(""), clock_.NowNanos()).ok());
  }
  void MuteIdle(DurationMs idle_end) {
    Silence silence;
    silence.matchers = {Matcher::Equal("alertname", "Down")};
    silence.starts_at = clock_.NowNanos();
    silence.ends_at = clock_.NowNanos() + 24 * kHour * kNanosPerMilli;
    silence.created_by = "anna";
    silence.comment = "test";
    silence.idle_end = idle_end;
    ASSERT_TRUE(desk_->SetSilence(silence, "api", clock_.NowNanos()).ok());
  }
  void Answer(const char* contact, SendResult result) { inbox_[contact].answers = {result}; }
  void Shift(int64_t seconds) { clock_.Set(clock_.NowNanos() + Sec(seconds)); }

  void Load(StateStore& store) {
    Start(store);
    desk_->Watch(clock_);
  }

  // Everything that is to be seen of the story, by a clock that nobody sets.
  Marks Tell(const Story& story, Way way) {
    disk_ = std::make_unique<MemoryStore>();
    inbox_.clear();
    seen_.clear();
    clock_.Set(kT0);
    adjust_ = [&](DeskConfig& config) {
      config.receivers = std::make_shared<const Receivers>(MakeReceivers());
      EscalationPolicy& policy = config.incidents.escalation_policies[0];
      policy.tiers.clear();
      policy.tiers.push_back({.delay = 0, .receivers = {"user:anna"}});
      policy.tiers.push_back({.delay = 15 * kMinute, .receivers = {"user:ben"}});
      if (story.adjust) story.adjust(config);
    };
    Load(*disk_);
    Marks marks;
    size_t next = 0;
    for (int64_t second = 0; second <= story.minutes * 60; second += kStep) {
      if (second == 600) SetBackBy(way, kHourBack);
      if (second == 1200 && way == Way::kTwice) SetBackBy(way, 6 * kHourBack);
      for (; next < story.deeds.size() && story.deeds[next].second <= second; ++next) {
        story.deeds[next].act(*this);
      }
      Settle();
      Look(second, &marks);
      Shift(kStep);
    }
    return marks;
  }

 private:
  void Settle() {
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
      dispatcher_->RunOnce(clock_.NowNanos());
    }
  }

  void SetBackBy(Way way, int64_t seconds) {
    Settle();  // this clock does not tell the desk what has passed since
    if (way == Way::kNever) return;
    if (way == Way::kCrashBefore || way == Way::kCrashAfter) {
      // A start writes: the fault is armed behind it.
      Load(*disk_);
      FaultyStore counting(*disk_, {});
      Load(counting);
      const uint64_t used = counting.commits();
      FaultyStore dying(*disk_, {.fault = way == Way::kCrashBefore ? StoreFault::kCrashBefore
                                                                   : StoreFault::kCrashAfter,
                                 .at = used + 1});
      Load(dying);
      Shift(-seconds);
      static_cast<void>(desk_->Tick(clock_.NowNanos()).ok());
      ASSERT_TRUE(dying.crashed());
      Load(*disk_);
      return;
    }
    Shift(-seconds);
    if (way == Way::kRestart) Load(*disk_);
  }

  void Look(int64_t second, Marks* marks) {
    for (auto& [contact, inbox] : inbox_) {
      size_t& seen = seen_[&inbox];
      const absl::MutexLock lock(&inbox.mutex);
      for (; seen < inbox.got.size(); ++seen) {
        const Notification& got = inbox.got[seen];
        marks->push_back(
            {second, fmt::format("{}: {}{}", contact, got.resolved ? "over, " : "", got.reason)});
      }
    }
    std::string states;
    for (const auto& incident : desk_->Incidents({.limit = 100}).incidents) {
      states += fmt::format(" {}", IncidentStateText(incident->state));
    }
    const auto last = std::ranges::find_if(marks->rbegin(), marks->rend(),
                                           [](const Mark& m) { return m.what.starts_with("is"); });
    if (last == marks->rend() ? !states.empty() : last->what != "is" + states) {
      marks->push_back({second, "is" + states});
    }
  }

  std::map<const Inbox*, size_t> seen_;
};

std::string Text(const ClockTest::Marks& marks) {
  std::string text;
  for (const auto& mark : marks) text += fmt::format("{:6} {}\n", mark.second, mark.what);
  return text;
}

IncidentsConfig& Incidents(DeskConfig& config) { return config.incidents; }

AttentionRule& RuleFor(DeskConfig& config, Severity severity) {
  return Incidents(config).attention[static_cast<size_t>(severity)];
}

PagingConfig& EditPeople(DeskConfig& config) {
  auto people = std::make_shared<PagingConfig>();
  PagingConfig& edited = *people;
  config.incidents.people = std::move(people);
  return edited;
}

using T = ClockTest;

void Fire(T& t) { t.FireNamed("Down"); }
void End(T& t) { t.EndNamed("Down"); }

std::vector<T::Story> StoriesOfPeople() {
  return {
      {"tiers_and_rounds",
       [](DeskConfig& config) {
         EscalationPolicy& policy = config.incidents.escalation_policies[0];
         policy.repeat = kRepeatForever;
         policy.repeat_interval = 7 * kMinute;
       },
       {{60, Fire}},
       90},
      {"contact_rules",
       [](DeskConfig& config) {
         UserPaging anna;
         anna.rules = {{"webhook[0]", 0}, {"email[0]", 20 * kMinute}};
         EditPeople(config).users.emplace("anna", anna);
       },
       {{60, Fire}}},
      {"acknowledgement_times_out",
       [](DeskConfig& config) {
         RuleFor(config, Severity::kCritical).acknowledge_timeout = 20 * kMinute;
         RuleFor(config, Severity::kCritical).confirm_within = 10 * kMinute;
       },
       {{60, Fire}, {120, [](T& t) { t.Acknowledge(); }}}},
      {"question_is_being_answered",
       [](DeskConfig& config) {
         RuleFor(config, Severity::kCritical).acknowledge_timeout = 5 * kMinute;
         RuleFor(config, Severity::kCritical).confirm_within = 10 * kMinute;
       },
       {{60, Fire}, {120, [](T& t) { t.Acknowledge(); }}}},
  };
}

std::vector<T::Story> StoriesOfIncidents() {
  return {
      {"sla_clocks",
       [](DeskConfig& config) {
         config.incidents.sla[static_cast<size_t>(Severity::kCritical)] = {25 * kMinute,
                                                                           45 * kMinute};
         config.incidents.sla_rules.notify = {"team"};
       },
       {{60, Fire}}},
      {"sla_clock_on_hold",
       [](DeskConfig& config) {
         config.incidents.sla[static_cast<size_t>(Severity::kCritical)] = {25 * kMinute,
                                                                           45 * kMinute};
         config.incidents.sla_rules.notify = {"team"};
       },
       {{60, Fire}, {300, [](T& t) { t.OnHold(true); }}, {900, [](T& t) { t.OnHold(false); }}}},
      {"resolves_itself",
       [](DeskConfig& config) { RuleFor(config, Severity::kHigh).auto_resolve = 20 * kMinute; },
       {{60, [](T& t) { t.CreateHigh(); }}}},
      {"still_fires",
       [](DeskConfig& config) { config.incidents.reopen_if_still_firing_after = 20 * kMinute; },
       {{60, Fire}, {300, [](T& t) { t.ResolveNewest(); }}}},
      {"within_the_reopen_window",
       [](DeskConfig& config) { config.incidents.reopen_window = 20 * kMinute; },
       {{60, Fire}, {300, End}, {1200, Fire}}},
      {"behind_the_reopen_window",
       [](DeskConfig& config) { config.incidents.reopen_window = 20 * kMinute; },
       {{60, Fire}, {300, End}, {1700, Fire}}},
  };
}

std::vector<T::Story> StoriesOfMessages() {
  return {
      {"group_wait",
       [](DeskConfig& config) { config.alertmanager.route.group_wait = 20 * kMinute; },
       {{60, Fire}}},
      {"group_interval",
       [](DeskConfig& config) {
         config.alertmanager.route.group_by = {};
         config.alertmanager.route.group_interval = 20 * kMinute;
       },
       {{60, Fire}, {300, [](T& t) { t.FireNamed("Disk"); }}, {1800, End}}},
      {"repeat_interval",
       [](DeskConfig& config) { config.alertmanager.route.repeat_interval = 20 * kMinute; },
       {{60, Fire}}},
      {"alert_by_api_is_over",
       [](DeskConfig& config) { config.alertmanager.resolve_timeout = 20 * kMinute; },
       {{60, [](T& t) { t.Post("Down"); }}}},
      {"retry_after",
       {},
       {{60,
         [](T& t) {
           t.Answer("user:anna/webhook", SendResult::Retry("HTTP 503", "serverError", 1'200'000));
           t.Answer("team/webhook", SendResult::Retry("HTTP 503", "serverError", 1'200'000));
           t.FireNamed("Down");
         }}}},
  };
}

std::vector<T::Story> StoriesOfContacts() {
  return {
      {"heartbeat",
       [](DeskConfig& config) {
         HeartbeatConfig backup;
         backup.name = "backup";
         backup.interval = 20 * kMinute;
         backup.grace = 2 * kMinute;
         config.around.heartbeats = {backup};
       },
       {{60, [](T& t) { t.BeatOnce(); }}}},
      {"throttle",
       [](DeskConfig& config) {
         EditPeople(config).limits = {{"webhook", {{1, 20 * kMinute}}}};
         EscalationPolicy& policy = config.incidents.escalation_policies[0];
         policy.tiers = {{.delay = 0, .receivers = {"user:anna"}},
                         {.delay = 10 * kMinute, .receivers = {"user:anna"}}};
       },
       {{60, Fire}}},
      {"bundle",
       [](DeskConfig& config) {
         PagingConfig& people = EditPeople(config);
         people.bundles = true;
         people.bundle_more_than = 1;
         people.bundle_within = 20 * kMinute;
         config.incidents.escalation_policies[0].severities = {Severity::kHigh};
       },
       {{60,
         [](T& t) {
           for (const char* name : {"A", "B", "C"}) t.FireNamed(name, "high");
         }}}},
  };
}

std::vector<T::Story> StoriesOfAlerts() {
  return {
      {"flaps_before_and_behind",
       [](DeskConfig& config) {
         config.limits.damping = {.changes = 2, .within = 20 * kMinute, .hold = 15 * kMinute};
         config.alertmanager.route.group_interval = kMinute;
       },
       {{60, Fire}, {120, End}, {180, Fire}, {240, End}, {900, Fire}},
       60,
       false},
      {"is_on_hold_because_it_flaps",
       [](DeskConfig& config) {
         config.limits.damping = {.changes = 2, .within = 20 * kMinute, .hold = 15 * kMinute};
         config.alertmanager.route.group_interval = kMinute;
       },
       {{60, Fire}, {120, End}, {180, Fire}, {240, End}, {300, Fire}}},
      {"waits_for_its_outage",
       [](DeskConfig& config) {
         Dependency dependency;
         dependency.name = "redis";
         dependency.on = {Matcher::Equal("alertname", "Redis")};
         dependency.match = {Matcher::Equal("alertname", "Down")};
         dependency.wait = 20 * kMinute;
         config.around.dependencies = {dependency};
       },
       {{60, Fire}}},
      {"silence_made_now_holds_and_idle_one_ends",
       {},
       {{60, [](T& t) { t.MuteIdle(20 * kMinute); }},
        {90, Fire},
        {120, End},
        {1400, Fire},
        {1550, End},
        {3000, Fire}},
       70},
  };
}

std::vector<T::Story> Stories() {
  std::vector<T::Story> all;
  for (const auto& some : {StoriesOfPeople(), StoriesOfIncidents(), StoriesOfMessages(),
                           StoriesOfContacts(), StoriesOfAlerts()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

class ClockSetBack : public ClockTest, public testing::WithParamInterface<T::Story> {};

TEST_P(ClockSetBack, WhatCountsFromAMomentGoesOn) {
  const Marks wanted = Tell(GetParam(), Way::kNever);
  ASSERT_GE(wanted.size(), 2U) << "nothing happens in this story";
  ASSERT_GT(wanted.back().second, 600) << "all of it is over before the clock is set";
  for (const Way way : {Way::kLive, Way::kTwice}) {
    EXPECT_EQ(Text(Tell(GetParam(), way)), Text(wanted)) << static_cast<int>(way);
  }
}

// The process knows of its last life to a minute: as much may come later, and nothing else changes.
TEST_P(ClockSetBack, AlsoOverAStartAndWhereverItCrashes) {
  if (!GetParam().restarts) return;
  const Marks wanted = Tell(GetParam(), Way::kNever);
  for (const Way way : {Way::kRestart, Way::kCrashBefore, Way::kCrashAfter}) {
    Marks marks = Tell(GetParam(), way);
    ASSERT_EQ(marks.size(), wanted.size()) << Text(marks) << "\n" << Text(wanted);
    for (size_t i = 0; i < marks.size(); ++i) {
      EXPECT_EQ(marks[i].what, wanted[i].what);
      EXPECT_GE(marks[i].second, wanted[i].second) << marks[i].what;
      EXPECT_LE(marks[i].second, wanted[i].second + 65) << marks[i].what;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Stories, ClockSetBack, testing::ValuesIn(Stories()),
                         [](const auto& param) { return param.param.name; });

// ---- by the calendar

class CalendarTest : public ClockTest {
 protected:
  CalendarTest() { desk_->Watch(clock_); }
  void SetClock(int64_t second) { clock_.Set(kT0 + Sec(second)); }
  bool Opens(const char* name) {
    EXPECT_TRUE(Fire(MakeAlert(name, "critical")).ok());
    return Newest() != nullptr && Newest()->title == name;
  }
};

TEST_F(CalendarTest, ASilenceThatHasEndedHoldsAgainUntilItsEnd) {
  Mute("Down", kT0, kT0 + Sec(300));
  Run(600);
  SetClock(-3000);
  EXPECT_FALSE(Opens("Down"));
  Run(3299);
  EXPECT_EQ(Newest(), nullptr);
  Run(7);  // and the settling delay
  EXPECT_NE(Newest(), nullptr);
}

TEST_F(CalendarTest, ASilenceThatWasTakenOffDoesNotComeBack) {
  const std::string id = Mute("Down", kT0, kT0 + Sec(5000));
  Run(300);
  ASSERT_TRUE(desk_->ExpireSilence(id, "api", clock_.NowNanos(), "anna").ok());
  Run(300);
  SetClock(-3000);
  EXPECT_TRUE(Opens("Down"));
}

TEST_F(CalendarTest, ASilenceThatWasPlannedBeginsAtItsTime) {
  Mute("Down", kT0 + Sec(100), kT0 + Sec(5000));
  Mute("Disk", kT0, kT0 + Sec(5000));
  Run(600);
  SetClock(-3000);
  EXPECT_TRUE(Opens("Down"));
  EXPECT_FALSE(Opens("Disk")) << "made to hold from then on";
}

TEST_F(CalendarTest, AMaintenanceWindowComesAgainAndEnds) {
  MaintenanceWindow window;
  window.name = "move";
  window.match = {Matcher::Equal("alertname", "Down")};
  window.start = kT0 + Sec(60);
  window.end = kT0 + Sec(300);
  Adjust([window](DeskConfig& config) { config.around.maintenance = {window}; });
  Run(600);
  SetClock(-3000);
  Run(3100);  // second 100
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(100);
  EXPECT_EQ(Got("pager"), 0U);
  Run(200);
  EXPECT_EQ(Got("pager"), 1U);
}

TEST_F(CalendarTest, ASnoozeEndsAtItsTime) {
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  ASSERT_TRUE(
      desk_->Change(SnoozeUntil{kT0 + Sec(1200)}, By(Newest()->id), clock_.NowNanos()).ok());
  Run(590);
  SetClock(-3000);
  Run(4199);
  EXPECT_NE(Newest()->snoozed_until, 0);
  EXPECT_EQ(Got("pager"), 1U);
  Run(2);
  EXPECT_EQ(Newest()->snoozed_until, 0);
  EXPECT_EQ(Got("pager"), 2U);
}

TEST_F(CalendarTest, QuietHoursAreAskedAnew) {
  Setup({{0, {"user:anna"}}}, [](EscalationPolicy&, PagingConfig& people) {
    QuietHours quiet;  // it is 14:13:20
    quiet.severities = {Severity::kCritical};
    quiet.hours.emplace_back();
    quiet.hours.back().times = {{14 * 60, 20 * 60}};
    people.users["anna"].quiet_hours = {quiet};
  });
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  EXPECT_EQ(GotBy("user:anna/webhook"), 0U);
  SetClock(-3600);
  Run(5);
  EXPECT_EQ(GotBy("user:anna/webhook"), 1U);
}

// ---- when it is noticed, and what is said of it

TEST_F(CalendarTest, OneEventOfTheTrailSaysSo) {
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  const auto before = desk_->GetIncident(Newest()->id, clock_.NowNanos())->events;
  SetClock(60 - 7200);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  Load(*disk_);
  const auto events = desk_->AuditEvents(BucketOf(kClockSubject));
  ASSERT_TRUE(events.ok());
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ(events->front().kind, AuditKind::kClockSetBack);
  EXPECT_EQ(events->front().text, "the clock was set back by 2h");
  EXPECT_EQ(events->front().time, clock_.NowNanos());
  EXPECT_EQ(desk_->GetIncident(Newest()->id, clock_.NowNanos())->events, before)
      << "what stands in the trail stays";
  EXPECT_EQ(Newest()->received_at, kT0 - Sec(7200));
  EXPECT_TRUE(desk_->VerifyAudit().ok());
}

TEST_F(CalendarTest, SmallStepsDelayByAsMuch) {
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(60);
  SetClock(56);
  ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  EXPECT_EQ(Newest()->received_at, kT0);
  SetClock(54);  // six in all
  ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  EXPECT_EQ(Newest()->received_at, kT0 - Sec(6));
}

TEST_F(CalendarTest, AnEventBehindTheEndOfTheTimersSetsNothingBack) {
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  SetClock(20);
  std::stop_source ended;
  ended.request_stop();
  desk_->RunTimers(clock_, ended.get_token());
  ASSERT_TRUE(Fire(MakeAlert("Later", "critical")).ok());
  EXPECT_EQ(desk_->AuditEvents(BucketOf(kClockSubject))->size(), 0U);
}

// An event that took its time before the clock was set, and comes to its turn behind that.
TEST_F(CalendarTest, WhatIsLateIsDecidedByTheClock) {
  Run(600);
  const Alert alert = MakeAlert("Down", "critical");
  const Nanos taken = clock_.NowNanos();
  SetClock(-3000);
  ASSERT_TRUE(desk_->OnAlerts({&alert, 1}, {}, taken).ok());
  EXPECT_EQ(Newest()->received_at, clock_.NowNanos());
  ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), taken).ok());
  EXPECT_EQ(Newest()->acknowledged_at, clock_.NowNanos());
}

// The store cannot be written when it happens: memory goes on by the new time, and the store
// follows.
TEST_F(CalendarTest, AFullDiskDoesNotStopIt) {
  FaultyStore full(*disk_, {.fault = StoreFault::kFailFrom, .at = 4});
  Load(full);
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  SetClock(-3600);
  ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  EXPECT_EQ(Newest()->received_at, kT0 - Sec(3600));
  full.Repair();
  Run(20);
  Load(*disk_);
  EXPECT_EQ(Newest()->received_at, kT0 - Sec(3600));
}

}  // namespace
}  // namespace outrider
