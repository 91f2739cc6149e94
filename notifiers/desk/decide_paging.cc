// SPDX-License-Identifier: Apache-2.0
// From the steps of an escalation to pages of people: who the names of a tier
// are now, whose turn it is, by which contact methods, and what happens when
// nobody can be told. Sources: specs/incidents_oncall_slo.md §2.3,
// specs/source_systems.md §3.3.
#include "notifiers/desk/decide_paging.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "notifiers/config/people_config.h"
#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_verification.h"
#include "notifiers/desk/targets.h"

namespace outrider {
namespace {

void Remark(Transaction& tx, const Incident& incident, int tier, const std::string& text,
            Nanos now) {
  AuditEvent event;
  event.subject = incident.id;
  event.kind = AuditKind::kEscalationSkipped;
  event.time = now;
  event.to = std::to_string(tier + 1);
  event.text = fmt::format("{}: {}", StepName(incident, tier), text);
  tx.Audit(std::move(event));
}

// The user of a receiver `user:NAME`, else "".
std::string UserOf(const std::string& receiver) {
  return receiver.starts_with(kUserPrefix) ? receiver.substr(kUserPrefix.size()) : "";
}

ContactSteps StepsOf(const Transaction& tx, const std::string& incident_id) {
  const PagingRecord* record = tx.paging.Find(ContactStepsKey(incident_id));
  const auto* steps = record == nullptr ? nullptr : std::get_if<ContactSteps>(record);
  return steps == nullptr ? ContactSteps{} : *steps;
}

// What is still to come of an incident's pages, with the timer of the user's
// first.
void KeepSteps(Transaction& tx, const std::string& incident_id, const std::string& user,
               ContactSteps steps) {
  Nanos first = 0;
  for (const ContactStep& step : steps.steps) {
    if (step.user == user && (first == 0 || step.due < first)) first = step.due;
  }
  const std::string timer = ContactRuleId(incident_id, user);
  if (first == 0) {
    tx.CancelTimer(TimerKind::kContactRule, timer);
  } else {
    tx.SetTimer(TimerKind::kContactRule, timer, first);
  }
  const std::string key = ContactStepsKey(incident_id);
  if (!steps.steps.empty()) {
    tx.paging.Put(key, std::move(steps));
  } else if (tx.paging.Find(key) != nullptr) {
    tx.paging.Erase(key);
  }
}

// A user with rules of their own: what waits for nothing is queued, the rest
// follows by timer. What is still to come of an earlier step goes on beside it.
bool QueueByRules(Transaction& tx, const Incident& incident, const PageRequest& page,
                  const std::string& user, const std::vector<ContactRule>& rules, Nanos now) {
  const Receiver* receiver = tx.plan().receivers().Find(page.receiver);
  bool found = false;
  ContactSteps steps = StepsOf(tx, incident.id);
  std::map<std::string_view, int> named;
  for (const ContactRule& rule : rules) {
    const int naming = named[rule.integration]++;
    const auto integration =
        std::ranges::find(receiver->integrations, rule.integration, &IntegrationName);
    if (integration == receiver->integrations.end() ||
        !IsUsable(tx, page.receiver, rule.integration)) {
      continue;
    }
    found = true;
    if (rule.wait > 0) {
      steps.steps.push_back({.due = now + rule.wait * kNanosPerMilli,
                             .user = user,
                             .epoch = page.epoch,
                             .loop = page.loop,
                             .tier = page.tier,
                             .integration = rule.integration,
                             .naming = naming});
      continue;
    }
    PageRequest each = page;
    each.integration = rule.integration;
    each.naming = naming;
    QueuePage(tx, incident, each, now);
  }
  KeepSteps(tx, incident.id, user, std::move(steps));
  return found;
}

}  // namespace

bool QueueReceiver(Transaction& tx, const Incident& incident, const PageRequest& page, Nanos now) {
  const std::string user = UserOf(page.receiver);
  const UserPaging* paging = user.empty() ? nullptr : tx.plan().people().FindUser(user);
  if (paging != nullptr && tx.plan().receivers().Find(page.receiver) != nullptr) {
    const std::vector<ContactRule>& rules = paging->RulesFor(incident.severity);
    if (!rules.empty() && QueueByRules(tx, incident, page, user, rules, now)) return true;
  }
  if (user.empty() || !tx.plan().people().require_verified) {
    return QueuePage(tx, incident, page, now);
  }
  bool found = false;
  for (const Integration& integration : tx.plan().receivers().Find(page.receiver)->integrations) {
    PageRequest each = page;
    each.integration = IntegrationName(integration);
    if (!IsUsable(tx, page.receiver, each.integration)) continue;
    found = QueuePage(tx, incident, each, now) || found;
  }
  return found;
}

namespace {

// The receiver behind the last one that was told, around the circle.
std::string NextInTurn(const Transaction& tx, const std::string& key,
                       const std::vector<std::string>& receivers) {
  const PagingRecord* record = tx.paging.Find(key);
  const auto* turn = record == nullptr ? nullptr : std::get_if<RoundRobinTurn>(record);
  if (turn == nullptr) return receivers.front();
  const auto last = std::ranges::find(receivers, turn->last);
  if (last == receivers.end() || last + 1 == receivers.end()) return receivers.front();
  return *(last + 1);
}

// Whether anybody was found.
bool QueueStep(Transaction& tx, const Incident& incident, const PageRequest& page,
               const std::vector<std::string>& targets, Nanos now) {
  const StepPeople step = WhoIsTold(tx, incident.escalation, page.tier, targets, now);
  if (step.in_turn) {
    tx.paging.Put(TurnKey(incident.escalation.policy, page.tier),
                  RoundRobinTurn{step.receivers.front()});
  }
  bool found = false;
  PageRequest each = page;
  for (const std::string& receiver : step.receivers) {
    each.receiver = receiver;
    found = QueueReceiver(tx, incident, each, now) || found;
  }
  ++tx.effects
        .escalations[{incident.escalation.policy, page.tier + 1, found ? "paged" : "skipped"}];
  for (const std::string& remark : step.remarks) Remark(tx, incident, page.tier, remark, now);
  return found;
}

// The policy's last resort, once a round has told nobody.
void TellFallback(Transaction& tx, const std::string& incident_id, int loop, Nanos now) {
  const Incident& incident = *tx.incidents.Find(incident_id);
  const auto tier = static_cast<int>(incident.escalation.tiers().size());
  if (incident.escalation.fallback().empty()) {
    Remark(tx, incident, tier - 1, "nobody was told in this round, and the policy has no fallback",
           now);
    return;
  }
  Remark(tx, incident, tier - 1, "nobody was told in this round: the fallback is", now);
  const PageRequest page{.receiver = "",
                         .integration = "",
                         .recovery = false,
                         .epoch = incident.epoch,
                         .loop = loop,
                         .tier = tier};
  if (!QueueStep(tx, incident, page, incident.escalation.fallback(), now)) {
    Remark(tx, incident, tier, "nobody could be told", now);
  }
}

// After a step: what its round has found so far.
void NoteStep(Transaction& tx, const std::string& incident_id, const PageRequest& step, bool found,
              Nanos now) {
  const auto last = static_cast<int>(tx.incidents.Find(incident_id)->escalation.tiers().size()) - 1;
  Escalation& escalation = tx.incidents.Edit(incident_id).escalation;
  const bool reached = found || (step.tier > 0 && escalation.reached);
  escalation.reached = reached;
  if (step.tier == last && !reached) TellFallback(tx, incident_id, step.loop, now);
}

bool SameStep(const PageRequest& a, const PageRequest& b) {
  return a.loop == b.loop && a.tier == b.tier && a.recovery == b.recovery;
}

// Rows of the incident's pages, of one round and epoch, that are still to be
// sent.
bool IsBeingTold(const Transaction& tx, const OutboxRow& lost, bool whole_round) {
  for (const std::string& id : tx.RowsOfIncident(lost.incident_id)) {
    const OutboxRow& row = *tx.outbox.Find(id);
    if (ToldKind(row) != OutboxKind::kPage || row.tier < 0 || row.epoch != lost.epoch ||
        row.loop != lost.loop) {
      continue;
    }
    if (whole_round || row.tier == lost.tier) return true;
  }
  return false;
}

bool HasSteps(const Transaction& tx, const OutboxRow& lost) {
  const ContactSteps steps = StepsOf(tx, lost.incident_id);
  return std::ranges::any_of(steps.steps, [&](const ContactStep& step) {
    return step.epoch == lost.epoch && step.loop == lost.loop && step.tier == lost.tier;
  });
}

// The step of a user's contact method that follows on a page of theirs.
bool Follows(const ContactStep& step, const OutboxRow& row) {
  return step.user == UserOf(row.receiver) && step.epoch == row.epoch && step.loop == row.loop &&
         step.tier == row.tier;
}

// The page was delivered: what follows keeps its wait, whatever becomes of others beside it.
void NoteStepsReached(Transaction& tx, const OutboxRow& row) {
  ContactSteps steps = StepsOf(tx, row.incident_id);
  bool changed = false;
  for (ContactStep& step : steps.steps) {
    if (step.reached || !Follows(step, row)) continue;
    step.reached = true;
    changed = true;
  }
  if (changed) tx.paging.Put(ContactStepsKey(row.incident_id), std::move(steps));
}

// Contact methods that refused a user's page for good do not cost the wait of the next one; those
// behind it keep their distance, as tiers do.
void HurryContactSteps(Transaction& tx, const OutboxRow& lost, Nanos now) {
  ContactSteps steps = StepsOf(tx, lost.incident_id);
  const ContactStep* next = nullptr;
  for (const ContactStep& step : steps.steps) {
    if (!Follows(step, lost)) continue;
    if (step.reached) return;
    if (next == nullptr || step.due < next->due) next = &step;
  }
  if (next == nullptr || next->due <= now) return;
  for (const std::string& id : tx.RowsOfIncident(lost.incident_id)) {
    const OutboxRow& row = *tx.outbox.Find(id);  // one that is still to be sent may be delivered
    const bool beside = row.kind == OutboxKind::kPage && row.receiver == lost.receiver &&
                        row.epoch == lost.epoch && row.loop == lost.loop && row.tier == lost.tier;
    if (beside) return;
  }
  const int64_t earlier = next->due - now;
  for (ContactStep& step : steps.steps) {
    if (Follows(step, lost)) step.due -= earlier;
  }
  KeepSteps(tx, lost.incident_id, UserOf(lost.receiver), std::move(steps));
}

bool WasTold(const Transaction& tx, const OutboxRow& lost, bool whole_round) {
  const PagingRecord* record = tx.paging.Find(RoundToldKey(lost.incident_id));
  const auto* told = record == nullptr ? nullptr : std::get_if<RoundTold>(record);
  if (told == nullptr || told->epoch != lost.epoch || told->loop != lost.loop) return false;
  return whole_round ? !told->tiers.empty() : told->tiers.contains(lost.tier);
}

}  // namespace

std::string StepName(const Incident& incident, int tier) {
  return tier < static_cast<int>(incident.escalation.tiers().size())
             ? fmt::format("tier {}", tier + 1)
             : "fallback";
}

StepPeople WhoIsTold(const Transaction& tx, const Escalation& escalation, int tier,
                     const std::vector<std::string>& targets, Nanos now) {
  const Reachable reachable = [&tx](const Receiver& receiver) { return CanReach(tx, receiver); };
  StepPeople step;
  for (const std::string& target : targets) {
    const Told told = ResolveTarget(tx.plan(), target, now, reachable);
    if (!told.remark.empty()) step.remarks.push_back(told.remark);
    for (const std::string& receiver : told.receivers) {
      if (std::ranges::find(step.receivers, receiver) == step.receivers.end()) {
        step.receivers.push_back(receiver);
      }
    }
  }
  const auto index = static_cast<size_t>(tier);
  step.in_turn = index < escalation.tiers().size() && escalation.tiers()[index].round_robin &&
                 !step.receivers.empty();
  if (step.in_turn) {
    step.receivers = {NextInTurn(tx, TurnKey(escalation.policy, tier), step.receivers)};
  }
  return step;
}

bool CanReach(const Transaction& tx, const Receiver& receiver) {
  return std::ranges::any_of(receiver.integrations, [&](const Integration& integration) {
    return IsUsable(tx, receiver.name, IntegrationName(integration));
  });
}

void QueuePages(Transaction& tx, const std::string& incident_id,
                const std::vector<PageRequest>& pages, Nanos now) {
  bool found = true;
  for (size_t i = 0; i < pages.size();) {
    const PageRequest& first = pages[i];
    if (first.recovery) {
      QueuePage(tx, *tx.incidents.Find(incident_id), first, now);
      ++i;
      continue;
    }
    std::vector<std::string> targets;
    for (; i < pages.size() && SameStep(pages[i], first); ++i) targets.push_back(pages[i].receiver);
    found = QueueStep(tx, *tx.incidents.Find(incident_id), first, targets, now);
    NoteStep(tx, incident_id, first, found, now);
  }
  if (!found) ApplyIncident(tx, PassTier(*tx.incidents.Find(incident_id), now), now);
}

void NoteStepTold(Transaction& tx, const OutboxRow& row) {
  const Incident* incident = tx.incidents.Find(row.incident_id);
  if (row.tier < 0 || incident == nullptr || !incident->Open() || incident->epoch != row.epoch) {
    return;
  }
  NoteStepsReached(tx, row);
  const std::string key = RoundToldKey(row.incident_id);
  const PagingRecord* record = tx.paging.Find(key);
  const auto* known = record == nullptr ? nullptr : std::get_if<RoundTold>(record);
  RoundTold told{.epoch = row.epoch, .loop = row.loop, .tiers = {}};
  if (known != nullptr && known->epoch == row.epoch && known->loop == row.loop) told = *known;
  if (known != nullptr && known->epoch == row.epoch && known->loop > row.loop) return;
  if (!told.tiers.insert(row.tier).second) return;
  tx.paging.Put(key, std::move(told));
}

void OnPageLost(Transaction& tx, const OutboxRow& row, Nanos now) {
  const Incident* incident = tx.incidents.Find(row.incident_id);
  if (ToldKind(row) != OutboxKind::kPage || row.tier < 0 || incident == nullptr ||
      !incident->Open() || incident->epoch != row.epoch) {
    return;
  }
  HurryContactSteps(tx, row, now);
  if (WasTold(tx, row, false) || IsBeingTold(tx, row, false) || HasSteps(tx, row)) return;
  const Escalation& escalation = incident->escalation;
  const auto tiers = static_cast<int>(escalation.tiers().size());
  if (row.tier >= tiers) return Remark(tx, *incident, row.tier, "nobody could be told", now);
  Remark(tx, *incident, row.tier, "nobody of it could be told", now);
  if (row.tier + 1 < tiers) {
    const bool next = escalation.active && escalation.held_at == 0 && escalation.loop == row.loop &&
                      escalation.next_tier == row.tier + 1;
    if (next) ApplyIncident(tx, PassTier(*incident, now), now);
    return;
  }
  if (!WasTold(tx, row, true) && !IsBeingTold(tx, row, true)) {
    TellFallback(tx, row.incident_id, row.loop, now);
  }
}

namespace {

// What follows of a page of the tier stands still with the escalation.
bool IsHeld(Transaction& tx, const Incident& incident, int tier, Nanos now) {
  if (incident.escalation.held_at != 0) return true;
  const std::string why = WhyHeld(tx, incident, now);
  if (why.empty()) return false;
  ApplyIncident(tx, HoldEscalation(incident, tier, why, now), now);
  return true;
}

}  // namespace

void ContinueContactSteps(Transaction& tx, const Incident& incident, int64_t held) {
  ContactSteps steps = StepsOf(tx, incident.id);
  std::set<std::string> users;
  for (ContactStep& step : steps.steps) {
    step.due += held;
    users.insert(step.user);
  }
  for (const std::string& user : users) KeepSteps(tx, incident.id, user, steps);
}

void OnContactRule(Transaction& tx, const std::string& id, Nanos due, Nanos now) {
  tx.CancelTimer(TimerKind::kContactRule, id);
  const auto [incident_id, user] = SplitPair(id);
  const Incident* incident = tx.incidents.Find(incident_id);
  ContactSteps steps = StepsOf(tx, incident_id);
  const auto first = std::ranges::find(steps.steps, user, &ContactStep::user);
  const bool open = incident != nullptr && incident->Open() && first != steps.steps.end();
  if (open && IsHeld(tx, *incident, first->tier, due)) return;  // set again when it is released
  ContactSteps later;
  std::set<std::pair<int, int>> queued;  // of which rounds and tiers
  for (ContactStep& step : steps.steps) {
    // An acknowledgement moved the epoch on.
    if (incident == nullptr || !incident->Open() || step.epoch != incident->epoch) continue;
    if (step.user != user || step.due > due) {
      later.steps.push_back(std::move(step));
      continue;
    }
    queued.insert({step.loop, step.tier});
    QueuePage(tx, *incident,
              {.receiver = fmt::format("{}{}", kUserPrefix, user),
               .integration = step.integration,
               .recovery = false,
               .epoch = step.epoch,
               .loop = step.loop,
               .tier = step.tier,
               .naming = step.naming},
              now);
  }
  for (ContactStep& step : later.steps) {
    if (step.user == user && queued.contains({step.loop, step.tier})) step.reached = false;
  }
  KeepSteps(tx, incident_id, user, std::move(later));
}

// Steps of the epoch as it is now stay: they may have been made in this very transaction.
void DropContactSteps(Transaction& tx, const Incident& incident) {
  ContactSteps kept;
  std::set<std::string> users;
  for (ContactStep& step : StepsOf(tx, incident.id).steps) {
    if (step.epoch != incident.epoch) {
      users.insert(step.user);
    } else {
      kept.steps.push_back(std::move(step));
    }
  }
  for (const ContactStep& step : kept.steps) users.erase(step.user);
  for (const std::string& user : users) {
    tx.CancelTimer(TimerKind::kContactRule, ContactRuleId(incident.id, user));
  }
  if (!users.empty()) {
    const std::string key = ContactStepsKey(incident.id);
    if (kept.steps.empty()) {
      tx.paging.Erase(key);
    } else {
      tx.paging.Put(key, kept);
    }
  }
  const std::string told = RoundToldKey(incident.id);
  const PagingRecord* record = tx.paging.Find(told);
  const auto* round = record == nullptr ? nullptr : std::get_if<RoundTold>(record);
  if (round != nullptr && round->epoch != incident.epoch) tx.paging.Erase(told);
}

}  // namespace outrider
