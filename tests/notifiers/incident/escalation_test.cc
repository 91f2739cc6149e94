// SPDX-License-Identifier: Apache-2.0
// Escalation by hand, another policy, rounds without end.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>

#include "notifiers/config/escalation_config.h"
#include "notifiers/incident/decisions.h"

namespace outrider {
namespace {

constexpr Nanos kT0 = 1'790'000'000LL * kNanosPerSecond;
constexpr Nanos Min(int64_t minutes) { return minutes * 60 * kNanosPerSecond; }

EscalationTier Tier(DurationMs delay, std::vector<std::string> receivers) {
  EscalationTier tier;
  tier.delay = delay;
  tier.receivers = std::move(receivers);
  return tier;
}

// Tiers a, b, c after 0, 5 and 15 minutes.
IncidentsConfig Config(int repeat) {
  IncidentsConfig config = DefaultIncidentsConfig();
  EscalationPolicy policy;
  policy.name = "p";
  policy.tiers = {Tier(0, {"a"}), Tier(5 * kMinute, {"b"}), Tier(15 * kMinute, {"c"})};
  policy.repeat = repeat;
  policy.fallback = {"boss"};
  config.escalation_policies = {policy};
  return config;
}

Incident Open(const IncidentsConfig& config) {
  Alert alert;
  alert.labels = Labels({{"alertname", "Down"}, {"severity", "critical"}});
  alert.starts_at = {kT0, 0};
  return OpenIncident(config, "i1", alert, nullptr, kT0).incident;
}

std::vector<std::string> Told(const IncidentDecision& decision) {
  std::vector<std::string> told;
  for (const PageRequest& page : decision.pages) told.push_back(page.receiver);
  return told;
}

Nanos NextDue(const IncidentDecision& decision) {
  Nanos due = -1;
  for (const TimerChange& timer : decision.timers) {
    if (timer.kind == TimerKind::kEscalate) due = timer.due;
  }
  return due;
}

using Names = std::vector<std::string>;
const Actor kAnna{.who = "anna", .channel = "cli", .note = "I need help"};

TEST(EscalateNow, TellsTheNextTierAndTheLaterOnesMoveWithIt) {
  const Incident incident = Open(Config(0));
  EXPECT_EQ(incident.escalation.fallback(), (Names{"boss"}));
  const auto second = EscalateNow(incident, false, kAnna, kT0 + Min(1));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(Told(*second), (Names{"b"}));
  EXPECT_EQ(second->pages[0].epoch, incident.epoch) << "who was paged before still hears of it";
  EXPECT_EQ(NextDue(*second), kT0 + Min(11)) << "ten minutes lie between b and c";
  ASSERT_EQ(second->events.size(), 1U);
  EXPECT_EQ(second->events[0].kind, AuditKind::kEscalated);
  EXPECT_EQ(second->events[0].who, "anna");
  EXPECT_EQ(second->events[0].text, "escalated to tier 2: b: I need help");
  const auto third = EscalateNow(second->incident, false, kAnna, kT0 + Min(2));
  EXPECT_EQ(Told(*third), (Names{"c"}));
  EXPECT_FALSE(third->incident.escalation.active);
  ASSERT_EQ(third->events.size(), 2U);
  EXPECT_EQ(third->events[0].text, "escalated to tier 3: c: I need help");
  EXPECT_EQ(third->events[1].kind, AuditKind::kEscalationFinished) << "as by the clock";
  EXPECT_EQ(third->events[1].time, kT0 + Min(2));
  EXPECT_EQ(third->events[1].who, "") << "it follows, nobody said so";
  const auto spent = EscalateNow(third->incident, false, kAnna, kT0 + Min(3));
  EXPECT_EQ(Message(spent.status()), "incident i1 has told its last tier; force begins again");
  const auto again = EscalateNow(third->incident, true, kAnna, kT0 + Min(3));
  EXPECT_EQ(Told(*again), (Names{"a"}));
  EXPECT_EQ(again->pages[0].loop, 1) << "a page of its own";
  EXPECT_EQ(NextDue(*again), kT0 + Min(8));
}

TEST(EscalateNow, WhoIsTakenCareOfNeedsForce) {
  const IncidentsConfig config = Config(0);
  const Incident acknowledged =
      Act(config, Open(config), IncidentAction::kAcknowledge, kAnna, kT0 + Min(1))->incident;
  EXPECT_EQ(Message(EscalateNow(acknowledged, false, kAnna, kT0 + Min(2)).status()),
            "incident i1 is taken care of and does not escalate; force tells the next tier");
  const auto forced = EscalateNow(acknowledged, true, kAnna, kT0 + Min(2));
  EXPECT_EQ(Told(*forced), (Names{"b"}));
  EXPECT_EQ(forced->pages[0].epoch, acknowledged.epoch);
  EXPECT_EQ(forced->incident.state, IncidentState::kAcknowledged);
  EXPECT_FALSE(forced->incident.escalation.active) << "and nobody else by the clock";
  EXPECT_EQ(NextDue(*forced), 0);
  const Incident resolved =
      Act(config, Open(config), IncidentAction::kResolve, kAnna, kT0 + Min(1))->incident;
  EXPECT_EQ(Message(EscalateNow(resolved, true, kAnna, kT0).status()), "incident i1 is resolved");
  Incident unpoliced = Open(config);
  unpoliced.escalation = {};
  EXPECT_EQ(Message(EscalateNow(unpoliced, true, kAnna, kT0).status()),
            "incident i1 has no escalation policy");
}

// Thousands of incidents by one policy keep its tiers once, wherever they come from.
TEST(PolicySteps, EqualOnesAreOneInMemory) {
  const IncidentsConfig config = Config(0);
  const Incident first = Open(config);
  const IncidentsConfig reloaded = Config(3);
  EXPECT_EQ(Open(reloaded).escalation.steps, first.escalation.steps);
  const StatusOr<Incident> read = DecodeIncident(EncodeIncident(first));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->escalation.steps, first.escalation.steps);
  struct Case {
    const char* name;
    void (*change)(EscalationPolicy&);
  };
  const Case cases[] = {
      {"delay", [](EscalationPolicy& p) { p.tiers[1].delay = 1; }},
      {"receiver", [](EscalationPolicy& p) { p.tiers[0].receivers = {"b"}; }},
      {"in turn", [](EscalationPolicy& p) { p.tiers[0].round_robin = true; }},
      {"one of two names", [](EscalationPolicy& p) { p.tiers[0].receivers = {"a", "1:b"}; }},
      {"one name", [](EscalationPolicy& p) { p.tiers[0].receivers = {"a1:b"}; }},
      {"fallback", [](EscalationPolicy& p) { p.fallback.clear(); }},
      {"fewer tiers", [](EscalationPolicy& p) { p.tiers.pop_back(); }}};
  std::set<std::shared_ptr<const PolicySteps>> different = {first.escalation.steps};
  for (const Case& c : cases) {
    IncidentsConfig other = Config(0);
    c.change(other.escalation_policies[0]);
    EXPECT_TRUE(different.insert(Open(other).escalation.steps).second) << c.name;
  }
  EXPECT_EQ(SharePolicySteps({}), nullptr);
}

TEST(ApplyPolicy, StartsOverWithTheNewSnapshot) {
  const IncidentsConfig config = Config(0);
  const Incident incident = Open(config);
  EscalationPolicy other;
  other.name = "other";
  other.tiers = {Tier(0, {"x"}), Tier(kMinute, {"y"})};
  const auto applied = ApplyPolicy(incident, &other, true, kAnna, kT0 + Min(1));
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(Told(*applied), (Names{"x"}));
  EXPECT_EQ(applied->incident.epoch, incident.epoch + 1) << "queued pages of the old one go";
  EXPECT_EQ(NextDue(*applied), kT0 + Min(2));
  EXPECT_EQ(applied->events[0].kind, AuditKind::kPolicyApplied);
  EXPECT_EQ(applied->events[0].from, "p");
  EXPECT_EQ(applied->events[0].to, "other");
  EXPECT_EQ(applied->events[0].who, "anna");
  EXPECT_TRUE(applied->incident.escalation.by_name);
  const Incident acknowledged =
      Act(config, incident, IncidentAction::kAcknowledge, kAnna, kT0 + Min(1))->incident;
  const auto later = ApplyPolicy(acknowledged, &other, true, kAnna, kT0 + Min(2));
  EXPECT_TRUE(Told(*later).empty());
  const auto given_back =
      Act(config, later->incident, IncidentAction::kUnacknowledge, kAnna, kT0 + Min(3));
  EXPECT_EQ(Told(*given_back), (Names{"x"}));
  const auto none = ApplyPolicy(incident, nullptr, false, kAnna, kT0);
  EXPECT_TRUE(none->incident.escalation.policy.empty());
  EXPECT_EQ(NextDue(*none), 0);
}

TEST(Escalation, RepeatsForever) {
  Incident incident = Open(Config(kRepeatForever));
  Nanos due = kT0 + Min(5);
  Names told;
  for (int step = 0; step < 3000; ++step) {
    const IncidentDecision decision = OnEscalationTimer(incident, due, due);
    for (const std::string& name : Told(decision)) told.push_back(name);
    ASSERT_TRUE(decision.incident.escalation.active);
    incident = decision.incident;
    due = NextDue(decision);
  }
  EXPECT_EQ(told.size(), 3000U);
  EXPECT_EQ(std::count(told.begin(), told.end(), "a"), 1000);
  EXPECT_EQ(incident.escalation.loop, 1000);
}

TEST(Escalation, ALongDowntimeCostsNoWalkThroughItsRounds) {
  const Incident incident = Open(Config(kRepeatForever));
  const IncidentDecision running = OnEscalationTimer(incident, kT0 + Min(5), kT0 + Min(5));
  const IncidentDecision rest =
      OnEscalationTimer(running.incident, kT0 + Min(15), kT0 + Min(15));  // next: a at 30
  // Rounds begin every 30 minutes; nine years later at the begin of one plus six minutes.
  const Nanos now = kT0 + Min(30) * 157'680 + Min(6);
  const IncidentDecision late = OnEscalationTimer(rest.incident, kT0 + Min(30), now);
  EXPECT_LE(late.events.size(), 4U);
  EXPECT_EQ(NextDue(late), now - Min(6) - Min(30)) << "the round before the running one";
  const IncidentDecision overtaken = OnEscalationTimer(late.incident, NextDue(late), now);
  EXPECT_TRUE(Told(overtaken).empty()) << "a and b are told by the running round";
  EXPECT_EQ(NextDue(overtaken), now - Min(6) - Min(15));
  const IncidentDecision last = OnEscalationTimer(overtaken.incident, NextDue(overtaken), now);
  EXPECT_EQ(Told(last), (Names{"c"}));
}

// What a page of a step is asked before it escalates once more.
TEST(Escalation, ToldSinceAStep) {
  const struct {
    int loop, next_tier;       // where it stands, of three tiers
    int page_loop, page_tier;  // 3: the fallback's
    bool told;
  } kCases[] = {
      {0, 1, 0, 0, false},  {0, 2, 0, 0, true},  {0, 2, 0, 1, false}, {0, 3, 0, 2, false},
      {0, 3, 0, 1, true},   {1, 0, 0, 2, false}, {1, 0, 0, 1, true},  {1, 1, 0, 2, true},
      {1, 1, 1, 0, false},  {1, 1, 0, 0, true},  {1, 0, 0, 3, false}, {1, 1, 0, 3, true},
      {0, 0, -1, 2, false}, {0, 1, -1, 2, true},
  };
  Escalation escalation = Open(Config(0)).escalation;
  ASSERT_EQ(escalation.tiers().size(), 3U);
  for (const auto& c : kCases) {
    escalation.loop = c.loop;
    escalation.next_tier = c.next_tier;
    EXPECT_EQ(ToldSince(escalation, c.page_loop, c.page_tier), c.told)
        << c.loop << "/" << c.next_tier << " page " << c.page_loop << "/" << c.page_tier;
  }
}

TEST(Escalation, OneInTurnStandsInForNobodyAfterADowntime) {
  IncidentsConfig config = Config(0);
  std::vector<EscalationTier>& tiers = config.escalation_policies[0].tiers;
  tiers[1].receivers = tiers[2].receivers = {"team:web"};
  tiers[2].round_robin = true;
  const Nanos now = kT0 + Min(60);
  EXPECT_EQ(Told(OnEscalationTimer(Open(config), kT0 + Min(5), now)), (Names{"team:web"}))
      << "all of them, before one of them is";
  tiers[1].round_robin = true;
  EXPECT_TRUE(Told(OnEscalationTimer(Open(config), kT0 + Min(5), now)).empty())
      << "one in turn by the last step";
  tiers[2].round_robin = false;
  EXPECT_TRUE(Told(OnEscalationTimer(Open(config), kT0 + Min(5), now)).empty());
}

// A step in turn that is late, and a later one in turn.
TEST(Escalation, OneInTurnStandsInOnlyForItsOwn) {
  const struct {
    Names late, later, told;
  } kCases[] = {
      {{"x"}, {"x"}, {}},
      {{"x"}, {"y", "x"}, {"x"}},  // y's turn, maybe
      {{"x", "y"}, {"y", "x"}, {}},
      {{"x", "y"}, {"x"}, {"y"}},
      {{"x", "y"}, {"y", "z"}, {"x", "y"}},
  };
  IncidentsConfig config = Config(0);
  std::vector<EscalationTier>& tiers = config.escalation_policies[0].tiers;
  tiers[1].round_robin = tiers[2].round_robin = true;
  for (const auto& c : kCases) {
    tiers[1].receivers = c.late;
    tiers[2].receivers = c.later;
    const auto decision = OnEscalationTimer(Open(config), kT0 + Min(5), kT0 + Min(60));
    EXPECT_EQ(Told(decision), c.told) << "late " << c.late.size() << " later " << c.later.size();
  }
}

TEST(Escalation, TimesOfTheTiers) {
  const Incident incident = Open(Config(0));
  EXPECT_EQ(TierTimes(incident.escalation), (std::vector<Nanos>{kT0, kT0 + Min(5), kT0 + Min(15)}));
}

}  // namespace
}  // namespace outrider
