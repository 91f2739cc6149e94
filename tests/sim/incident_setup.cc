// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/incident_setup.h"

#include <algorithm>

#include "notifiers/config/people_config.h"

namespace outrider::sim {
namespace {

constexpr const char* kNames[] = {"anna", "ben", "cleo", "dora", "emil"};
constexpr const char* kMethods[] = {"ntfy", "email", "twilio_sms"};
constexpr int kDayMinutes = 24 * 60;

int MinuteOfDay(Nanos time) { return static_cast<int>(time / kMin % kDayMinutes); }

bool Within(int from, int to, int minute) {
  return from < to ? from <= minute && minute < to : minute >= from || minute < to;
}

template <typename T>
const T& Pick(SeededRandom& random, const std::vector<T>& of) {
  return of[static_cast<size_t>(Below(random, static_cast<int>(of.size())))];
}

Person RandomPerson(SeededRandom& random, const std::string& name) {
  Person person;
  person.name = name;
  for (const char* method : kMethods) {
    if (Chance(random, 0.6)) person.methods.emplace_back(method);
  }
  if (Chance(random, 0.5)) {
    int minutes = 0;
    for (const std::string& method : person.methods) {
      person.rules.push_back({method, minutes});
      minutes += Below(random, 5);
    }
  }
  if (Chance(random, 0.4)) {
    person.quiet_from = 30 * Below(random, 48);
    person.quiet_to = (person.quiet_from + 30 * (1 + Below(random, 8))) % kDayMinutes;
  }
  return person;
}

Rota RandomRota(const Setup& setup, SeededRandom& random, Nanos start) {
  Rota rota;
  rota.start = start / kHr * kHr - Below(random, 48) * kHr;
  rota.hours = 1 + Below(random, 6);
  const int count = 1 + Below(random, 3);
  for (int i = 0; i < count; ++i) {
    rota.users.push_back(Chance(random, 0.1) ? "" : Pick(random, setup.people).name);
  }
  if (Chance(random, 0.3)) {
    rota.from = 60 * Below(random, 24);
    rota.to = (rota.from + 60 * (4 + Below(random, 16))) % kDayMinutes;
  }
  return rota;
}

std::string RandomTarget(const Setup& setup, SeededRandom& random) {
  switch (Below(random, 5)) {
    case 0:
      return "team:web";
    case 1:
      return "user:" + Pick(random, setup.people).name;
    case 2:
      return "pager";
    default:
      return "schedule:" + Pick(random, setup.timetables).name;
  }
}

Ladder RandomLadder(const Setup& setup, SeededRandom& random, const std::string& name) {
  Ladder ladder;
  ladder.name = name;
  int minutes = 0;
  const int steps = 1 + Below(random, 3);
  for (int i = 0; i < steps; ++i) {
    Step step;
    step.minutes = minutes;
    minutes += 3 + Below(random, 10);
    const int targets = 1 + Below(random, 2);
    for (int t = 0; t < targets; ++t) step.targets.push_back(RandomTarget(setup, random));
    step.in_turn = Chance(random, 0.2);
    ladder.steps.push_back(std::move(step));
  }
  if (Chance(random, 0.6)) ladder.fallback = {"backup"};
  ladder.repeat = Chance(random, 0.3) ? -1 : Below(random, 3);
  ladder.repeat_minutes = 5 + Below(random, 20);
  return ladder;
}

void RandomLadders(SeededRandom& random, Setup* setup) {
  setup->ladders = {RandomLadder(*setup, random, "urgent"), RandomLadder(*setup, random, "usual")};
  setup->ladders[0].severities = {Severity::kCritical, Severity::kHigh};
  setup->ladders[1].severities = {Severity::kMedium, Severity::kLow};
}

void RandomTimetables(SeededRandom& random, Nanos start, Setup* setup) {
  setup->timetables.clear();
  for (const char* name : {"primary", "second"}) {
    Timetable table;
    table.name = name;
    const int rotas = 1 + Below(random, 2);
    for (int i = 0; i < rotas; ++i) table.rotas.push_back(RandomRota(*setup, random, start));
    if (Chance(random, 0.5)) table.fallback = {Pick(random, setup->people).name};
    setup->timetables.push_back(std::move(table));
  }
}

void RandomWorks(SeededRandom& random, Nanos start, Setup* setup) {
  setup->works.clear();
  if (Chance(random, 0.4)) {
    Works cron;
    cron.name = "backup";
    cron.service = "db";
    cron.every_hours = 2 + Below(random, 3);
    cron.minutes = 5 + Below(random, 30);
    setup->works.push_back(cron);
  }
  if (Chance(random, 0.4)) {
    Works once;
    once.name = "move";
    once.service = "web";
    once.from = start / kSec * kSec + Below(random, 300) * kMin;
    once.to = once.from + (5 + Below(random, 90)) * kMin;
    setup->works.push_back(once);
  }
}

void RandomNumbers(SeededRandom& random, Setup* setup) {
  for (size_t i = 0; i < kSeverityCount; ++i) {
    const auto rank = static_cast<int>(kSeverityCount - i);
    setup->answer_minutes[i] = rank * (3 + Below(random, 10));
    setup->mend_minutes[i] = setup->answer_minutes[i] * (2 + Below(random, 4));
    setup->ask_minutes[i] = Chance(random, 0.4) ? 10 + Below(random, 60) : 0;
  }
  setup->confirm_minutes = 5 + Below(random, 15);
  setup->reopen_minutes = Below(random, 12);
  setup->still_firing_minutes = Chance(random, 0.5) ? 10 + Below(random, 30) : 0;
  setup->bundle_more_than = 1 + Below(random, 4);
  setup->bundle_minutes = 1 + Below(random, 4);
  setup->sms_count = 1 + Below(random, 5);
  setup->sms_minutes = 1 + Below(random, 20);
  setup->dependants_wait_seconds = 10 * Below(random, 10);
  setup->dependants_grace_seconds = 30 * Below(random, 10);
}

}  // namespace

int Below(SeededRandom& random, int bound) {
  return static_cast<int>(random.Next() % static_cast<uint64_t>(bound));
}

bool Chance(SeededRandom& random, double share) { return random.Unit() < share; }

bool Works::ActiveAt(Nanos time) const {
  if (every_hours == 0) return from <= time && time < to;
  const int minute = MinuteOfDay(time);
  return minute % (every_hours * 60) < minutes;
}

const Person* Setup::Find(const std::string& user) const {
  const auto found = std::ranges::find(people, user, &Person::name);
  return found == people.end() ? nullptr : &*found;
}

const Timetable* Setup::FindTimetable(const std::string& name) const {
  const auto found = std::ranges::find(timetables, name, &Timetable::name);
  return found == timetables.end() ? nullptr : &*found;
}

const Ladder* Setup::Choose(Severity severity) const {
  for (const Ladder& ladder : ladders) {
    if (std::ranges::find(ladder.severities, severity) != ladder.severities.end()) return &ladder;
  }
  return nullptr;
}

Setup RandomSetup(SeededRandom& random, Nanos start) {
  Setup setup;
  for (const char* name : kNames) setup.people.push_back(RandomPerson(random, name));
  for (const Person& person : setup.people) {
    if (Chance(random, 0.5)) setup.teams["web"].push_back(person.name);
  }
  setup.teams.try_emplace("web");
  RandomTimetables(random, start, &setup);
  RandomLadders(random, &setup);
  RandomWorks(random, start, &setup);
  RandomNumbers(random, &setup);
  setup.snooze_pauses = Chance(random, 0.3);
  if (Chance(random, 0.5)) setup.beats = {{"backup", 5 + Below(random, 60)}};
  return setup;
}

Setup EditFile(const Setup& setup, SeededRandom& random, Nanos now) {
  Setup edited = setup;
  ++edited.version;
  switch (Below(random, 6)) {
    case 0: {
      const auto who = static_cast<size_t>(Below(random, static_cast<int>(edited.people.size())));
      edited.people[who] = RandomPerson(random, edited.people[who].name);
      break;
    }
    case 1:
      RandomLadders(random, &edited);
      break;
    case 2: {
      const std::vector<Timetable> before = edited.timetables;
      RandomTimetables(random, now, &edited);
      // What is in the directory stays.
      for (size_t i = 0; i < before.size(); ++i) edited.timetables[i].covers = before[i].covers;
      break;
    }
    case 3:
      RandomWorks(random, now, &edited);
      break;
    case 4:
      RandomNumbers(random, &edited);
      break;
    default: {
      Cover cover;
      cover.user = Pick(random, edited.people).name;
      cover.kind = Chance(random, 0.5) ? Cover::Kind::kReplace : Cover::Kind::kRemove;
      cover.from = now / kSec * kSec + Below(random, 120) * kMin;
      cover.to = cover.from + (10 + Below(random, 240)) * kMin;
      edited.timetables[0].covers = {};
      for (const Cover& old : setup.timetables[0].covers) {
        if (!old.id.empty()) edited.timetables[0].covers.push_back(old);
      }
      edited.timetables[0].covers.insert(edited.timetables[0].covers.begin(), cover);
      break;
    }
  }
  return edited;
}

// ---- who is on call

namespace {

std::string OfRota(const Rota& rota, Nanos time) {
  if (rota.from >= 0 && !Within(rota.from, rota.to, MinuteOfDay(time))) return "";
  if (rota.start > time) return "";
  size_t turn = 0;
  for (Nanos end = rota.start + rota.hours * kHr; end <= time; end += rota.hours * kHr) ++turn;
  return rota.users[turn % rota.users.size()];
}

void Come(const std::string& user, std::vector<std::string>* users) {
  if (!user.empty() && std::ranges::find(*users, user) == users->end()) users->push_back(user);
}

void TakeCover(const Cover& cover, std::vector<std::string>* users) {
  switch (cover.kind) {
    case Cover::Kind::kAdd:
      return Come(cover.user, users);
    case Cover::Kind::kRemove:
      std::erase(*users, cover.user);
      return;
    case Cover::Kind::kReplace:
      if (cover.replaced.empty()) {
        *users = {cover.user};
      } else if (std::erase(*users, cover.replaced) > 0) {
        Come(cover.user, users);
      }
      return;
    case Cover::Kind::kSwap:
      return;  // these are looked at together
  }
}

// Who has the turn of `user` after the swaps. It is given on by later ones of those who have no
// turn of their own; not back to whose it was: that is the other half of an exchange.
std::string AfterSwaps(const std::vector<Cover>& swaps, const std::string& user,
                       const std::vector<std::string>& users) {
  std::string holder = user;
  std::string first;
  for (const Cover& swap : swaps) {
    if (swap.replaced != holder) continue;
    if (first.empty()) first = swap.user;
    if (holder != user && swap.user == user) return first;
    holder = swap.user;
    if (std::ranges::find(users, holder) != users.end()) break;
  }
  return holder;
}

}  // namespace

std::vector<std::string> OnCallNaively(const Timetable& timetable, Nanos time) {
  std::vector<std::string> users;
  for (const Rota& rota : timetable.rotas) {
    const std::string user = OfRota(rota, time);
    if (!user.empty()) users = {user};
  }
  std::vector<Cover> swaps;
  // Those of the directory stand behind those of the file.
  for (const bool directory : {false, true}) {
    for (const Cover& cover : timetable.covers) {
      if (cover.id.empty() == directory || time < cover.from || cover.to <= time) continue;
      if (cover.kind == Cover::Kind::kSwap) swaps.push_back(cover);
      TakeCover(cover, &users);
    }
  }
  std::vector<std::string> after;
  for (const std::string& user : users) Come(AfterSwaps(swaps, user, users), &after);
  return after;
}

std::set<std::string> MayMean(const Setup& setup, const std::string& target, Nanos from, Nanos to) {
  std::set<std::string> receivers;
  const auto add = [&](const std::vector<std::string>& users) {
    bool any = false;
    for (const std::string& user : users) {
      const Person* person = setup.Find(user);
      if (person == nullptr || person->methods.empty()) continue;
      receivers.insert(std::string(kUserPrefix) + user);
      any = true;
    }
    return any;
  };
  if (target.starts_with(kUserPrefix)) {
    add({target.substr(kUserPrefix.size())});
  } else if (target.starts_with(kTeamPrefix)) {
    add(setup.teams.at(target.substr(kTeamPrefix.size())));
  } else if (target.starts_with(kSchedulePrefix)) {
    const Timetable* table = setup.FindTimetable(target.substr(kSchedulePrefix.size()));
    // Hand-offs are on whole minutes.
    for (Nanos time = from; table != nullptr; time = std::min(time / kMin * kMin + kMin, to)) {
      if (!add(OnCallNaively(*table, time))) add(table->fallback);
      if (time >= to) break;
    }
  } else {
    receivers.insert(target);
  }
  return receivers;
}

}  // namespace outrider::sim
