// SPDX-License-Identifier: Apache-2.0
// Whether a run kept the promises: each page that had to come came or was said to be impossible,
// none was repeated unmarked, each miss of a clock stands in the record once and at its time.
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/incident_judging.h"

namespace outrider::sim {

void Judging::CollectAbsences() {
  Nanos since = 0;
  for (const Fact& fact : log_.facts) {
    if (fact.kind == FactKind::kCrash) since = fact.time;
    if (fact.kind == FactKind::kStart && since != 0) {
      absences_.push_back({std::min(since, fact.time), fact.time});
      since = 0;
    }
    if (fact.kind == FactKind::kClock)
      absences_.push_back({std::min(fact.until, fact.time), fact.time});
  }
}

void Judging::CollectSetBacks() {
  int64_t later = 0;
  attempt_times_.resize(log_.attempts.size());
  for (size_t i = log_.facts.size(); i-- > 0;) {
    const Fact& fact = log_.facts[i];
    if (fact.kind == FactKind::kAttempt) {
      attempt_times_[static_cast<size_t>(fact.number)] = fact.time - later;
    }
    if (fact.kind != FactKind::kSetBack) continue;
    set_backs_.insert(set_backs_.begin(), {fact.time - later, fact.until - fact.time});
    later += fact.until - fact.time;
  }
  // What counts as sent lately moves with the clock.
  for (const Attempt& attempt : log_.attempts) tries_[attempt.Lane()].push_back(TimeOf(attempt));
  for (auto& [lane, times] : tries_) std::ranges::sort(times);
}

Nanos Judging::Wall(Nanos time) const {
  Nanos wall = time;
  for (const SetBack& each : set_backs_) {
    if (time < each.time) wall += each.by;
  }
  return wall;
}

std::vector<Period> Judging::WallPieces(Nanos from, Nanos to) const {
  std::vector<Period> pieces;
  const auto add = [&](Nanos until) {
    if (until < from) return;
    pieces.push_back({Wall(from), Wall(from) + (until - from)});
    from = until;
  };
  for (const SetBack& each : set_backs_) {
    if (each.time < to) add(each.time);
  }
  add(to);
  return pieces;
}

Nanos Judging::TimeOf(const Attempt& attempt) const {
  return attempt_times_[static_cast<size_t>(&attempt - log_.attempts.data())];
}

void Judging::JudgeKeys() {
  std::map<std::string, const Attempt*> taken;
  for (const Attempt& attempt : log_.attempts) {
    if (attempt.result != Attempt::Result::kDelivered) continue;
    const Attempt*& before = taken[attempt.key];
    if (before != nullptr && before->crashes == attempt.crashes) {
      Problem(fmt::format("{}: {} of {} came twice without a crash in between", attempt.Lane(),
                          attempt.reason, attempt.incident));
    } else if (before != nullptr && !attempt.idempotent && !attempt.repeat) {
      Problem(fmt::format("{}: {} of {} came again without a mark", attempt.Lane(), attempt.reason,
                          attempt.incident));
    }
    before = &attempt;
  }
}

const Shown* Judging::ShownOf(const Case& incident) const {
  const auto found = std::ranges::find(log_.incidents, incident.id, &Shown::id);
  return found == log_.incidents.end() ? nullptr : &*found;
}

void Judging::JudgeMisses(const Case& incident, const Shown& shown) {
  for (const char* clock : {"acknowledge", "resolve"}) {
    std::vector<Nanos> recorded;
    std::vector<Nanos> expected;
    for (const AuditEvent& event : shown.events) {
      if (event.kind == AuditKind::kSlaBreached && event.to == clock)
        recorded.push_back(event.time);
    }
    for (const Miss& miss : incident.misses) {
      if (miss.clock == clock) expected.push_back(miss.time);
    }
    verdict_.misses += static_cast<int>(expected.size());
    if (recorded == expected) continue;
    const auto text = [](const std::vector<Nanos>& times) {
      std::string out;
      for (const Nanos time : times) out += fmt::format(" {}.{:09}", UtcText(time), time % kSec);
      return out.empty() ? " never" : out;
    };
    Problem(fmt::format("{}: {} was missed{}, the record says{}", TellOf(incident), clock,
                        text(expected), text(recorded)));
  }
}

void Judging::JudgeEnds() {
  constexpr const char* kPhases[] = {"new", "acknowledged", "investigating", "resolved"};
  std::set<std::string> known;
  for (const Case& incident : model_.cases()) {
    known.insert(incident.id);
    const Shown* shown = ShownOf(incident);
    if (shown == nullptr) continue;  // the model has said so
    const std::string phase = kPhases[static_cast<size_t>(incident.phase)];
    if (phase != shown->state) {
      Problem(fmt::format("{} is {}, not {}", TellOf(incident), shown->state, phase));
    }
    JudgeMisses(incident, *shown);
  }
  for (const Shown& shown : log_.incidents) {
    if (known.contains(shown.id)) continue;
    Problem(fmt::format("incident {} ({}) of {} should not be there", shown.id, shown.key,
                        UtcText(shown.received_at)));
  }
}

// What a person was told is done stays done.
void Judging::JudgeDeeds() {
  for (const Fact& fact : log_.facts) {
    if (!fact.kept) continue;
    const bool there = std::ranges::any_of(log_.incidents, [&](const Shown& shown) {
      return std::ranges::any_of(shown.events, [&](const AuditEvent& event) {
        return event.text.find(fact.token) != std::string::npos;
      });
    });
    if (!there) Problem(fmt::format("what {} did to {} is forgotten", fact.who, fact.incident));
  }
}

Verdict Judging::Run() {
  CollectAbsences();
  CollectSetBacks();
  model_.Replay();
  verdict_.problems = log_.problems;
  for (const std::string& problem : model_.problems()) Problem(problem);
  verdict_.cases = static_cast<int>(model_.cases().size());
  JudgeKeys();
  JudgeEnds();
  JudgeDeeds();
  for (const Case& incident : model_.cases()) {
    for (const Stretch& stretch : incident.stretches) JudgeStretch(incident, stretch);
  }
  return std::move(verdict_);
}

Verdict Judge(const RunLog& log) { return Judging(log).Run(); }

}  // namespace outrider::sim
