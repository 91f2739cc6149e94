// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/schedule_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/local_time.h"

namespace outrider {
namespace {

using testing::ElementsAre;

StatusOr<std::vector<Schedule>> Parse(std::string_view text) {
  const YamlNode root = TRY(ParseYaml(text, "i.yml"));
  return ParseSchedules(root.Find("schedules"), "i.yml", {"anna", "ben", "cleo"});
}

TEST(ScheduleConfig, ReadsEveryKey) {
  const auto schedules = Parse(R"(schedules:
- name: primary
  time_zone: Europe/Berlin
  layers:
  - {name: days, users: [anna, ben], start: 2026-01-05T09:00}
  - users: [cleo, ""]
    rotation: monthly
    every: 2
    start: 2026-01-31
    until: 2026-12-01T00:00:00Z
    priority: -3
    hours: [{weekdays: [Monday, sunday], from: "22:00", to: "06:30"}, {from: "12:00"}]
  overrides:
  - {user: cleo, replaces: anna, start: 2026-02-01T09:00, end: 2026-02-02T09:00:00+01:00, reason: ill}
  - {user: ben, kind: remove, start: 2026-03-01, end: 2026-03-02}
  swaps: [{from: anna, to: ben, start: 2026-04-01, end: 2026-04-02}]
  temporary: [{start: 2026-12-24, end: 2026-12-27, shifts: [{user: cleo, start: 2026-12-24, end: 2026-12-25}]}]
  fallback: [ben]
)");
  ASSERT_TRUE(schedules.ok()) << schedules.status();
  ASSERT_EQ(schedules->size(), 1U);
  const Schedule& s = schedules->front();
  EXPECT_EQ(s.name, "primary");
  EXPECT_EQ(s.zone_name, "Europe/Berlin");
  ASSERT_EQ(s.layers.size(), 2U);
  EXPECT_EQ(s.layers[0].rotation.start, absl::CivilSecond(2026, 1, 5, 9));
  EXPECT_EQ(s.layers[0].rotation.unit, ShiftUnit::kWeeks);
  EXPECT_THAT(s.layers[0].rotation.participants, ElementsAre("anna", "ben"));
  EXPECT_EQ(s.layers[0].priority, 0);
  EXPECT_EQ(s.layers[1].name, "layer 2");
  EXPECT_EQ(s.layers[1].priority, -3);
  EXPECT_EQ(s.layers[1].rotation.unit, ShiftUnit::kMonths);
  EXPECT_EQ(s.layers[1].rotation.length, 2);
  EXPECT_EQ(s.layers[1].until, InstantOf(absl::CivilSecond(2026, 12, 1, 1), s.zone));
  ASSERT_EQ(s.layers[1].windows.size(), 2U);
  EXPECT_THAT(s.layers[1].windows[0].weekdays,
              ElementsAre(true, false, false, false, false, false, true));
  EXPECT_EQ(s.layers[1].windows[0].start, 22 * 60);
  EXPECT_EQ(s.layers[1].windows[0].end, 6 * 60 + 30);
  EXPECT_EQ(s.layers[1].windows[1].end, 0) << "24:00";
  ASSERT_EQ(s.overrides.size(), 2U);
  EXPECT_EQ(s.overrides[0].end, InstantOf(absl::CivilSecond(2026, 2, 2, 9), s.zone));
  EXPECT_EQ(s.overrides[0].replaced, "anna");
  EXPECT_EQ(s.overrides[0].reason, "ill");
  EXPECT_EQ(s.overrides[1].kind, OverrideKind::kRemove);
  ASSERT_EQ(s.substitutions.size(), 1U);
  EXPECT_EQ(s.substitutions[0].to, "ben");
  ASSERT_EQ(s.temporary.size(), 1U);
  EXPECT_EQ(s.temporary[0].shifts[0].user, "cleo");
  EXPECT_THAT(s.fallback, ElementsAre("ben"));
}

TEST(ScheduleConfig, ACustomRotationNamesTheLengthsOfItsShifts) {
  const auto schedules = Parse(R"(schedules:
- name: split
  layers:
  - {users: [anna, ben], rotation: custom, lengths: [4d8h, 64h], start: 2026-01-05T09:00}
  - {users: [anna], rotation: custom, lengths: 10d, start: 2026-01-05, before_start: true}
)");
  ASSERT_TRUE(schedules.ok()) << schedules.status();
  const std::vector<Layer>& layers = schedules->front().layers;
  EXPECT_EQ(layers[0].rotation.unit, ShiftUnit::kCustom);
  EXPECT_THAT(layers[0].rotation.lengths, ElementsAre(104 * 3600, 64 * 3600));
  EXPECT_FALSE(layers[0].rotation.before_start);
  EXPECT_THAT(layers[1].rotation.lengths, ElementsAre(10 * 86'400));
  EXPECT_TRUE(layers[1].rotation.before_start);
}

TEST(ScheduleConfig, Errors) {
  const std::string layer = "layers: [{users: [anna], start: 2026-01-05}]";
  const std::pair<std::string, std::string> table[] = {
      {"{name: a}", "i.yml:2:3: a schedule needs a layer"},
      {"{" + layer + "}", "i.yml:2:3: missing name in schedule"},
      {"{name: a, layer: []}", "i.yml:2:13: field layer not found in type schedule"},
      {"{name: a, time_zone: ../../etc/passwd, " + layer + "}",
       "i.yml:2:24: unknown time zone \"../../etc/passwd\""},
      {"{name: a, time_zone: Mars/Base, " + layer + "}",
       "i.yml:2:24: unknown time zone \"Mars/Base\""},
      {"{name: a, layers: [{users: [anna]}]}", "i.yml:2:22: a layer needs a start"},
      {"{name: a, layers: [{start: 2026-01-05}]}", "i.yml:2:22: a layer needs users"},
      {"{name: a, layers: [{users: [dora], start: 2026-01-05}]}",
       "i.yml:2:31: there is no user \"dora\""},
      {"{name: a, layers: [{users: [anna, dora, \"\", eve], start: 2026-01-05}], swaps: [{from: "
       "fay, to: anna, start: 2026-01-02, end: 2026-01-04}], fallback: [gus]}",
       "i.yml:2:37: there is no user \"dora\"\ni.yml:2:47: there is no user \"eve\"\n"
       "i.yml:2:89: there is no user \"fay\"\ni.yml:2:153: there is no user \"gus\""},
      {"{name: a, " + layer + ", overrides: [{start: 2026-01-02, end: 2026-01-04}]}",
       "i.yml:2:71: an override needs a user"},
      {"{name: a, " + layer + ", swaps: [{from: anna, start: 2026-01-02, end: 2026-01-04}]}",
       "i.yml:2:67: a swap needs from and to"},
      {"{name: a, layers: [{users: [anna], start: soon}]}",
       "i.yml:2:45: \"soon\" is no time: a local one (2026-01-05T09:00) or one with an offset "
       "(2026-01-05T09:00:00+01:00) is wanted"},
      {"{name: a, layers: [{users: [anna], start: 2026-01-05, rotation: yearly}]}",
       "i.yml:2:67: unknown rotation \"yearly\": hourly, daily, weekly, monthly or custom"},
      {"{name: a, layers: [{users: [anna], start: 2026-01-05, rotation: custom}]}",
       "i.yml:2:67: rotation custom needs lengths"},
      {"{name: a, layers: [{users: [anna], start: 2026-01-05, rotation: custom, lengths: []}]}",
       "i.yml:2:84: 1 to 400 lengths are wanted"},
      {"{name: a, layers: [{users: [anna], start: 2026-01-05, rotation: custom, "
       "lengths: [4d, three]}]}",
       "i.yml:2:89: a length of a shift is wanted, such as 4d or 84h"},
      {"{name: a, layers: [{users: [anna], start: 2026-01-05, rotation: custom, lengths: 5m}]}",
       "i.yml:2:84: a shift lasts from 15m to 10y, in whole seconds"},
      {"{name: a, layers: [{users: [anna], start: 2026-01-05, rotation: custom, lengths: 4d, "
       "every: 2}]}",
       "i.yml:2:95: rotation custom has lengths in place of every"},
      {"{name: a, layers: [{users: [anna], start: 2026-01-05, lengths: 4d}]}",
       "i.yml:2:66: lengths goes with rotation custom"},
      {"{name: a, layers: [{users: [anna], start: 2026-01-05, every: 0}]}",
       "i.yml:2:64: must lie in 1..10000"},
      {"{name: a, layers: [{users: [anna], start: 2026-01-05, hours: [{from: \"9:00\"}]}]}",
       "i.yml:2:65: \"9:00\" is no time of the day (09:00)"},
      {"{name: a, layers: [{users: [anna], start: 2026-01-05, hours: [{weekdays: [mo]}]}]}",
       "i.yml:2:65: \"mo\" is no day of the week"},
      {"{name: a, " + layer + ", overrides: [{user: ben, start: 2026-01-02, end: 2026-01-02}]}",
       "i.yml:2:107: the end must lie behind the start"},
      {"{name: a, " + layer + ", overrides: [{user: ben, start: 2026-01-02}]}",
       "i.yml:2:71: start and end are wanted"},
      {"{name: a, " + layer +
           ", overrides: [{user: ben, start: 2026-01-02, end: 2026-01-04}, "
           "{user: ben, start: 2026-01-03, end: 2026-01-05}]}",
       "i.yml:2:120: two overrides with \"ben\" overlap"},
      {"{name: a, " + layer + ", fallback: [dora]}", "i.yml:2:70: there is no user \"dora\""},
      {"{name: a, " + layer + "}\n- {name: a, " + layer + "}",
       "i.yml:3:3: schedule \"a\" is not unique"},
  };
  for (const auto& [text, error] : table) {
    EXPECT_EQ(Message(Parse("schedules:\n- " + text).status()), error) << text;
  }
}

TEST(ScheduleConfig, ALayerMayBeACalendarFile) {
  const std::string calendar =
      "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:anna\nDTSTART:20260105T090000\n"
      "DTEND:20260105T170000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\nEND:VEVENT\n"
      "BEGIN:VEVENT\nSUMMARY:ben\nDTSTART:20260107T160000\nDTEND:20260107T180000\nEND:VEVENT\n"
      "END:VCALENDAR\n";
  const CalendarReader read = [&](const std::string& name) -> StatusOr<std::string> {
    if (name == "c.ics") return calendar;
    if (name == "dora.ics") {
      return "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:dora\nDTSTART;VALUE=DATE:20260105\n"
             "END:VEVENT\nEND:VCALENDAR\n";
    }
    return NotFound("no file " + name);
  };
  const auto parse = [&](const std::string& layers,
                         const CalendarReader& reader) -> StatusOr<std::vector<Schedule>> {
    const YamlNode root = TRY(ParseYaml(
        "schedules:\n- {name: a, time_zone: Europe/Berlin, layers: [" + layers + "]}", "i.yml"));
    return ParseSchedules(root.Find("schedules"), "i.yml", {"anna", "ben", "cleo"}, reader);
  };
  const auto schedules = parse("{users: [cleo], start: 2026-01-01}, {ical_file: c.ics}", read);
  ASSERT_TRUE(schedules.ok()) << schedules.status();
  const Schedule& schedule = schedules->front();
  const auto users = [&](int day, int hour) {
    return OnCallAt(schedule, InstantOf(absl::CivilSecond(2026, 1, day, hour), schedule.zone))
        .users;
  };
  EXPECT_THAT(users(7, 8), ElementsAre("cleo")) << "the layer below";
  EXPECT_THAT(users(7, 9), ElementsAre("anna"));
  EXPECT_THAT(users(7, 16), ElementsAre("anna", "ben")) << "shifts overlap";
  EXPECT_THAT(users(7, 17), ElementsAre("ben"));
  EXPECT_THAT(users(10, 12), ElementsAre("cleo")) << "Saturday";
  const Nanos from = InstantOf(absl::CivilSecond(2026, 1, 7), schedule.zone);
  EXPECT_EQ(Segments(schedule, from, from + 86'400 * kNanosPerSecond).size(), 5U);
  EXPECT_EQ(Message(parse("{ical_file: c.ics}", nullptr).status()),
            "i.yml:2:48: ical_file goes with schedules of a file only");
  EXPECT_EQ(Message(parse("{ical_file: c.ics, users: [anna]}", read).status()),
            "i.yml:2:48: a layer has either an ical_file or users and a start");
  EXPECT_EQ(Message(parse("{ical_file: x.ics}", read).status()), "i.yml:2:48: no file x.ics");
  EXPECT_EQ(Message(parse("{ical_file: dora.ics}", read).status()),
            "i.yml:2:48: there is no user \"dora\"");
}

}  // namespace
}  // namespace outrider
