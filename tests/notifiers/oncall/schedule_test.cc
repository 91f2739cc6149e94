// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/schedule.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "storage/base/local_time.h"

namespace outrider {
namespace {

constexpr int64_t kHourNanos = kHour * kNanosPerMilli;

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

Layer MakeLayer(const std::string& name, int priority, absl::CivilSecond start, ShiftUnit unit,
                std::vector<std::string> participants, absl::TimeZone zone) {
  Layer layer;
  layer.name = name;
  layer.priority = priority;
  layer.rotation = {zone, start, unit, 1, std::move(participants), {}};
  return layer;
}

// Primary: weekly from Monday 2 March 2026; nights: somebody else, over it.
Schedule Example() {
  Schedule schedule;
  schedule.name = "web";
  schedule.zone_name = "Europe/Berlin";
  schedule.zone = Zone("Europe/Berlin");
  const absl::CivilSecond monday(2026, 3, 2, 9);
  schedule.layers.push_back(
      MakeLayer("days", 0, monday, ShiftUnit::kWeeks, {"anna", "ben"}, schedule.zone));
  Layer nights = MakeLayer("nights", 1, monday, ShiftUnit::kDays, {"cleo"}, schedule.zone);
  nights.windows = {
      {.weekdays = {true, true, true, true, true, false, false}, .start = 22 * 60, .end = 6 * 60}};
  schedule.layers.push_back(nights);
  return schedule;
}

Nanos At(const Schedule& schedule, int month, int day, int hour, int minute = 0) {
  return InstantOf(absl::CivilSecond(2026, month, day, hour, minute), schedule.zone);
}

std::string Names(const OnCall& on_call) {
  std::string text;
  for (const std::string& user : on_call.users) text += (text.empty() ? "" : "+") + user;
  return fmt::format("{}/{}", text, OnCallSourceText(on_call.source));
}

TEST(Schedule, TheHighestLayerThatHasSomebodyHolds) {
  const Schedule schedule = Example();
  EXPECT_EQ(Names(OnCallAt(schedule, At(schedule, 3, 1, 12))), "/nobody");
  EXPECT_EQ(Names(OnCallAt(schedule, At(schedule, 3, 2, 12))), "anna/layer");
  EXPECT_EQ(Names(OnCallAt(schedule, At(schedule, 3, 2, 22))), "cleo/layer");
  EXPECT_EQ(Names(OnCallAt(schedule, At(schedule, 3, 3, 5, 59))), "cleo/layer");
  EXPECT_EQ(Names(OnCallAt(schedule, At(schedule, 3, 3, 6))), "anna/layer");
  EXPECT_EQ(Names(OnCallAt(schedule, At(schedule, 3, 7, 5))), "cleo/layer") << "Friday's night";
  EXPECT_EQ(Names(OnCallAt(schedule, At(schedule, 3, 7, 23))), "anna/layer") << "Saturday";
  EXPECT_EQ(Names(OnCallAt(schedule, At(schedule, 3, 9, 9))), "ben/layer");
}

TEST(Schedule, LayersOfOnePriorityAreOnCallTogether) {
  Schedule schedule = Example();
  schedule.layers[1].priority = 0;
  EXPECT_EQ(Names(OnCallAt(schedule, At(schedule, 3, 2, 23))), "anna+cleo/layer");
  schedule.layers[1].until = At(schedule, 3, 2, 23);
  EXPECT_EQ(Names(OnCallAt(schedule, At(schedule, 3, 2, 23))), "anna/layer") << "it has ended";
}

TEST(Schedule, OverridesThenSwapsAndTemporarySchedulesAboveAll) {
  const Schedule base = Example();
  const Nanos start = At(base, 3, 3, 10);
  const Nanos end = At(base, 3, 3, 12);
  using K = OverrideKind;
  struct Case {
    const char* name;
    std::vector<Override> overrides;
    std::vector<Substitution> swaps;
    std::vector<TemporarySchedule> temporary;
    const char* want;
  };
  const Case cases[] = {
      {"replace", {{K::kReplace, "dora", "anna", start, end, ""}}, {}, {}, "dora/override"},
      {"replace somebody who is not there",
       {{K::kReplace, "dora", "ben", start, end, ""}},
       {},
       {},
       "anna/layer"},
      {"replace whoever it is",
       {{K::kReplace, "dora", "", start, end, ""}},
       {},
       {},
       "dora/override"},
      {"add", {{K::kAdd, "dora", "", start, end, ""}}, {}, {}, "anna+dora/override"},
      {"remove", {{K::kRemove, "anna", "", start, end, ""}}, {}, {}, "/nobody"},
      {"remove, then add",
       {{K::kRemove, "anna", "", start, end, ""}, {K::kAdd, "ben", "", start, end, ""}},
       {},
       {},
       "ben/override"},
      {"swap", {}, {{"anna", "ben", start, end}}, {}, "ben/override"},
      {"a swap takes what an override left",
       {{K::kReplace, "dora", "anna", start, end, ""}},
       {{"dora", "ben", start, end}},
       {},
       "ben/override"},
      {"temporary",
       {{K::kReplace, "dora", "anna", start, end, ""}},
       {},
       {{start, end, {{"emil", start, end}}}},
       "emil/temporary"},
      {"temporary without anybody", {}, {}, {{start, end, {}}}, "/nobody"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Schedule schedule = base;
    schedule.overrides = c.overrides;
    schedule.substitutions = c.swaps;
    schedule.temporary = c.temporary;
    EXPECT_EQ(Names(OnCallAt(schedule, start)), c.want);
    EXPECT_EQ(Names(OnCallAt(schedule, end - 1)), c.want);
    EXPECT_EQ(Names(OnCallAt(schedule, start - 1)), "anna/layer");
    EXPECT_EQ(Names(OnCallAt(schedule, end)), "anna/layer") << "the end is not part of it";
  }
}

// Two halves of an exchange hold at the same time, whoever of the two is on call then, or both.
TEST(Schedule, SwapsThatHoldTogetherLoseNobody) {
  struct Case {
    const char* name;
    std::vector<std::string> layers;  // one of a priority each
    std::vector<std::pair<const char*, const char*>> swaps;
    const char* want;
  };
  const Case cases[] = {
      {"both on call", {"anna", "ben"}, {{"anna", "ben"}, {"ben", "anna"}}, "anna+ben/layer"},
      {"both, the other way",
       {"anna", "ben"},
       {{"ben", "anna"}, {"anna", "ben"}},
       "anna+ben/layer"},
      {"one of them", {"anna"}, {{"anna", "ben"}, {"ben", "anna"}}, "ben/override"},
      {"the other one", {"ben"}, {{"anna", "ben"}, {"ben", "anna"}}, "anna/override"},
      {"one takes the other's turn too", {"anna", "ben"}, {{"anna", "ben"}}, "ben/override"},
      {"given on", {"anna"}, {{"anna", "ben"}, {"ben", "cleo"}}, "cleo/override"},
      {"given on by one with a turn",
       {"anna", "ben"},
       {{"anna", "ben"}, {"ben", "cleo"}},
       "ben+cleo/override"},
      {"three in a circle",
       {"anna", "ben", "cleo"},
       {{"anna", "ben"}, {"ben", "cleo"}, {"cleo", "anna"}},
       "anna+ben+cleo/layer"},
      {"one of a circle",
       {"anna"},
       {{"anna", "ben"}, {"ben", "cleo"}, {"cleo", "anna"}},
       "ben/override"},
      {"nobody who is on call", {"anna"}, {{"ben", "cleo"}}, "anna/layer"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Schedule schedule = Example();
    const Layer model = schedule.layers[0];
    schedule.layers.clear();
    for (const std::string& user : c.layers) {
      schedule.layers.push_back(model);
      schedule.layers.back().rotation.participants = {user};
    }
    const Nanos time = At(schedule, 3, 3, 10);
    for (const auto& [from, to] : c.swaps) {
      schedule.substitutions.push_back({from, to, time, time + 1});
    }
    EXPECT_EQ(Names(OnCallAt(schedule, time)), c.want);
  }
}

TEST(Schedule, NextIsWhoComesWithOtherPeople) {
  const Schedule schedule = Example();
  const auto next = NextOnCall(schedule, At(schedule, 3, 2, 12), 30 * kDay * kNanosPerMilli);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->start, At(schedule, 3, 2, 22));
  EXPECT_EQ(Names(next->on_call), "cleo/layer");
  Schedule lonely = schedule;
  lonely.layers.pop_back();
  lonely.layers[0].rotation.participants = {"anna"};
  EXPECT_FALSE(NextOnCall(lonely, At(schedule, 3, 2, 12), 365 * kDay * kNanosPerMilli).has_value());
}

TEST(Schedule, GapsAreTold) {
  Schedule schedule = Example();
  schedule.layers.erase(schedule.layers.begin());
  const std::vector<Segment> gaps = Gaps(schedule, At(schedule, 3, 6, 0), At(schedule, 3, 10, 0));
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].start, At(schedule, 3, 6, 6));
  EXPECT_EQ(gaps[0].end, At(schedule, 3, 6, 22));
  EXPECT_EQ(gaps[1].start, At(schedule, 3, 7, 6)) << "from Saturday morning";
  EXPECT_EQ(gaps[1].end, At(schedule, 3, 9, 22)) << "to Monday night";
}

// A night of restricted hours over a change of clocks ends by the clock.
TEST(Schedule, WindowsEndByTheClock) {
  Schedule schedule = Example();
  schedule.layers.erase(schedule.layers.begin());
  schedule.layers[0].windows[0].weekdays.fill(true);
  const std::vector<Segment> segments =
      Segments(schedule, At(schedule, 3, 28, 12), At(schedule, 3, 29, 12));
  ASSERT_EQ(segments.size(), 3U);
  EXPECT_EQ(segments[1].end - segments[1].start, 7 * kHourNanos) << "clocks were set forward";
}

// St. John's set its clocks back at one minute past midnight: Saturday came again when Sunday's
// window had begun.
TEST(Schedule, AWindowGoesOnWhenClocksAreSetBackOverMidnight) {
  Schedule schedule;
  schedule.zone = Zone("America/St_Johns");
  Layer layer = MakeLayer("sundays", 0, absl::CivilSecond(2010, 1, 1), ShiftUnit::kWeeks, {"anna"},
                          schedule.zone);
  layer.windows = {
      {.weekdays = {false, false, false, false, false, false, true}, .start = 0, .end = 6 * 60}};
  schedule.layers = {layer};
  const Nanos begin = InstantOf(absl::CivilSecond(2010, 11, 7), schedule.zone);
  const Nanos end = InstantOf(absl::CivilSecond(2010, 11, 7, 6), schedule.zone);
  EXPECT_EQ(end - begin, 7 * kHourNanos);
  EXPECT_EQ(Names(OnCallAt(schedule, begin - 1)), "/nobody");
  for (Nanos time = begin; time < end; time += kHourNanos / 60) {
    ASSERT_EQ(Names(OnCallAt(schedule, time)), "anna/layer") << (time - begin) / kHourNanos;
    ASSERT_EQ(Segments(schedule, time, end).size(), 1U);
  }
  EXPECT_EQ(Names(OnCallAt(schedule, end)), "/nobody");
  EXPECT_EQ(Segments(schedule, begin - kHourNanos, end + kHourNanos).size(), 3U);
  // A period that ends between the two midnights has the first one.
  EXPECT_EQ(Segments(schedule, begin - kHourNanos, begin + kHourNanos / 2).size(), 2U);
}

Schedule RandomSchedule(std::mt19937_64& random) {
  const char* const zones[] = {"UTC", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"};
  const char* const users[] = {"a", "b", "c", "d", ""};
  Schedule schedule;
  schedule.zone = Zone(zones[random() % 4]);
  for (uint64_t i = 0; i < 1 + random() % 3; ++i) {
    Layer layer = MakeLayer(fmt::format("l{}", i), static_cast<int>(random() % 2),
                            absl::CivilDay(2026, 3, 1) + static_cast<int64_t>(random() % 9),
                            static_cast<ShiftUnit>(random() % 4), {}, Zone(zones[random() % 4]));
    layer.rotation.length = static_cast<int64_t>(1 + random() % 6);
    for (uint64_t u = 0; u < 1 + random() % 3; ++u) {
      layer.rotation.participants.emplace_back(users[random() % 5]);
    }
    if (random() % 2 == 0) {
      layer.windows.push_back({.weekdays = {random() % 2 == 0, true, true, false, true, true, true},
                               .start = static_cast<int>(random() % 1440),
                               .end = static_cast<int>(random() % 1440)});
    }
    schedule.layers.push_back(std::move(layer));
  }
  const Nanos base = absl::ToUnixNanos(absl::FromCivil(absl::CivilDay(2026, 3, 5), schedule.zone));
  const auto some = [&] { return static_cast<Nanos>(random() % 600) * kHourNanos / 3; };
  for (uint64_t i = 0; i < random() % 3; ++i) {
    const Nanos start = base + some();
    schedule.overrides.push_back({static_cast<OverrideKind>(random() % 3), users[random() % 4],
                                  users[random() % 5], start, start + some(), ""});
  }
  if (random() % 3 == 0) {
    const Nanos start = base + some();
    schedule.temporary.push_back({start, start + some(), {{"t", start, start + some()}}});
  }
  if (random() % 3 == 0) schedule.substitutions.push_back({"a", "b", base, base + some()});
  return schedule;
}

TEST(Segments, SayWhatEveryInstantSays) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 60; ++i) {
    SCOPED_TRACE(i);
    const Schedule schedule = RandomSchedule(random);
    const Nanos from =
        absl::ToUnixNanos(absl::FromCivil(absl::CivilDay(2026, 2, 27), absl::UTCTimeZone()));
    const Nanos to = from + 40 * 24 * kHourNanos;
    const std::vector<Segment> segments = Segments(schedule, from, to);
    ASSERT_FALSE(segments.empty());
    EXPECT_EQ(segments.front().start, from);
    EXPECT_EQ(segments.back().end, to);
    size_t at = 0;
    for (Nanos time = from; time < to; time += 7 * 60 * kNanosPerSecond) {
      while (segments[at].end <= time) ++at;
      ASSERT_EQ(segments[at].on_call.users, OnCallAt(schedule, time).users)
          << absl::FormatTime(absl::FromUnixNanos(time));
    }
    for (size_t s = 1; s < segments.size(); ++s) {
      EXPECT_EQ(segments[s - 1].end, segments[s].start);
      EXPECT_NE(segments[s - 1].on_call.users, segments[s].on_call.users);
      EXPECT_NE(OnCallAt(schedule, segments[s].start - 1).users, segments[s].on_call.users);
    }
  }
}

}  // namespace
}  // namespace outrider
