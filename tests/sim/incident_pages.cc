// SPDX-License-Identifier: Apache-2.0
// Pages of a run: who had to hear of an incident and when, what may have stood in the way, and
// whether those who were told were meant.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/people_config.h"
#include "tests/sim/incident_judging.h"

namespace outrider::sim {
namespace {

constexpr int64_t kStep = 10 * kSec;
// The longest pause between attempts, of a lane whose breaker is open too.
constexpr int64_t kBackoff = 150 * kSec;

}  // namespace

std::vector<SetupPtr> Judging::SetupsOf(const Stretch& stretch) const {
  std::vector<SetupPtr> setups;
  const size_t last = stretch.end == 0 ? log_.facts.size() : stretch.last;
  for (const auto& [place, setup] : model_.setups()) {
    if (place <= stretch.first) setups = {setup};
    if (place > stretch.first && place <= last) setups.push_back(setup);
  }
  return setups;
}

std::vector<const Attempt*> Judging::AttemptsOf(const Case& incident,
                                                const Stretch& stretch) const {
  std::vector<const Attempt*> attempts;
  const size_t last = stretch.end == 0 ? log_.facts.size() : stretch.last;
  for (size_t i = stretch.first; i < last; ++i) {
    if (log_.facts[i].kind != FactKind::kAttempt) continue;
    const Attempt& attempt = log_.attempts[static_cast<size_t>(log_.facts[i].number)];
    if (!attempt.Pages()) continue;
    if (attempt.incident == incident.id || attempt.bundled.contains(incident.id)) {
      attempts.push_back(&attempt);
    }
  }
  return attempts;
}

// The ladder stands still while its incident is held.
Nanos Judging::DueOf(const Case& incident, const Stretch& stretch, int64_t delay) const {
  Nanos due = stretch.start + delay;
  for (const Period& held : incident.held) {
    if (held.to <= stretch.start || held.from > due) continue;
    if (held.to == INT64_MAX) return INT64_MAX;
    due += held.to - std::max(held.from, stretch.start) + 5 * kSec;
  }
  return due;
}

// Steps that tell nobody bring those behind them forward, and so the next rounds. A page of the
// step that came before the time of its round and was refused for good is that round's: each round
// has a key of its own by each lane.
Nanos Judging::TakenAt(const Case& incident, const Stretch& stretch, const Demand& demand) const {
  const std::string reason = fmt::format("escalation tier {}", demand.number);
  std::map<std::string, std::set<std::string>> keys;  // by lane
  for (const Attempt* attempt : AttemptsOf(incident, stretch)) {
    if (attempt->incident != incident.id || attempt->reason != reason) continue;
    std::set<std::string>& known = keys[attempt->Lane()];
    const bool next = known.insert(attempt->key).second;
    if (!next || static_cast<int>(known.size()) != demand.round + 1) continue;
    const bool refused = attempt->result == Attempt::Result::kRejected;
    if (refused && TimeOf(*attempt) < demand.due) return TimeOf(*attempt);
  }
  return demand.due;
}

bool Judging::WasHeldIn(const Case& incident, const Stretch& stretch) {
  return std::ranges::any_of(incident.held, [&](const Period& held) {
    return held.from <= stretch.latest && held.to >= stretch.start;
  });
}

std::vector<Judging::Demand> Judging::DemandsOf(const Case& incident,
                                                const Stretch& stretch) const {
  std::vector<Demand> demands;
  const Ladder& ladder = stretch.ladder;
  if (ladder.steps.empty()) return demands;
  const int rounds = ladder.repeat < 0 ? 8 : 1;
  const int64_t round = (ladder.steps.back().minutes + ladder.repeat_minutes) * kMin;
  for (int i = 0; i < rounds; ++i) {
    for (size_t k = 0; k < ladder.steps.size(); ++k) {
      // When a ladder goes on that stood still in its midst depends on when it was noticed.
      if (i + k > 0 && WasHeldIn(incident, stretch)) continue;
      const Step& step = ladder.steps[k];
      Demand demand{.incident = incident, .stretch = stretch, .step = &step};
      demand.number = static_cast<int>(k) + 1;
      demand.round = i;
      demand.due = DueOf(incident, stretch, i * round + step.minutes * kMin);
      const Nanos due = TakenAt(incident, stretch, demand);
      if (std::max(due, stretch.noticed) >= stretch.latest) continue;
      demand.due = std::max(due, stretch.noticed);
      demand.earliest = stretch.start + i * round + step.minutes * kMin - (i > 0 ? round : 0);
      demand.earliest = std::min(demand.earliest, demand.due);
      for (const std::string& target : step.targets) {
        demand.target = target;
        demand.anybody = step.in_turn || target.starts_with(kSchedulePrefix);
        if (demand.anybody) {
          demands.push_back(demand);
          continue;
        }
        const Nanos wall = Wall(due);
        for (const std::string& receiver :
             MayMean(*SetupsOf(stretch).front(), target, wall, wall)) {
          demand.receiver = receiver;
          demands.push_back(demand);
        }
      }
    }
  }
  return demands;
}

bool Judging::IsMet(const Demand& demand, const std::set<std::string>& receivers, Nanos by) const {
  // Whom a shift of the ladder told earlier was told by this step or a later one.
  for (const Attempt* attempt : AttemptsOf(demand.incident, demand.stretch)) {
    if (attempt->result != Attempt::Result::kDelivered || !receivers.contains(attempt->receiver)) {
      continue;
    }
    if (TimeOf(*attempt) > by) continue;
    if (TimeOf(*attempt) >= demand.earliest) return true;
    const std::string prefix = "escalation tier ";
    const bool of_step = attempt->reason.starts_with(prefix) && demand.round == 0 &&
                         std::stoi(attempt->reason.substr(prefix.size())) >= demand.number;
    if (of_step || attempt->bundled.contains(demand.incident.id)) return true;
  }
  return false;
}

bool Judging::IsAway(const Case& incident, Nanos time) const {
  const auto within = [](const Period& period, Nanos at) {
    return period.from <= at && (period.to == INT64_MAX || at <= period.to + kSlack);
  };
  const Nanos wall = Wall(time);
  return std::ranges::any_of(absences_, [&](const Period& p) { return within(p, wall); }) ||
         std::ranges::any_of(incident.held, [&](const Period& p) { return within(p, time); });
}

bool Judging::IsSaturated(const Setup& setup, const std::string& lane, Nanos time) const {
  const bool sms = lane.ends_with("/twilio_sms");
  if (!sms && !lane.ends_with("/email")) return false;
  const int64_t per = sms ? setup.sms_minutes * kMin : kMin;
  const int64_t most = sms ? setup.sms_count : 2;
  const auto found = tries_.find(lane);
  if (found == tries_.end()) return false;
  const auto from = std::ranges::lower_bound(found->second, time - per - 30 * kSec);
  const auto to = std::ranges::upper_bound(found->second, time);
  return to - from >= most;
}

bool Judging::WaitsForOthers(const Demand& demand, const std::string& lane, Nanos time) const {
  const Shown* shown = ShownOf(demand.incident);
  const std::string channel = lane + "[0]";
  constexpr int64_t kMost = 12 * kMin;  // twice the longest bundle, and a while
  Nanos from = time - kMost;
  // One that was held meanwhile may wait once more when it is released.
  for (const Period& held : demand.incident.held) {
    if (held.to >= time - kMost && held.to <= time) from = std::min(from, held.from - kMost);
  }
  const std::vector<Period> pieces = WallPieces(from, time);
  return shown != nullptr && std::ranges::any_of(shown->events, [&](const AuditEvent& event) {
           return event.kind == AuditKind::kPageHeld && event.channel == channel &&
                  event.text.find("waits") != std::string::npos &&
                  std::ranges::any_of(pieces, [&](const Period& piece) {
                    return piece.from <= event.time && event.time <= piece.to;
                  });
         });
}

bool Judging::IsQuiet(const Demand& demand, const Person& person, Nanos time) const {
  const bool mild =
      std::min(demand.stretch.severity, demand.incident.severity) <= Severity::kMedium;
  if (person.quiet_from < 0 || !mild) return false;
  for (const Nanos at : {Wall(time) - kMin, Wall(time)}) {
    const auto minute = static_cast<int>(at / kMin % (24 * 60));
    const bool inside = person.quiet_from < person.quiet_to
                            ? person.quiet_from <= minute && minute < person.quiet_to
                            : minute >= person.quiet_from || minute < person.quiet_to;
    if (inside) return true;
  }
  return false;
}

// What was due in a downtime is told by the last step that was, whose waits count from its time.
Nanos Judging::WaitsFrom(const Demand& demand) const {
  const Nanos wall = Wall(demand.due);
  for (const Period& absence : absences_) {
    if (absence.from <= wall && wall <= absence.to) return demand.due + (absence.to - wall);
  }
  return demand.due;
}

bool Judging::IsLaneExcused(const Demand& demand, const Person* person, const std::string& lane,
                            Nanos time) const {
  const Nanos wall = Wall(time);
  for (const Trouble& trouble : log_.troubles) {
    if (trouble.lane != lane) continue;
    const Nanos to = trouble.to + trouble.retry_after_ms * kNanosPerMilli + kBackoff;
    const bool began = std::min(Wall(demand.due), wall) <= trouble.to + kBackoff;
    if (trouble.from <= std::max(Wall(demand.due), wall) && began &&
        (wall <= to || trouble.result == Attempt::Result::kRejected)) {
      return true;
    }
  }
  if (person == nullptr) return false;
  const SetupPtr setup = SetupsOf(demand.stretch).front();
  const auto rule =
      std::ranges::find(person->rules, lane.substr(lane.find('/') + 1), &Rule::method);
  if (rule != person->rules.end() && time < WaitsFrom(demand) + rule->minutes * kMin) return true;
  if (IsQuiet(demand, *person, time)) return true;
  return IsSaturated(*setup, lane, time) || WaitsForOthers(demand, lane, time);
}

bool Judging::IsExcused(const Demand& demand, const std::string& receiver, Nanos time) const {
  if (!receiver.starts_with(kUserPrefix)) {
    return IsLaneExcused(demand, nullptr, receiver + "/webhook", time);
  }
  const SetupPtr setup = SetupsOf(demand.stretch).front();
  const Person* person = setup->Find(receiver.substr(kUserPrefix.size()));
  if (person == nullptr) return true;
  for (const std::string& method : person->methods) {
    const bool used =
        person->rules.empty() ||
        std::ranges::find(person->rules, method, &Rule::method) != person->rules.end();
    if (used && !IsLaneExcused(demand, person, fmt::format("{}/{}", receiver, method), time)) {
      return false;
    }
  }
  return true;
}

bool Judging::IsExcused(const Demand& demand, const std::set<std::string>& receivers,
                        Nanos time) const {
  if (IsAway(demand.incident, time)) return true;
  // Of several it is not known which one was chosen.
  return std::ranges::any_of(
      receivers, [&](const std::string& receiver) { return IsExcused(demand, receiver, time); });
}

bool Judging::IsEdited(const Stretch& stretch, const std::string& receiver) const {
  if (!receiver.starts_with(kUserPrefix)) return false;
  const std::vector<SetupPtr> setups = SetupsOf(stretch);
  const Person* first = setups.front()->Find(receiver.substr(kUserPrefix.size()));
  return std::ranges::any_of(setups, [&](const SetupPtr& setup) {
    const Person* person = setup->Find(receiver.substr(kUserPrefix.size()));
    if (person == nullptr || first == nullptr) return true;
    const bool same_rules =
        std::ranges::equal(person->rules, first->rules, [](const Rule& a, const Rule& b) {
          return a.method == b.method && a.minutes == b.minutes;
        });
    return person->methods != first->methods || !same_rules ||
           person->quiet_from != first->quiet_from || person->quiet_to != first->quiet_to ||
           setup->sms_count != setups.front()->sms_count ||
           setup->sms_minutes != setups.front()->sms_minutes;
  });
}

bool Judging::SaidSo(const Case& incident, Nanos from, Nanos to) const {
  const Shown* shown = ShownOf(incident);
  if (shown == nullptr) return false;
  const std::vector<Period> pieces = WallPieces(from, to);
  return std::ranges::any_of(shown->events, [&](const AuditEvent& event) {
    return event.kind == AuditKind::kEscalationSkipped &&
           std::ranges::any_of(pieces, [&](const Period& piece) {
             return piece.from <= event.time && event.time <= piece.to;
           });
  });
}

// At some moment of it nobody was on call, or nobody with a contact method.
bool Judging::MayBeNobody(const Demand& demand, Nanos by) const {
  for (const SetupPtr& setup : SetupsOf(demand.stretch)) {
    for (Nanos time = demand.stretch.start; time <= by; time += kMin) {
      if (MayMean(*setup, demand.target, Wall(time), Wall(time)).empty()) return true;
    }
  }
  return false;
}

void Judging::JudgeDemand(const Demand& demand) {
  std::set<std::string> receivers;
  if (!demand.anybody) receivers = {demand.receiver};
  Nanos time = demand.due;
  for (int64_t free = 0; free <= kSlack; time += kStep) {
    if (time >= demand.stretch.latest) {
      ++verdict_.excused;
      return;
    }
    if (demand.anybody) {
      receivers.clear();
      for (const SetupPtr& setup : SetupsOf(demand.stretch)) {
        for (const std::string& target : demand.step->targets) {
          if (!demand.step->in_turn && target != demand.target) continue;
          for (const Period& piece : WallPieces(demand.stretch.start, time)) {
            receivers.merge(MayMean(*setup, target, piece.from, piece.to));
          }
        }
      }
    }
    const bool edited = std::ranges::any_of(
        receivers, [&](const std::string& receiver) { return IsEdited(demand.stretch, receiver); });
    if (edited) {
      ++verdict_.excused;
      return;
    }
    if (!IsExcused(demand, receivers, time)) free += kStep;
  }
  ++verdict_.demands;
  if (IsMet(demand, receivers, time)) return;
  if (MayBeNobody(demand, time) && SaidSo(demand.incident, demand.stretch.start, time)) return;
  Problem(fmt::format("{}: tier {} (round {}) was due at {} for {}{}, and nobody heard of it by {}",
                      TellOf(demand.incident), demand.number, demand.round,
                      UtcText(Wall(demand.due)), demand.target,
                      demand.anybody ? "" : " = " + demand.receiver, UtcText(Wall(time))));
}

void Judging::JudgeWho(const Stretch& stretch, const Attempt& attempt) {
  const std::string prefix = "escalation tier ";
  // What a person forces after an answer goes by what was configured then.
  if (stretch.rise && !attempt.TellsRise()) return;
  if (stretch.rise && stretch.told.contains(attempt.receiver)) return;
  std::vector<std::string> targets = stretch.ladder.fallback;
  if (attempt.TellsRise()) {  // whoever was told before
    for (const Step& step : stretch.ladder.steps) {
      targets.insert(targets.end(), step.targets.begin(), step.targets.end());
    }
  } else if (attempt.reason.starts_with(prefix)) {
    const auto number = static_cast<size_t>(std::stoi(attempt.reason.substr(prefix.size())));
    if (number > stretch.ladder.steps.size()) {
      return Problem(fmt::format("{}: there is no {}", attempt.Lane(), attempt.reason));
    }
    targets = stretch.ladder.steps[number - 1].targets;
  }
  if (attempt.receiver == "backup") return;  // it stands in for anna, too
  for (const SetupPtr& setup : SetupsOf(stretch)) {
    for (const std::string& target : targets) {
      for (const Period& piece : WallPieces(stretch.start, TimeOf(attempt))) {
        if (MayMean(*setup, target, piece.from, piece.to).contains(attempt.receiver)) return;
      }
    }
  }
  Problem(fmt::format("{}: {} of {} at {} is not for them", attempt.Lane(), attempt.reason,
                      attempt.incident, UtcText(attempt.time)));
}

// Somebody who was to hear of it by then is not disturbed yet.
bool Judging::WaitsForMorning(const Case& incident, const Stretch& stretch, Nanos time) const {
  for (const SetupPtr& setup : SetupsOf(stretch)) {
    for (const Step& step : stretch.ladder.steps) {
      if (stretch.start + step.minutes * kMin > time) continue;
      const Demand demand{.incident = incident, .stretch = stretch, .step = &step};
      for (const std::string& target : step.targets) {
        for (const std::string& receiver : MayMean(*setup, target, Wall(time), Wall(time))) {
          if (!receiver.starts_with(kUserPrefix)) continue;
          const Person* person = setup->Find(receiver.substr(kUserPrefix.size()));
          if (person != nullptr && IsQuiet(demand, *person, time)) return true;
        }
      }
    }
  }
  return false;
}

// Everybody refused: the next ones hear of it, or it is said that nobody could be told.
void Judging::JudgeRefusals(const Case& incident, const Stretch& stretch) {
  if (stretch.rise) return;  // nobody comes next
  Nanos last = 0;
  for (const Attempt* attempt : AttemptsOf(incident, stretch)) {
    if (attempt->result != Attempt::Result::kRejected) return;  // somebody hears, or is tried
    last = TimeOf(*attempt);
  }
  if (last == 0 || SaidSo(incident, stretch.start, last + kSlack)) return;
  if (WaitsForMorning(incident, stretch, last)) return;
  int64_t free = 0;
  for (Nanos time = last; time < stretch.latest && free <= kSlack; time += kStep) {
    if (!IsAway(incident, time)) free += kStep;
  }
  if (free > kSlack) {
    Problem(fmt::format("{}: all refused by {}, and nothing came of it", TellOf(incident),
                        UtcText(Wall(last))));
  }
}

void Judging::JudgeStretch(const Case& incident, const Stretch& stretch) {
  for (const Attempt* attempt : AttemptsOf(incident, stretch)) {
    if (attempt->incident == incident.id) JudgeWho(stretch, *attempt);
  }
  JudgeRefusals(incident, stretch);
  for (const Demand& demand : DemandsOf(incident, stretch)) JudgeDemand(demand);
}

}  // namespace outrider::sim
