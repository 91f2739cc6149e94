// SPDX-License-Identifier: Apache-2.0
// What alerts, people and time do to one case of the model.
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/incident_model.h"

namespace outrider::sim {
namespace {

size_t Rank(Severity severity) { return static_cast<size_t>(severity); }

const char* NameOf(MissClock Case::* clock) {
  return clock == &Case::answer ? "acknowledge" : "resolve";
}

}  // namespace

// ---- clocks

int64_t MissClock::Elapsed(Nanos now) const {
  const Nanos until = paused_since != 0 ? std::min(now, paused_since) : now;
  return until - started - paused;
}

void IncidentModel::MissNow(Case& incident, MissClock Case::* clock, Nanos time) {
  if ((incident.*clock).missed) return;
  (incident.*clock).missed = true;
  incident.misses.push_back({NameOf(clock), time, place_});
}

// Missed by now? Then it was when the last moment had passed.
void IncidentModel::Catch(Case& incident, MissClock Case::* clock, Nanos now) {
  const MissClock& it = incident.*clock;
  if (!it.running || it.missed || it.Elapsed(now) <= it.target) return;
  MissNow(incident, clock, it.started + it.paused + it.target + 1);
}

void IncidentModel::Stop(Case& incident, MissClock Case::* clock, Nanos now) {
  MissClock& it = incident.*clock;
  if (!it.running) return;
  if (it.paused_since != 0) it.paused += std::max<int64_t>(now - it.paused_since, 0);
  it.paused_since = 0;
  Catch(incident, clock, now);
  it.running = false;
}

void IncidentModel::GoOn(Case& incident, MissClock Case::* clock, Nanos closed_at, Nanos now) {
  MissClock& it = incident.*clock;
  if (it.running) return;
  it.running = true;
  if (closed_at != 0) it.paused += std::max<int64_t>(now - closed_at, 0);
  if (it.Elapsed(now) > it.target) MissNow(incident, clock, now);
}

void IncidentModel::Pause(Case& incident, bool Case::* reason, Nanos now) {
  if (incident.*reason || !incident.Open()) return;
  incident.*reason = true;
  for (MissClock Case::* clock : {&Case::answer, &Case::mend}) {
    MissClock& it = incident.*clock;
    if (!it.running || it.paused_since != 0) continue;
    Catch(incident, clock, now);
    it.paused_since = now;
  }
}

void IncidentModel::Resume(Case& incident, bool Case::* reason, Nanos now) {
  if (!(incident.*reason)) return;
  incident.*reason = false;
  if (incident.on_hold || incident.in_works || incident.snooze_pause) return;
  for (MissClock Case::* clock : {&Case::answer, &Case::mend}) {
    MissClock& it = incident.*clock;
    if (it.paused_since == 0) continue;
    it.paused += std::max<int64_t>(now - it.paused_since, 0);
    it.paused_since = 0;
  }
}

void IncidentModel::Retarget(Case& incident, Nanos now) {
  const size_t rank = Rank(incident.severity);
  const std::pair<MissClock Case::*, int64_t> targets[] = {
      {&Case::answer, setup_->answer_minutes[rank] * kMin},
      {&Case::mend, setup_->mend_minutes[rank] * kMin}};
  for (const auto& [clock, target] : targets) {
    MissClock& it = incident.*clock;
    if (!it.running || it.missed || it.target == target) continue;
    Catch(incident, clock, now);
    if (it.missed) continue;
    it.target = target;
    if (it.Elapsed(now) > target) MissNow(incident, clock, now);
  }
}

// ---- the ladder

void IncidentModel::Climb(Case& incident, Nanos now) {
  StopClimbing(incident, now);
  Stretch stretch;
  stretch.start = stretch.latest = now;
  stretch.noticed = std::max(now, log_.facts[std::min(place_, log_.facts.size() - 1)].time);
  stretch.first = place_;
  stretch.severity = incident.severity;
  if (incident.ladder) stretch.ladder = *incident.ladder;
  incident.stretches.push_back(std::move(stretch));
  // A dependant waits for its outage to show.
  if (incident.key == "Down/api/" || incident.key == "Down/web/") {
    const Nanos until = now + (setup_->dependants_wait_seconds + 5) * kSec;
    incident.held.insert(incident.held.begin(), {.from = now, .to = until});
  }
}

void IncidentModel::StopClimbing(Case& incident, Nanos now) {
  incident.forced = false;
  if (!incident.Climbs()) return;
  Stretch& stretch = incident.stretches.back();
  stretch.end = std::max<Nanos>(now, 1);
  stretch.last = place_;
}

// Somebody has answered, and it became worse: the assignee hears of it, else who answered, else
// those who were paged; not who made it worse.
void IncidentModel::TellRise(Case& incident, const std::string& by, Nanos now) {
  if (incident.phase == Phase::kNew || !incident.ladder) return;
  const std::string& who = incident.assignee.empty() ? incident.moved_by : incident.assignee;
  if (who.empty() || who == by) return;
  std::set<std::string> told;
  if (incident.Climbs()) {
    told = incident.stretches.back().told;
    incident.stretches.back().end = now;
    incident.stretches.back().last = place_;
  }
  Stretch stretch;
  stretch.start = stretch.latest = now;
  stretch.noticed = std::max(now, log_.facts[std::min(place_, log_.facts.size() - 1)].time);
  stretch.first = place_;
  stretch.severity = incident.severity;
  stretch.rise = true;
  const Person* person = setup_->Find(who);
  if (person != nullptr && !person->methods.empty()) {
    told.insert("user:" + who);
    stretch.ladder.steps = {{.minutes = 0, .targets = {"user:" + who}, .in_turn = false}};
  } else {
    told.insert(incident.paged.begin(), incident.paged.end());
  }
  stretch.told = std::move(told);
  incident.stretches.push_back(std::move(stretch));
}

// ---- from phase to phase

Case& IncidentModel::Open(const std::string& key, Severity severity, bool by_hand, Nanos now) {
  Case& incident = cases_.emplace_back();
  incident.key = key;
  incident.severity = severity;
  incident.by_hand = by_hand;
  incident.received = now;
  incident.id = IdOf(incident);
  if (incident.id.empty()) {
    Problem(fmt::format("no incident {} was opened at {}", key, UtcText(now)));
  }
  const size_t rank = Rank(severity);
  incident.answer = {
      .started = now, .target = setup_->answer_minutes[rank] * kMin, .running = true};
  incident.mend = {.started = now, .target = setup_->mend_minutes[rank] * kMin, .running = true};
  if (const Ladder* ladder = setup_->Choose(severity)) incident.ladder = *ladder;
  Climb(incident, now);
  return incident;
}

void IncidentModel::Move(Case& incident, Phase to, const std::string& who, Nanos now) {
  incident.phase = to;
  incident.moved_by = who;
  incident.ask_at = incident.unanswered_at = 0;
  incident.snoozed = 0;
  Resume(incident, &Case::snooze_pause, now);
}

void IncidentModel::Answer(Case& incident, Nanos now) {
  incident.answered = true;
  Stop(incident, &Case::answer, now);
}

void IncidentModel::Respond(Case& incident, Phase to, const std::string& who, Nanos now) {
  Answer(incident, now);
  StopClimbing(incident, now);
  Move(incident, to, who, now);
  AskLater(incident, now);
  for (Case& part : cases_) {
    if (part.whole == &incident) FollowWhole(part, to, who, now);
  }
}

void IncidentModel::FollowWhole(Case& part, Phase to, const std::string& who, Nanos now) {
  if (!part.Open() || to == Phase::kNew || to <= part.phase) return;
  if (to == Phase::kResolved) return Close(part, !who.empty(), who, now);
  Answer(part, now);
  Move(part, to, who, now);
}

void IncidentModel::Close(Case& incident, bool by_person, const std::string& who, Nanos now) {
  if (by_person) {
    Answer(incident, now);
  } else {
    Stop(incident, &Case::answer, now);
  }
  Stop(incident, &Case::mend, now);
  incident.on_hold = incident.in_works = incident.snooze_pause = false;
  StopClimbing(incident, now);
  Move(incident, Phase::kResolved, who, now);
  incident.resolved = now;
  Touch(incident);
  incident.resolved_by_person = by_person;
  for (Case& part : cases_) {
    if (part.whole == &incident) FollowWhole(part, Phase::kResolved, who, now);
  }
}

void IncidentModel::CloseIfOver(Case& incident, Nanos now) {
  if (incident.Open() && incident.firing.empty() && !incident.by_hand) {
    Close(incident, false, "", now);
  }
}

void IncidentModel::Reopen(Case& incident, int number, Nanos now) {
  bool worse = false;
  if (number >= 0) {
    incident.firing.insert(number);
    signals_[number].of = &incident;
    incident.last_alert = now;
    Touch(incident);
    worse = SeverityOf(number) > incident.severity;
    incident.severity = std::max(incident.severity, SeverityOf(number));
    TakeLadder(incident);
  }
  const bool within =
      now - std::max(incident.resolved, incident.last_alert) <= setup_->reopen_minutes * kMin;
  const Nanos closed_at = within ? 0 : incident.resolved;
  GoOn(incident, &Case::mend, closed_at, now);
  if (!incident.answered) GoOn(incident, &Case::answer, closed_at, now);
  Move(incident, Phase::kNew, "", now);
  incident.whole = nullptr;
  incident.paged.clear();
  if (worse) Retarget(incident, now);
  Climb(incident, now);
  RecheckWorksOf(incident, now);
}

// ---- alerts and severities

// That of the severity, if it is another one.
bool IncidentModel::TakeLadder(Case& incident) {
  const Ladder* ladder = setup_->Choose(incident.severity);
  if (incident.by_name || ladder == nullptr) return false;
  if (incident.ladder && incident.ladder->name == ladder->name) return false;
  incident.ladder = *ladder;
  return true;
}

void IncidentModel::Worsen(Case& incident, Severity severity, Nanos now) {
  if (severity <= incident.severity) return;
  incident.severity = severity;
  Retarget(incident, now);
  const bool woken = Wake(incident, now);
  const bool other = TakeLadder(incident);
  if ((woken || other) && incident.phase == Phase::kNew) return Climb(incident, now);
  TellRise(incident, "", now);
}

void IncidentModel::Join(Case& incident, int number, Nanos now) {
  incident.firing.insert(number);
  signals_[number].of = &incident;
  incident.last_alert = now;
  Touch(incident);
  Worsen(incident, SeverityOf(number), now);
  RecheckWorksOf(incident, now);
}

void IncidentModel::SetSeverity(Case& incident, const Fact& fact) {
  const Nanos now = fact.time;
  const Severity severity = fact.severity;
  if (!incident.Open() || severity == incident.severity) return;
  const bool worse = severity > incident.severity;
  incident.severity = severity;
  Retarget(incident, now);
  const Ladder* ladder = setup_->Choose(severity);
  const bool same = (ladder == nullptr) == !incident.ladder &&
                    (ladder == nullptr || ladder->name == incident.ladder->name);
  if (worse) {
    Wake(incident, now);
    TakeLadder(incident);
    if (incident.phase == Phase::kNew) Climb(incident, now);
    TellRise(incident, fact.who, now);
  } else if (!incident.by_name && !same) {
    StopClimbing(incident, now);
    incident.ladder.reset();
    if (ladder != nullptr) incident.ladder = *ladder;
    if (incident.phase == Phase::kNew && incident.snoozed == 0) Climb(incident, now);
  }
  if (incident.unanswered_at == 0) AskLater(incident, now);
}

// ---- overlays

bool IncidentModel::Wake(Case& incident, Nanos now) {
  if (incident.snoozed == 0) return false;
  incident.snoozed = 0;
  Resume(incident, &Case::snooze_pause, now);
  return true;
}

void IncidentModel::Snooze(Case& incident, Nanos until, Nanos now) {
  if (!incident.Open() || until <= now) return;
  StopClimbing(incident, now);
  incident.snoozed = until;
  if (setup_->snooze_pauses) Pause(incident, &Case::snooze_pause, now);
  if (incident.unanswered_at == 0) return;
  incident.unanswered_at = 0;
  incident.ask_at = until;
}

void IncidentModel::Merge(Case& part, Case& whole, const std::string& who, Nanos now) {
  if (part.whole == &whole) return;
  for (Case& each : cases_) {
    if (each.whole == &part) each.whole = &whole;
  }
  const std::set<int> firing = std::exchange(part.firing, {});
  part.whole = &whole;
  part.ask_at = part.unanswered_at = 0;
  Wake(part, now);
  StopClimbing(part, now);
  for (Case& each : cases_) {
    if (each.whole == &whole) FollowWhole(each, whole.phase, who, now);
  }
  for (const int number : firing) {
    signals_[number].of = &whole;
    whole.firing.insert(number);
  }
  whole.last_alert = std::max(whole.last_alert, part.last_alert);
  whole.touched = std::max(whole.touched, part.touched);
  Worsen(whole, part.severity, now);
  RecheckWorksOf(part, now);
  RecheckWorksOf(whole, now);
}

void IncidentModel::Unmerge(Case& part, Nanos now) {
  Case& whole = *part.whole;
  part.whole = nullptr;
  std::vector<int> back;
  for (const int number : whole.firing) {
    if (part.Open() && KeyOf(number) == part.key) back.push_back(number);
  }
  for (const int number : back) {
    whole.firing.erase(number);
    part.firing.insert(number);
    signals_[number].of = &part;
  }
  CloseIfOver(part, now);
  if (part.phase == Phase::kNew) Climb(part, now);
  AskLater(part, now);
  if (!back.empty()) CloseIfOver(whole, now);
  RecheckWorksOf(part, now);
  RecheckWorksOf(whole, now);
}

void IncidentModel::AskLater(Case& incident, Nanos now) {
  const int64_t minutes = setup_->ask_minutes[Rank(incident.severity)];
  if (incident.phase != Phase::kAcknowledged || incident.whole != nullptr || minutes == 0) return;
  incident.ask_at = now + minutes * kMin;
}

}  // namespace outrider::sim
