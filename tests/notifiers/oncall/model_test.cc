// SPDX-License-Identifier: Apache-2.0
// Schedules in every zone of the tz database against somebody who looks at a clock on the wall
// every second. That clock is the C library's, its calendar is our own, and who is on call is
// reckoned anew each second: nothing of the code under test takes part.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "notifiers/oncall/schedule.h"

namespace outrider {
namespace {

using Random = std::mt19937_64;
constexpr int64_t kDaySeconds = 86'400;

int64_t Floor(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
int64_t Below(Random& random, int64_t end) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(end));
}
int64_t Between(Random& random, int64_t from, int64_t to) {
  return from + Below(random, to - from + 1);
}

// What a clock of the zone shows, as seconds of a calendar without zones.
class WallClock {
 public:
  explicit WallClock(const std::string& zone) {
    setenv("TZ", (":" + zone).c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    tzset();                                // NOLINT(concurrency-mt-unsafe)
  }
  static int64_t Shows(int64_t second) {
    const time_t time = second;
    tm parts = {};
    localtime_r(&time, &parts);
    return timegm(&parts);
  }
};

absl::CivilSecond Civil(int64_t shown) { return absl::CivilSecond(1970, 1, 1) + shown; }

// When the clock first shows a time or a later one, the time has come. `latest`: what it has shown.
struct ModelLayer {
  int priority = 0;
  std::vector<std::string> users;
  std::map<int64_t, int64_t> hand_offs;  // what the clock shows then → shift; an empty one is lost
  bool before_start = false;
  std::vector<WeekWindow> windows;

  int64_t Shift(int64_t latest) const { return std::prev(hand_offs.upper_bound(latest))->second; }
  bool Holds(int64_t latest) const {
    const int64_t today = Floor(latest, kDaySeconds);
    return windows.empty() || std::ranges::any_of(windows, [&](const WeekWindow& window) {
             for (const int64_t day : {today - 1, today}) {
               const auto weekday = static_cast<size_t>((day + 3) % 7);  // 1970 began on a Thursday
               const int64_t end_day = window.end <= window.start ? day + 1 : day;
               if (window.weekdays.at(weekday) && day * kDaySeconds + window.start * 60 <= latest &&
                   latest < end_day * kDaySeconds + window.end * 60) {
                 return true;
               }
             }
             return false;
           });
  }
  std::string User(int64_t latest) const {
    const int64_t k = Shift(latest);
    if (!Holds(latest) || (k < 0 && !before_start)) return "";
    const auto count = static_cast<int64_t>(users.size());
    return users[static_cast<size_t>((k % count + count) % count)];
  }
};

// A schedule, and the same for the model.
struct World {
  Schedule schedule;
  std::vector<ModelLayer> layers;
};

template <typename T>
bool Lasts(const T& what, int64_t second) {
  return what.start <= second * kNanosPerSecond && second * kNanosPerSecond < what.end;
}

std::set<std::string> ByModelLayers(const World& world, int64_t latest) {
  std::map<int, std::set<std::string>> by_priority;
  for (const ModelLayer& layer : world.layers) {
    const std::string user = layer.User(latest);
    if (!user.empty()) by_priority[layer.priority].insert(user);
  }
  return by_priority.empty() ? std::set<std::string>() : by_priority.rbegin()->second;
}

std::set<std::string> ModelUsers(const World& world, int64_t second, int64_t latest) {
  std::set<std::string> users;
  for (const TemporarySchedule& temporary : world.schedule.temporary) {
    if (!Lasts(temporary, second)) continue;
    for (const FixedShift& shift : temporary.shifts) {
      if (Lasts(shift, second)) users.insert(shift.user);
    }
    return users;
  }
  users = ByModelLayers(world, latest);
  for (const Override& change : world.schedule.overrides) {
    if (!Lasts(change, second)) continue;
    if (change.kind == OverrideKind::kRemove) {
      users.erase(change.user);
    } else if (change.kind == OverrideKind::kReplace && change.replaced.empty()) {
      users = {change.user};
    } else if (change.kind == OverrideKind::kAdd || users.erase(change.replaced) != 0) {
      users.insert(change.user);
    }
  }
  std::set<std::string> holders;
  for (const std::string& user : users) {
    std::string holder = user;
    for (const Substitution& swap : world.schedule.substitutions) {
      if (Lasts(swap, second) && swap.from == user) holder = swap.to;
    }
    holders.insert(holder);
  }
  return holders;
}

int64_t DaysOfMonth(int64_t year, int64_t month) {
  constexpr int64_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// The start of shift `k` of a rotation by months: the start's day and time, or the month's last.
int64_t MonthHandOff(int64_t start, int64_t months) {
  const time_t time = start;
  tm parts = {};
  gmtime_r(&time, &parts);
  const int64_t count = parts.tm_year * int64_t{12} + parts.tm_mon + months;
  parts.tm_year = static_cast<int>(Floor(count, 12));
  parts.tm_mon = static_cast<int>(count - parts.tm_year * int64_t{12});
  const int64_t last = DaysOfMonth(parts.tm_year + 1900, parts.tm_mon + 1);
  parts.tm_mday = static_cast<int>(std::min<int64_t>(parts.tm_mday, last));
  return timegm(&parts);
}

std::map<int64_t, int64_t> HandOffs(const Rotation& rotation, int64_t start, int64_t shown) {
  std::map<int64_t, int64_t> hand_offs;
  const int64_t count = static_cast<int64_t>(rotation.lengths.size());
  const auto length = [&](int64_t k) {
    if (rotation.unit == ShiftUnit::kCustom) {
      return rotation.lengths[static_cast<size_t>((k % count + count) % count)];
    }
    const int64_t unit = rotation.unit == ShiftUnit::kHours  ? 3600
                         : rotation.unit == ShiftUnit::kDays ? kDaySeconds
                                                             : 7 * kDaySeconds;
    return unit * rotation.length;
  };
  if (rotation.unit == ShiftUnit::kMonths) {
    for (int64_t k = -40; k < 40; ++k) hand_offs[MonthHandOff(start, k * rotation.length)] = k;
    return hand_offs;
  }
  int64_t at = start;
  for (int64_t k = 0; at < shown + 9 * kDaySeconds; at += length(k), ++k) hand_offs[at] = k;
  hand_offs[at] = hand_offs.rbegin()->second + 1;
  at = start;
  for (int64_t k = 0; at > shown - 9 * kDaySeconds;) {
    at -= length(--k);
    hand_offs[at] = k;
  }
  return hand_offs;
}

// A layer whose hand-offs lie around the time that the clock shows at `near`.
void AddLayer(Random& random, int64_t shown, World* world) {
  constexpr const char* kUsers[] = {"a", "b", "c", "d", ""};
  Layer layer;
  Rotation& rotation = layer.rotation;
  layer.name = fmt::format("l{}", world->layers.size());
  layer.priority = static_cast<int>(Below(random, 3));
  rotation.zone = world->schedule.zone;
  rotation.unit = static_cast<ShiftUnit>(Below(random, 5));
  rotation.length = Between(random, 1, 4);
  rotation.before_start = Below(random, 2) == 0;
  for (int64_t i = Between(random, 1, 4); i > 0; --i) {
    rotation.participants.emplace_back(kUsers[Below(random, 5)]);
  }
  if (rotation.unit == ShiftUnit::kCustom) {
    for (int64_t i = Between(random, 1, 4); i > 0; --i) {
      rotation.lengths.push_back(Between(random, 1, 200) * 900);
    }
  }
  // A hand-off often falls into what the change leaves out or repeats.
  const int64_t near = shown + Between(random, -8, 8) * 900;
  const int64_t start = near + Between(random, -30, 3) * kDaySeconds;
  rotation.start = Civil(start);
  if (Below(random, 2) == 0) {
    WeekWindow window;
    for (bool& day : window.weekdays) day = Below(random, 4) != 0;
    window.start = static_cast<int>(Floor(near, 60) - Floor(near, kDaySeconds) * 1440);
    window.end = static_cast<int>((window.start + Between(random, 0, 95) * 15) % 1440);
    layer.windows.push_back(window);
  }
  world->layers.push_back({layer.priority, rotation.participants, HandOffs(rotation, start, shown),
                           rotation.before_start, layer.windows});
  world->schedule.layers.push_back(std::move(layer));
}

World MakeWorld(Random& random, const std::string& zone, int64_t time) {
  World world;
  EXPECT_TRUE(absl::LoadTimeZone(zone, &world.schedule.zone));
  for (int64_t i = Between(random, 1, 3); i > 0; --i) {
    AddLayer(random, WallClock::Shows(time - 1), &world);
  }
  const auto period = [&](auto* what) {
    what->start = (time + Between(random, -4000, 4000)) * kNanosPerSecond;
    what->end = what->start + Between(random, 1, 5000) * kNanosPerSecond;
  };
  constexpr const char* kUsers[] = {"a", "b", "c", "d", "e"};
  Schedule& schedule = world.schedule;
  for (int64_t i = Below(random, 3); i > 0; --i) {
    Override& change = schedule.overrides.emplace_back();
    change.kind = static_cast<OverrideKind>(Below(random, 3));
    change.user = kUsers[Below(random, 5)];
    if (change.kind == OverrideKind::kReplace && Below(random, 2) == 0) {
      change.replaced = kUsers[Below(random, 4)];
    }
    period(&change);
  }
  if (Below(random, 3) == 0) {
    Substitution swap{"a", "b", 0, 0};
    period(&swap);
    schedule.substitutions.push_back(swap);
    std::swap(swap.from, swap.to);
    if (Below(random, 2) == 0) schedule.substitutions.push_back(swap);
  }
  if (Below(random, 4) == 0) {
    TemporarySchedule& temporary = schedule.temporary.emplace_back();
    period(&temporary);
    FixedShift shift{"t", 0, 0};
    period(&shift);
    temporary.shifts.push_back(shift);
  }
  return world;
}

std::set<std::string> Users(const Schedule& schedule, Nanos time) {
  const OnCall on_call = OnCallAt(schedule, time);
  return {on_call.users.begin(), on_call.users.end()};
}

// Looks at the clock every second of [from, to). `latest` is what it has shown before, and is kept
// up.
void Watch(const World& world, int64_t from, int64_t to, int64_t* latest) {
  const Schedule& schedule = world.schedule;
  const std::vector<Segment> segments =
      Segments(schedule, from * kNanosPerSecond, to * kNanosPerSecond);
  size_t segment = 0;
  std::set<std::string> before;
  for (int64_t second = from; second < to; ++second) {
    const Nanos now = second * kNanosPerSecond;
    *latest = std::max(*latest, WallClock::Shows(second));
    for (size_t i = 0; i < world.layers.size(); ++i) {
      const Rotation& rotation = schedule.layers[i].rotation;
      const int64_t k = ShiftAt(rotation, now);
      ASSERT_EQ(k, world.layers[i].Shift(*latest)) << "layer " << i << " at " << second;
      ASSERT_LE(ShiftStart(rotation, k), now);
      ASSERT_GT(ShiftStart(rotation, k + 1), now);
    }
    const std::set<std::string> users = ModelUsers(world, second, *latest);
    ASSERT_EQ(Users(schedule, now), users) << second;
    while (segments[segment].end <= now) ++segment;
    const std::vector<std::string>& in_segment = segments[segment].on_call.users;
    ASSERT_EQ(std::set<std::string>(in_segment.begin(), in_segment.end()), users) << second;
    // Nobody goes within a second.
    if (second > from && users != before) {
      ASSERT_EQ(Users(schedule, now - 1), before) << second;
    }
    before = users;
  }
}

struct Change {
  int64_t at = 0;
  int64_t by = 0;  // seconds that clocks are set forward; below 0: back
};

// Changes with no other one within three days.
std::vector<Change> Changes(const absl::TimeZone& zone) {
  std::vector<int64_t> times;
  absl::Time from = absl::FromUnixSeconds(400 * kDaySeconds);
  absl::TimeZone::CivilTransition change;
  while (zone.NextTransition(from, &change) && from < absl::FromUnixSeconds(2'200'000'000)) {
    from = zone.At(change.to).kind == absl::TimeZone::TimeInfo::UNIQUE ? zone.At(change.to).pre
                                                                       : zone.At(change.to).trans;
    times.push_back(absl::ToUnixSeconds(from));
  }
  std::vector<Change> changes;
  for (size_t i = 0; i < times.size(); ++i) {
    const bool near = (i > 0 && times[i] - times[i - 1] < 3 * kDaySeconds) ||
                      (i + 1 < times.size() && times[i + 1] - times[i] < 3 * kDaySeconds);
    if (near) continue;
    changes.push_back({times[i], WallClock::Shows(times[i]) - WallClock::Shows(times[i] - 1) - 1});
  }
  return changes;
}

// Every second around the change, then around hand-offs and other boundaries of two days.
void Check(Random& random, const std::string& zone, const Change& change) {
  SCOPED_TRACE(fmt::format("{} at {}, clocks set by {}", zone, change.at, change.by));
  const World world = MakeWorld(random, zone, change.at);
  const int64_t wide = std::min<int64_t>(std::abs(change.by), 2 * 3600) + 60;
  int64_t peak = WallClock::Shows(change.at - wide);
  Watch(world, change.at - wide, change.at + wide, &peak);
  const int64_t from = change.at - 2 * kDaySeconds;
  const int64_t to = change.at + 2 * kDaySeconds;
  std::vector<Segment> segments =
      Segments(world.schedule, from * kNanosPerSecond, to * kNanosPerSecond);
  std::ranges::shuffle(segments, random);
  if (segments.size() > 6) segments.resize(6);
  for (const Segment& segment : segments) {
    const int64_t at = segment.start / kNanosPerSecond;
    if (std::abs(at - change.at) <= wide + 20) continue;
    int64_t latest = at < change.at ? 0 : peak;
    Watch(world, at - 20, at + 20, &latest);
  }
}

std::vector<std::string> AllZones() {
  const std::filesystem::path root = "/usr/share/zoneinfo";
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string name = entry.path().lexically_relative(root).string();
    const bool twice = name.starts_with("posix/") || name.starts_with("right/");
    absl::TimeZone zone;
    if (!twice && entry.is_regular_file() && absl::LoadTimeZone(name, &zone)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Model, AgreesInEveryZone) {
  const char* seeds = std::getenv("OUTRIDER_SEEDS");  // NOLINT(concurrency-mt-unsafe)
  const int rounds = seeds == nullptr ? 1 : std::atoi(seeds);
  const std::vector<std::string> names = AllZones();
  ASSERT_GT(names.size(), 300U);
  size_t forward = 0;
  size_t back = 0;
  for (const std::string& name : names) {
    const WallClock clock(name);
    absl::TimeZone zone;
    ASSERT_TRUE(absl::LoadTimeZone(name, &zone));
    Random random(std::hash<std::string>()(name));
    std::vector<Change> changes = Changes(zone);
    if (changes.empty()) changes.push_back({1'772'600'000 + Below(random, 400) * kDaySeconds, 0});
    for (int i = 0; i < rounds; ++i) {
      const Change& change = changes[static_cast<size_t>(Below(random, std::ssize(changes)))];
      forward += change.by > 0 ? 1 : 0;
      back += change.by < 0 ? 1 : 0;
      Check(random, name, change);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(forward, 100U);
  EXPECT_GT(back, 100U);
}

}  // namespace
}  // namespace outrider
