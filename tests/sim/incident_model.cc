// SPDX-License-Identifier: Apache-2.0
// The model's way through the log: facts as they come, its own timers whenever the process ticked.
#include "tests/sim/incident_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace outrider::sim {
namespace {

constexpr Nanos kSettling = 5 * kSec;

// The next time behind `after` at which the window begins or ends; 0: there is none.
Nanos EdgeOf(const Works& works, Nanos after) {
  if (works.every_hours == 0)
    return works.from > after ? works.from : works.to > after ? works.to : 0;
  Nanos time = after / kMin * kMin + kMin;
  while (works.ActiveAt(time) == works.ActiveAt(time - 1)) time += kMin;
  return time;
}

Nanos OpenedAt(const Shown& shown) {
  const auto opened = std::ranges::find(shown.events, AuditKind::kOpened, &AuditEvent::kind);
  return opened == shown.events.end() ? 0 : opened->time;
}

}  // namespace

IncidentModel::IncidentModel(const RunLog& log) : log_(log) {
  for (int number = 0; number < kPoolSize; ++number) {
    const PoolAlert& pool = kPool[static_cast<size_t>(number)];
    signals_[number].key = fmt::format("{}/{}/", pool.name, pool.service);
  }
}

void IncidentModel::Replay() {
  for (place_ = 0; place_ < log_.facts.size(); ++place_) {
    const Fact& fact = log_.facts[place_];
    if (fact.lost) continue;
    // That the clock was set the process has to notice first; one that dies does not.
    if (fact.kind == FactKind::kClock || fact.kind == FactKind::kCrash) continue;
    wall_ = fact.time;
    Apply(fact);
    NoteHeld(fact.time);
  }
  NoteHeld(log_.end);
}

// As the product named it, by when the record says that it opened. Where the clock was set back,
// two of a key may have opened at one time (a silence ended, again): when they began was moved
// back with the clock, and that of the earlier one further.
std::string IncidentModel::IdOf(const Case& incident) const {
  const Shown* first = nullptr;
  for (const Shown& shown : log_.incidents) {
    const bool fits = shown.key == incident.key && OpenedAt(shown) == incident.received &&
                      std::ranges::find(cases_, shown.id, &Case::id) == cases_.end();
    if (fits && (first == nullptr || shown.received_at < first->received_at)) first = &shown;
  }
  return first == nullptr ? "" : first->id;
}

// Whether an alert of the key began at that time.
bool IncidentModel::IsOnRecord(const std::string& key, Nanos time) const {
  return std::ranges::any_of(log_.incidents, [&](const Shown& shown) {
    return shown.key == key && std::ranges::any_of(shown.events, [&](const AuditEvent& event) {
             return event.time == time && event.kind != AuditKind::kEscalated;
           });
  });
}

Case* IncidentModel::Find(const std::string& id) {
  const auto found =
      std::ranges::find_if(cases_, [&](const Case& incident) { return incident.id == id; });
  return id.empty() || found == cases_.end() ? nullptr : &*found;
}

void IncidentModel::Touch(Case& incident) {
  if (wall_ != turned_) ++turn_;
  turned_ = wall_;
  incident.touched = turn_;
}

// The open one, else the one that was closed or heard of an alert last.
Case* IncidentModel::Newest(const std::string& key) {
  Case* newest = nullptr;
  for (Case& incident : cases_) {
    if (incident.key != key) continue;
    const auto place = [](const Case& of) {
      return std::tuple(of.Open(), of.touched, of.received);
    };
    if (newest == nullptr || place(incident) > place(*newest)) newest = &incident;
  }
  return newest;
}

Severity IncidentModel::SeverityOf(int number) const {
  return number >= kFirstBeat ? Severity::kHigh : kPool[static_cast<size_t>(number)].severity;
}

// ---- what holds alerts back

bool IncidentModel::IsSilenced(int number, Nanos now) const {
  if (number >= kFirstBeat) return false;
  const std::string name = kPool[static_cast<size_t>(number)].name;
  return std::ranges::any_of(silences_, [&](const Silent& silence) {
    return silence.name == name && silence.from <= now && now < silence.to;
  });
}

bool IncidentModel::InWorks(int number, Nanos now) const {
  if (number >= kFirstBeat) return false;
  const std::string service = kPool[static_cast<size_t>(number)].service;
  const auto holds = [&](const Works& works) {
    return works.service == service && works.ActiveAt(now);
  };
  return std::ranges::any_of(setup_->works, holds) ||
         std::ranges::any_of(api_works_, [&](const auto& entry) { return holds(entry.second); });
}

bool IncidentModel::Explained(const Case& incident, Nanos now) const {
  constexpr int kOutage = 0;
  const bool out = signals_.at(kOutage).told || now < outage_until_;
  return out && std::ranges::all_of(incident.firing, [](int n) { return n == 1 || n == 2; });
}

void IncidentModel::NoteHeld(Nanos now) {
  for (Case& incident : cases_) {
    if (incident.Climbs()) {
      incident.stretches.back().latest = std::max(incident.stretches.back().latest, now);
    }
    const bool quiet = std::ranges::all_of(
        incident.firing, [&](int n) { return IsSilenced(n, now) || InWorks(n, now); });
    const bool held =
        incident.Open() && !incident.firing.empty() && (quiet || Explained(incident, now));
    if (held == incident.is_held) continue;
    incident.is_held = held;
    if (held) {
      incident.held.push_back({.from = now});
    } else {
      incident.held.back().to = now;
    }
  }
}

void IncidentModel::RecheckWaiting(Nanos now) {
  for (auto& [number, signal] : signals_) {
    if (!signal.waits) continue;
    const bool silenced = IsSilenced(number, now);
    if (silenced) signal.settles = 0;
    if (silenced) continue;
    const Nanos settled = now + kSettling;
    signal.settles = signal.settles == 0 ? settled : std::min(signal.settles, settled);
  }
}

void IncidentModel::RecheckWorksOf(Case& incident, Nanos now) {
  if (!incident.Open()) return;
  const bool all = !incident.firing.empty() &&
                   std::ranges::all_of(incident.firing, [&](int n) { return InWorks(n, now); });
  if (all) {
    Pause(incident, &Case::in_works, now);
  } else {
    Resume(incident, &Case::in_works, now);
  }
}

void IncidentModel::RecheckWorks(Nanos now) {
  for (Case& incident : cases_) RecheckWorksOf(incident, now);
  RecheckWaiting(now);
}

const Works* IncidentModel::FindWorks(const std::string& name) const {
  const auto found = std::ranges::find(setup_->works, name, &Works::name);
  if (found != setup_->works.end()) return &*found;
  const auto by_api = api_works_.find(name);
  return by_api == api_works_.end() ? nullptr : &by_api->second;
}

void IncidentModel::OnWorksEdge(const std::string& name, Nanos due) {
  const Works* works = FindWorks(name);
  if (works == nullptr) {
    edges_[name] = 0;
    return;
  }
  const bool changes = works->ActiveAt(due - 1) != works->ActiveAt(due);
  edges_[name] = EdgeOf(*works, due);
  // One that was made by API is forgotten at its end, also if the clock is set back then.
  if (edges_[name] == 0 && !works->ActiveAt(due)) api_works_.erase(name);
  if (changes) RecheckWorks(due);
}

// ---- alerts

void IncidentModel::Began(int number, Nanos now) {
  Signal& signal = signals_[number];
  signal.told = true;
  if (!IsSilenced(number, now)) return Feed(number, now);
  signal.waits = true;
  signal.settles = 0;
}

void IncidentModel::Feed(int number, Nanos now) {
  Signal& signal = signals_[number];
  signal.waits = false;
  signal.settles = 0;
  Case* newest = Newest(signal.key);
  if (newest != nullptr && newest->whole != nullptr) newest = newest->whole;
  if (newest != nullptr && newest->Open()) return Join(*newest, number, now);
  if (newest != nullptr &&
      now - std::max(newest->resolved, newest->last_alert) <= setup_->reopen_minutes * kMin) {
    return Reopen(*newest, number, now);
  }
  Case& opened = Open(signal.key, SeverityOf(number), false, now);
  opened.firing.insert(number);
  opened.last_alert = now;
  Touch(opened);
  signal.of = &opened;
  RecheckWorksOf(opened, now);
}

void IncidentModel::Ended(int number, Nanos now) {
  Signal& signal = signals_[number];
  signal.told = signal.waits = false;
  signal.settles = 0;
  if (number == 0) {
    outage_until_ = now + (setup_->dependants_grace_seconds + 60) * kSec;
  }
  Case* of = std::exchange(signal.of, nullptr);
  if (of == nullptr || of->firing.erase(number) == 0) return;
  of->last_alert = now;
  Touch(*of);
  CloseIfOver(*of, now);
  RecheckWorksOf(*of, now);
}

// ---- facts

void IncidentModel::ApplySetup(const Fact& fact, bool start) {
  const Nanos now = fact.time;
  const int64_t minutes_before = setup_ == nullptr ? 0 : setup_->still_firing_minutes;
  setup_ = fact.setup;
  ReviseFiresOn(minutes_before, now);
  setups_.emplace_back(place_, setup_);
  std::map<std::string, Pulse> pulses;
  for (size_t i = 0; i < setup_->beats.size(); ++i) {
    const std::string& name = setup_->beats[i].name;
    const bool known = pulses_.contains(name);
    Pulse pulse = known ? pulses_[name] : Pulse{};
    const int number = kFirstBeat + static_cast<int>(i);
    signals_[number].key = "HeartbeatMissed//" + name;
    const Nanos due =
        std::max(pulse.heard, pulse.since) + (setup_->beats[i].minutes + 1) * kMin + 1;
    // A start waits longer by the downtime, of which the desk knows more than this model: by any
    // part of the time since the beat. Unless the process had written that it was missed before.
    const bool written =
        IsOnRecord(KeyOf(number), due) || IsOnRecord(KeyOf(number), due + set_back_);
    if (start && known && !pulse.missing && due <= now && written) {
      pulse.missing = true;
      Began(number, due);
    }
    if (!known) pulse.since = now;
    if (const auto waited = fact.waited.find(name); waited != fact.waited.end()) {
      const Nanos earliest = std::max(pulse.heard, pulse.since);
      // Beats are not synced: the last ones may be lost with the power.
      if (fact.power_cut && waited->second < earliest) pulse.heard = pulse.since = waited->second;
      if (waited->second >= earliest)
        pulse.since = std::min(waited->second, std::max(now, earliest));
    }
    pulses[name] = pulse;
  }
  pulses_ = std::move(pulses);
  RecheckWaiting(now);
  ReviseEdges(now);
}

void IncidentModel::ReviseEdges(Nanos now) {
  bool overdue = false;
  for (const Works& works : setup_->works) edges_.try_emplace(works.name, 0);
  for (auto& [name, edge] : edges_) {
    const Works* works = FindWorks(name);
    if (works == nullptr) {
      edge = 0;
    } else if (edge == 0 || edge > now) {
      edge = EdgeOf(*works, now);
    } else {
      overdue = true;
    }
  }
  // An edge that fell into a downtime is run at its own time.
  if (!overdue) RecheckWorks(now);
}

void IncidentModel::Apply(const Fact& fact) {
  const Nanos now = fact.time;
  switch (fact.kind) {
    case FactKind::kStart:
    case FactKind::kSetup:
      return ApplySetup(fact, fact.kind == FactKind::kStart);
    case FactKind::kTick:
      return Tick(now);
    case FactKind::kBegan:
      return Began(fact.number, now);
    case FactKind::kEnded:
      return Ended(fact.number, now);
    case FactKind::kDeed:
      return Deedful(fact);
    case FactKind::kSilence:
      silences_.push_back({fact.token, fact.other, now, fact.until, fact.until});
      return RecheckWaiting(now);
    case FactKind::kUnsilence:
      for (Silent& silence : silences_) {
        if (silence.token != fact.token) continue;
        silence.by_hand = silence.to > now;
        silence.to = std::min(silence.to, now);
        silence.edge = 0;
      }
      return RecheckWaiting(now);
    case FactKind::kWorks:
      api_works_[fact.token] = fact.works;
      edges_[fact.token] = EdgeOf(fact.works, now);
      if (fact.works.ActiveAt(now)) RecheckWorks(now);
      return;
    case FactKind::kWorksEnd: {
      const bool active = api_works_[fact.token].ActiveAt(now);
      api_works_.erase(fact.token);
      edges_[fact.token] = 0;
      if (active) RecheckWorks(now);
      return;
    }
    case FactKind::kBeat: {
      Pulse& pulse = pulses_[fact.other];
      pulse.heard = std::max(pulse.heard, now);
      if (std::exchange(pulse.missing, false)) Ended(kFirstBeat, now);
      return;
    }
    case FactKind::kAttempt:
      return OnAttempt(log_.attempts[static_cast<size_t>(fact.number)]);
    case FactKind::kSetBack:
      return SetBack(fact.until - fact.time, now);
    case FactKind::kCrash:
    case FactKind::kClock:
      return;
  }
}

void IncidentModel::OnAttempt(const Attempt& attempt) {
  Case* asked = attempt.Asks() ? Find(attempt.incident) : nullptr;
  if (asked != nullptr && attempt.result == Attempt::Result::kDelivered) {
    asked->paged.insert(attempt.receiver);
  }
  if (!attempt.Pages()) return;
  std::set<std::string> told = attempt.bundled;
  told.insert(attempt.incident);
  for (const std::string& id : told) {
    Case* incident = Find(id);
    if (incident == nullptr) continue;
    if (attempt.result == Attempt::Result::kDelivered) incident->paged.insert(attempt.receiver);
    if (incident->forced) continue;
    const bool lasts = incident->Climbs();
    // What a message lists besides its own incident may be of either kind.
    const bool fits = id != attempt.incident || attempt.TellsRise() || !incident->Climbs() ||
                      !incident->stretches.back().rise;
    if (lasts && fits) continue;
    Problem(fmt::format("{}: {} of {} at {}, which is answered, put off or part of another",
                        attempt.Lane(), attempt.reason, id, UtcText(attempt.time)));
  }
}

// ---- people

void IncidentModel::Deedful(const Fact& fact) {
  const Nanos now = fact.time;
  if (fact.deed == Deed::kCreate) {
    Open(fact.other + "//", fact.severity, true, now);
    return;
  }
  Case* found = Find(fact.incident);
  if (found == nullptr) return;
  Case& incident = *found;
  switch (fact.deed) {
    case Deed::kAcknowledge:
      if (incident.phase == Phase::kNew) Respond(incident, Phase::kAcknowledged, fact.who, now);
      return;
    case Deed::kInvestigate:
      if (incident.phase < Phase::kInvestigating) {
        Respond(incident, Phase::kInvestigating, fact.who, now);
      }
      return;
    case Deed::kResolve:
      if (incident.Open()) Close(incident, true, fact.who, now);
      return;
    case Deed::kReopen:
      return Reopen(incident, -1, now);
    case Deed::kUnacknowledge:
      Move(incident, Phase::kNew, fact.who, now);
      return Climb(incident, now);
    case Deed::kSeverity:
      return SetSeverity(incident, fact);
    case Deed::kSnooze:
      return Snooze(incident, fact.until, now);
    case Deed::kWake:
      Wake(incident, now);
      if (incident.phase == Phase::kNew) Climb(incident, now);
      return;
    case Deed::kMerge:
      if (Case* whole = Find(fact.other)) Merge(incident, *whole, fact.who, now);
      return;
    case Deed::kUnmerge:
      return Unmerge(incident, now);
    case Deed::kConfirm:
      incident.ask_at = incident.unanswered_at = 0;
      return AskLater(incident, now);
    case Deed::kEscalate:
    case Deed::kForce:
      incident.forced = incident.phase != Phase::kNew;
      return;
    case Deed::kReapply: {
      const auto named = std::ranges::find(setup_->ladders, fact.other, &Ladder::name);
      const Ladder* ladder = fact.other.empty() ? setup_->Choose(incident.severity) : &*named;
      StopClimbing(incident, now);
      incident.ladder.reset();
      incident.by_name = !fact.other.empty();
      if (ladder != nullptr) incident.ladder = *ladder;
      if (incident.phase == Phase::kNew && incident.snoozed == 0) Climb(incident, now);
      return;
    }
    case Deed::kAssign:
      incident.assignee = fact.who;
      return;
    case Deed::kHold:
      return Pause(incident, &Case::on_hold, now);
    case Deed::kUnhold:
      return Resume(incident, &Case::on_hold, now);
    default:
      return;
  }
}

}  // namespace outrider::sim
