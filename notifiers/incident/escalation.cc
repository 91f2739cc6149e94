// SPDX-License-Identifier: Apache-2.0
// Escalation: tiers with delays from the start, not from the tier before. Acknowledging,
// investigating and resolving stop it and move the epoch on, so that pages already queued are
// dropped at the last moment. Sources: specs/source_systems.md §3.3, specs/incidents_oncall_slo.md
// §2.3.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "notifiers/config/escalation_config.h"
#include "notifiers/config/policy_index.h"
#include "notifiers/incident/decisions.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kFinished = "the last tier has been told";

void AddEvent(AuditKind kind, Nanos time, std::string text, IncidentDecision* decision) {
  AuditEvent event;
  event.subject = decision->incident.id;
  event.kind = kind;
  event.time = time;
  event.text = std::move(text);
  decision->events.push_back(std::move(event));
}

Nanos TierDue(const Escalation& escalation) {
  const auto tier = static_cast<size_t>(escalation.next_tier);
  return escalation.loop_at + escalation.tiers()[tier].delay * kNanosPerMilli;
}

// From the begin of a round to that of the next.
int64_t RoundLength(const Escalation& escalation) {
  return escalation.tiers().back().delay * kNanosPerMilli + escalation.repeat_interval;
}

// Moves on to the next tier, the next round, or the end. A tier that nobody is on does not cost the
// wait for the next one.
void Advance(Escalation* escalation) {
  const Nanos time = TierDue(*escalation);
  const bool nobody =
      escalation->tiers()[static_cast<size_t>(escalation->next_tier)].receivers.empty();
  if (++escalation->next_tier < static_cast<int>(escalation->tiers().size())) {
    if (nobody) escalation->loop_at -= TierDue(*escalation) - time;
    return;
  }
  if (escalation->repeat != kRepeatForever && escalation->loop >= escalation->repeat) {
    escalation->active = false;
    return;
  }
  escalation->loop_at += RoundLength(*escalation);
  escalation->next_tier = 0;
  ++escalation->loop;
}

// What is told for the last time when: receivers by steps that tell all of theirs, and steps that
// tell one in turn, by tier. Keys lie in the escalation's tiers.
struct LastTold {
  std::map<std::string_view, Nanos> receivers;
  std::map<size_t, Nanos> in_turn;
};

// When each is told for the last time at or before `now`. After a downtime many steps are due at
// once: who would be told by several of them is told once, by the last.
LastTold WhenLastTold(const Escalation& escalation, Nanos now) {
  LastTold told;
  Escalation walk = escalation;
  for (; walk.active && TierDue(walk) <= now; Advance(&walk)) {
    const auto tier = static_cast<size_t>(walk.next_tier);
    if (escalation.tiers()[tier].round_robin) {
      told.in_turn[tier] = TierDue(walk);
      continue;
    }
    for (const std::string& receiver : escalation.tiers()[tier].receivers) {
      told.receivers[receiver] = TierDue(walk);
    }
  }
  return told;
}

bool Has(const EscalationTier& tier, const std::string& receiver) {
  return std::ranges::find(tier.receivers, receiver) != tier.receivers.end();
}

// A later step that tells one in turn tells nobody in the place of one that tells all, and somebody
// else in the place of one that has not all of its receivers.
bool IsToldInTurn(const Escalation& escalation, const LastTold& last_told,
                  const std::string& receiver) {
  const EscalationTier& tier = escalation.tiers()[static_cast<size_t>(escalation.next_tier)];
  if (!tier.round_robin) return false;
  return std::ranges::any_of(last_told.in_turn, [&](const auto& last) {
    const EscalationTier& later = escalation.tiers()[last.first];
    return last.second > TierDue(escalation) && Has(later, receiver) &&
           std::ranges::all_of(later.receivers,
                               [&](const std::string& each) { return Has(tier, each); });
  });
}

// Of the step that is due, who is not told again by a later one.
std::vector<std::string> ToldNow(const Escalation& escalation, const LastTold& last_told) {
  std::vector<std::string> told;
  const EscalationTier& tier = escalation.tiers()[static_cast<size_t>(escalation.next_tier)];
  for (const std::string& receiver : tier.receivers) {
    const auto last = last_told.receivers.find(receiver);
    if (last != last_told.receivers.end() && last->second > TierDue(escalation)) continue;
    if (!IsToldInTurn(escalation, last_told, receiver)) told.push_back(receiver);
  }
  return told;
}

void PageTier(std::vector<std::string> receivers, IncidentDecision* decision) {
  const Escalation& escalation = decision->incident.escalation;
  const Nanos time = TierDue(escalation);
  const int tier = escalation.next_tier;
  if (receivers.empty()) {
    AddEvent(AuditKind::kEscalationSkipped, time, fmt::format("tier {} has nobody", tier + 1),
             decision);
    return;
  }
  AddEvent(AuditKind::kEscalated, time,
           fmt::format("escalated to tier {}: {}", tier + 1, Join(receivers, ", ")), decision);
  decision->events.back().to = std::to_string(tier + 1);
  for (std::string& receiver : receivers) {
    decision->pages.push_back({.receiver = std::move(receiver),
                               .integration = "",
                               .recovery = false,
                               .epoch = decision->incident.epoch,
                               .loop = escalation.loop,
                               .tier = tier});
  }
}

// Leaves out steps whose every receiver is told by a later one that is due by `now` as well.
void SkipOvertaken(const LastTold& last_told, Nanos now, IncidentDecision* decision) {
  Escalation& escalation = decision->incident.escalation;
  const Nanos since = TierDue(escalation);
  int steps = 0;
  while (escalation.active && TierDue(escalation) <= now &&
         !escalation.tiers()[static_cast<size_t>(escalation.next_tier)].receivers.empty() &&
         ToldNow(escalation, last_told).empty()) {
    Advance(&escalation);
    ++steps;
  }
  if (steps == 0) return;
  AddEvent(AuditKind::kEscalationSkipped, since,
           fmt::format("{} step{} overtaken: whoever it was is told by a later one", steps,
                       steps == 1 ? "" : "s"),
           decision);
}

// What repeats forever may have missed more rounds than are worth walking through: all but the last
// two are passed over at once.
void SkipRounds(Nanos now, IncidentDecision* decision) {
  Escalation& escalation = decision->incident.escalation;
  if (!escalation.active || escalation.repeat != kRepeatForever || escalation.next_tier != 0) {
    return;
  }
  const int64_t rounds = (now - escalation.loop_at) / RoundLength(escalation) - 1;
  if (rounds <= 0) return;
  AddEvent(AuditKind::kEscalationSkipped, TierDue(escalation),
           fmt::format("{} round{} overtaken", rounds, rounds == 1 ? "" : "s"), decision);
  escalation.loop_at += rounds * RoundLength(escalation);
  escalation.loop += static_cast<int>(rounds);
}

const EscalationPolicy* PolicyNamed(const IncidentsConfig& config, std::string_view name) {
  if (config.policy_index != nullptr) return config.policy_index->Find(name);
  const auto found = std::ranges::find(config.escalation_policies, name, &EscalationPolicy::name);
  return found == config.escalation_policies.end() ? nullptr : &*found;
}

// What the decision says is what `actor` did.
void NameActor(const Actor& actor, IncidentDecision* decision) {
  for (AuditEvent& event : decision->events) {
    event.who = actor.who;
    event.channel = actor.channel;
    event.data.insert(actor.data.begin(), actor.data.end());
  }
}

}  // namespace

const std::vector<EscalationTier>& Escalation::tiers() const {
  static const auto& kNone = *new std::vector<EscalationTier>;
  return steps == nullptr ? kNone : steps->tiers;
}

const std::vector<std::string>& Escalation::fallback() const {
  static const auto& kNone = *new std::vector<std::string>;
  return steps == nullptr ? kNone : steps->fallback;
}

bool NamesPolicy(const IncidentsConfig& config, const Alert& alert) {
  const auto wanted = alert.annotations.find("outrider_escalation");
  return wanted != alert.annotations.end() && PolicyNamed(config, wanted->second) != nullptr;
}

const EscalationPolicy* ChoosePolicy(const IncidentsConfig& config, Severity severity,
                                     const Alert& alert, Nanos now) {
  const auto wanted = alert.annotations.find("outrider_escalation");
  if (wanted != alert.annotations.end()) {
    const EscalationPolicy* named = PolicyNamed(config, wanted->second);
    if (named != nullptr) return named;
  }
  if (config.policy_index != nullptr) {
    return config.policy_index->Choose(severity, alert.labels, now);
  }
  for (const EscalationPolicy& policy : config.escalation_policies) {
    if (PolicyMatches(policy, severity, alert.labels, now, nullptr)) return &policy;
  }
  return nullptr;
}

void TakePolicy(const EscalationPolicy* policy, Escalation* escalation) {
  *escalation = {};
  if (policy == nullptr) return;
  escalation->policy = policy->name;
  escalation->steps = SharePolicySteps({policy->tiers, policy->fallback});
  escalation->repeat = policy->repeat;
  escalation->repeat_interval = policy->repeat_interval * kNanosPerMilli;
}

void TakePolicyFor(const IncidentsConfig& config, const Alert& alert, Nanos now,
                   Incident* incident) {
  TakePolicy(ChoosePolicy(config, incident->severity, alert, now), &incident->escalation);
  incident->escalation.by_name = NamesPolicy(config, alert);
}

void RunEscalation(Nanos due, Nanos now, IncidentDecision* decision) {
  Escalation& escalation = decision->incident.escalation;
  SkipRounds(now, decision);
  const LastTold last_told = WhenLastTold(escalation, now);
  while (escalation.active && TierDue(escalation) <= due) {
    SkipOvertaken(last_told, now, decision);
    if (TierDue(escalation) > due) break;
    PageTier(ToldNow(escalation, last_told), decision);
    Advance(&escalation);
    if (escalation.active) continue;
    AddEvent(AuditKind::kEscalationFinished, due, std::string(kFinished), decision);
  }
  decision->timers.push_back(
      {TimerKind::kEscalate, escalation.active ? TierDue(escalation) : Nanos{0}});
}

void StartEscalation(Nanos now, IncidentDecision* decision) {
  Escalation& escalation = decision->incident.escalation;
  escalation.started_at = now;
  escalation.loop_at = now;
  escalation.loop = 0;
  escalation.next_tier = 0;
  escalation.active = !escalation.tiers().empty();
  escalation.reached = false;
  escalation.held_at = 0;
  RunEscalation(now, now, decision);
}

void CancelEscalation(IncidentDecision* decision) {
  ++decision->incident.epoch;
  decision->incident.escalation.active = false;
  decision->incident.escalation.held_at = 0;
  decision->timers.push_back({TimerKind::kEscalate, 0});
}

IncidentDecision OnEscalationTimer(const Incident& incident, Nanos due, Nanos now) {
  IncidentDecision decision{.incident = incident, .events = {}, .timers = {}, .pages = {}};
  Escalation& escalation = decision.incident.escalation;
  if (escalation.held_at != 0) {
    escalation.loop_at += due - escalation.held_at;
    escalation.held_at = 0;
  }
  RunEscalation(due, now, &decision);
  return decision;
}

IncidentDecision PassTier(const Incident& incident, Nanos now) {
  IncidentDecision decision{.incident = incident, .events = {}, .timers = {}, .pages = {}};
  Escalation& escalation = decision.incident.escalation;
  if (!escalation.active || escalation.next_tier == 0) return decision;
  escalation.loop_at -= std::max<int64_t>(TierDue(escalation) - now, 0);
  RunEscalation(now, now, &decision);
  return decision;
}

bool ToldSince(const Escalation& escalation, int loop, int tier) {
  const bool last = tier + 1 >= static_cast<int>(escalation.tiers().size());
  const std::pair<int, int> next{last ? loop + 1 : loop, last ? 0 : tier + 1};
  return std::pair(escalation.loop, escalation.next_tier) > next;
}

StatusOr<IncidentDecision> EscalateNow(const Incident& incident, bool force, const Actor& actor,
                                       Nanos now) {
  const auto refuse = [&](const char* why) {
    return absl::FailedPreconditionError(fmt::format("incident {} {}", incident.id, why));
  };
  if (!incident.Open()) return refuse("is resolved");
  if (incident.escalation.tiers().empty()) return refuse("has no escalation policy");
  const bool answered = incident.state != IncidentState::kNew;
  if (!force && answered) {
    return refuse("is taken care of and does not escalate; force tells the next tier");
  }
  if (!force && !incident.escalation.active) {
    return refuse("has told its last tier; force begins again");
  }
  IncidentDecision decision{.incident = incident, .events = {}, .timers = {}, .pages = {}};
  Escalation& escalation = decision.incident.escalation;
  if (!escalation.active && escalation.next_tier >= static_cast<int>(escalation.tiers().size())) {
    escalation.next_tier = 0;
    ++escalation.loop;
  }
  escalation.active = true;
  escalation.held_at = 0;
  escalation.loop_at -= TierDue(escalation) - now;
  // Only this tier: what else would be due by then keeps its distance to it.
  PageTier(escalation.tiers()[static_cast<size_t>(escalation.next_tier)].receivers, &decision);
  Advance(&escalation);
  NameActor(actor, &decision);
  if (!actor.note.empty() && !decision.events.empty()) {
    decision.events.back().text += ": " + actor.note;
  }
  if (!escalation.active) {
    AddEvent(AuditKind::kEscalationFinished, now, std::string(kFinished), &decision);
  }
  if (answered) escalation.active = false;  // somebody is on it: nobody else is told by the clock
  decision.timers.push_back(
      {TimerKind::kEscalate, escalation.active ? TierDue(escalation) : Nanos{0}});
  decision.incident.updated_at = now;
  return decision;
}

StatusOr<IncidentDecision> ApplyPolicy(const Incident& incident, const EscalationPolicy* policy,
                                       bool by_name, const Actor& actor, Nanos now) {
  if (!incident.Open()) {
    return absl::FailedPreconditionError(fmt::format("incident {} is resolved", incident.id));
  }
  IncidentDecision decision{.incident = incident, .events = {}, .timers = {}, .pages = {}};
  Incident& changed = decision.incident;
  AddEvent(AuditKind::kPolicyApplied, now, actor.note, &decision);
  NameActor(actor, &decision);
  decision.events.back().from = incident.escalation.policy;
  decision.events.back().to = policy == nullptr ? "" : policy->name;
  TakePolicy(policy, &changed.escalation);
  changed.escalation.by_name = by_name;
  changed.updated_at = now;
  CancelEscalation(&decision);  // what was queued by the old one is told no more
  if (changed.state == IncidentState::kNew && changed.snoozed_until == 0 &&
      changed.merged_into.empty()) {
    StartEscalation(now, &decision);
  }
  return decision;
}

std::vector<Nanos> TierTimes(const Escalation& escalation) {
  std::vector<Nanos> times;
  times.reserve(escalation.tiers().size());
  for (const EscalationTier& tier : escalation.tiers()) {
    times.push_back(escalation.loop_at + tier.delay * kNanosPerMilli);
  }
  return times;
}

IncidentDecision HoldEscalation(const Incident& incident, int tier, std::string_view why,
                                Nanos now) {
  IncidentDecision decision{.incident = incident, .events = {}, .timers = {}, .pages = {}};
  Escalation& escalation = decision.incident.escalation;
  decision.timers.push_back({TimerKind::kEscalate, 0});
  if (escalation.held_at != 0) return decision;
  escalation.held_at = now;
  const std::string what = tier < 0 ? "news not told" : fmt::format("tier {} not paged", tier + 1);
  AddEvent(AuditKind::kEscalationSkipped, now, fmt::format("{}: {}", what, why), &decision);
  return decision;
}

}  // namespace outrider
