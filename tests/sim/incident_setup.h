// SPDX-License-Identifier: Apache-2.0
// The configuration of the incident world, as plainly as the model reads it: people, schedules,
// policies, windows. The product reads the same as a text of incidents.yml and as objects of the
// directory, by its own parsers. All times are UTC.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "notifiers/config/incidents_config.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"

namespace outrider::sim {

inline constexpr int64_t kSec = kNanosPerSecond;
inline constexpr int64_t kMin = 60 * kSec;
inline constexpr int64_t kHr = 60 * kMin;

struct Rule {
  std::string method;
  int minutes = 0;  // from the page
};
struct Person {
  std::string name;
  std::vector<std::string> methods;  // kinds: twilio_sms, email, ntfy
  std::vector<Rule> rules;           // empty: all methods at once
  int quiet_from = -1;               // minutes of the day; -1: no quiet hours
  int quiet_to = -1;                 // for low and medium ones
};
struct Rota {  // a layer: users in turn, `hours` each, from `start`
  std::vector<std::string> users;
  Nanos start = 0;
  int hours = 1;
  int from = -1;  // minutes of the day between which it holds; -1: always
  int to = -1;
};
struct Cover {
  enum class Kind { kReplace, kAdd, kRemove, kSwap } kind = Kind::kReplace;
  std::string id;  // of the directory; "": it stands in the file
  std::string user;
  std::string replaced;  // of a swap: from whom; "": everybody
  Nanos from = 0;
  Nanos to = 0;
};
struct Timetable {
  std::string name;
  std::vector<Rota> rotas;  // a later one wins
  std::vector<Cover> covers;
  std::vector<std::string> fallback;
};
struct Step {
  int minutes = 0;
  std::vector<std::string> targets;
  bool in_turn = false;
};
struct Ladder {  // an escalation policy
  std::string name;
  std::vector<Severity> severities;
  std::vector<Step> steps;
  std::vector<std::string> fallback;
  int repeat = 0;
  int repeat_minutes = 15;
};
struct Works {  // a maintenance window
  std::string name;
  std::string service;
  Nanos from = 0;
  Nanos to = 0;
  int every_hours = 0;  // 0: once; else from each such hour on for `minutes`
  int minutes = 0;
  bool ActiveAt(Nanos time) const;
};
struct Beat {
  std::string name;
  int minutes = 0;  // interval; the grace is one minute
};

struct Setup {
  int version = 0;
  std::vector<Person> people;
  std::map<std::string, std::vector<std::string>> teams;
  std::vector<Timetable> timetables;
  std::vector<Ladder> ladders;
  std::vector<Works> works;  // of the file
  std::vector<Beat> beats;
  std::array<int64_t, kSeverityCount> answer_minutes{};  // SLA targets
  std::array<int64_t, kSeverityCount> mend_minutes{};
  std::array<int64_t, kSeverityCount> ask_minutes{};  // attention; 0: nobody is asked
  int64_t confirm_minutes = 10;
  int64_t reopen_minutes = 5;
  int64_t still_firing_minutes = 0;
  bool snooze_pauses = false;
  bool warns_of_gaps = true;
  int bundle_more_than = 3;
  int64_t bundle_minutes = 2;
  int sms_count = 3;
  int64_t sms_minutes = 10;
  int dependants_wait_seconds = 30;
  int dependants_grace_seconds = 120;

  const Person* Find(const std::string& user) const;
  const Timetable* FindTimetable(const std::string& name) const;
  const Ladder* Choose(Severity severity) const;  // nullptr: none
};
using SetupPtr = std::shared_ptr<const Setup>;

Setup RandomSetup(SeededRandom& random, Nanos start);
// Another file: one thing of it is different.
Setup EditFile(const Setup& setup, SeededRandom& random, Nanos now);

// Who is on call, by walking the shifts one by one.
std::vector<std::string> OnCallNaively(const Timetable& timetable, Nanos time);
// Receivers that a target of a step may mean between two times; those of a timetable's fallback
// where nobody is on call at one of the moments that are looked at.
std::set<std::string> MayMean(const Setup& setup, const std::string& target, Nanos from, Nanos to);

// The file, without what is in the directory.
std::string FileText(const Setup& setup);
std::string CoverText(const Cover& cover);  // an item of `overrides` or `swaps`
std::string UtcText(Nanos time);

int Below(SeededRandom& random, int bound);       // 0 … bound - 1
bool Chance(SeededRandom& random, double share);  // so often true

}  // namespace outrider::sim
