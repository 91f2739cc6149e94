// SPDX-License-Identifier: Apache-2.0
// What silences and inhibitions hold back: alerts wait for their incident, incidents keep their
// pages. Each rule tells its alerts as an event of its own, so a target may be heard of before its
// inhibitor, and the end of the inhibitor before the target's. Hence whatever is not suppressed
// (any more) is looked at again after a settling delay, and decided by the state then.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_contacts.h"
#include "notifiers/desk/decide_dependencies.h"
#include "notifiers/desk/decide_maintenance.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Longer than a rule group takes to tell all its rules.
constexpr int64_t kSettlingDelay = 5 * kNanosPerSecond;
// A page that is put aside is due again when its incident is released; this is for the eye only.
constexpr int64_t kAside = 3600 * kNanosPerSecond;

std::string WhySuppressed(const Transaction& tx, const Labels& alert, Nanos now) {
  const std::vector<std::string> silences = SilencedBy(tx.silences(), alert, now);
  if (!silences.empty()) return "silenced by " + Join(silences, ", ");
  return tx.inhibitor().InhibitedBy(alert).has_value() ? "inhibited" : "";
}

bool MayBeInhibited(const Transaction& tx, const Labels& alert) {
  const std::vector<InhibitRuleConfig>& rules = tx.plan().config().alertmanager.inhibit_rules;
  return std::any_of(rules.begin(), rules.end(), [&](const InhibitRuleConfig& rule) {
    return MatchesAll(rule.target_matchers, alert);
  });
}

bool IsSuppressed(const Transaction& tx, const Labels& alert, Nanos now) {
  return tx.inhibitor().InhibitedBy(alert).has_value() ||
         !SilencedBy(tx.silences(), alert, now).empty();
}

// The delay runs from when it was suppressed last. A start asks before the edges that fell into the
// downtime are run: they move it to where it had been without one.
void SetSettling(Transaction& tx, TimerKind kind, const std::string& id, bool suppressed,
                 Nanos now) {
  const Nanos set = tx.TimerDue(kind, id);
  const Nanos settled = now + kSettlingDelay;
  if (suppressed && set != 0) tx.CancelTimer(kind, id);
  if (suppressed || (set != 0 && set <= settled)) return;
  tx.SetTimer(kind, id, settled);
  tx.RequireSync();  // when an incident opens must not depend on when a power cut was
}

void RecheckWaiting(Transaction& tx, uint64_t fingerprint, Nanos now) {
  const bool suppressed = IsSuppressed(tx, tx.alerts.Find(fingerprint)->labels(), now);
  SetSettling(tx, TimerKind::kSettle, FingerprintHex(fingerprint), suppressed, now);
}

void RecheckHeld(Transaction& tx, Nanos now) {
  for (const std::string& id : tx.Held()) {
    const bool still = !WhyHeld(tx, *tx.incidents.Find(id), now).empty();
    SetSettling(tx, TimerKind::kEscalate, id, still, now);
  }
}

}  // namespace

void OfferToIncident(Transaction& tx, uint64_t fingerprint, Nanos now) {
  const AlertRecord* record = tx.alerts.Find(fingerprint);
  if (record == nullptr || !record->firing || record->ResolvedAt(now) ||
      !OpensIncident(tx.plan().incidents(), record->labels())) {
    return;
  }
  const bool suppressed = IsSuppressed(tx, record->labels(), now);
  if (!suppressed && !MayBeInhibited(tx, record->labels())) {
    FeedIncident(tx, fingerprint, now);
    return;
  }
  tx.alerts.Edit(fingerprint).waiting = true;
  SetSettling(tx, TimerKind::kSettle, FingerprintHex(fingerprint), suppressed, now);
}

void OnSettled(Transaction& tx, const std::string& fingerprint_hex, Nanos due) {
  tx.CancelTimer(TimerKind::kSettle, fingerprint_hex);
  const uint64_t fingerprint = ParseFingerprint(fingerprint_hex);
  const AlertRecord* record = tx.alerts.Find(fingerprint);
  if (record == nullptr || !record->waiting || !record->firing || record->ResolvedAt(due) ||
      IsSuppressed(tx, record->labels(), due)) {
    return;
  }
  FeedIncident(tx, fingerprint, due);
}

void RecheckSuppressed(Transaction& tx, Nanos now) {
  tx.TakeUninhibited();  // all are asked
  for (const uint64_t fingerprint : tx.Waiting()) RecheckWaiting(tx, fingerprint, now);
  RecheckHeld(tx, now);
}

void RecheckInhibited(Transaction& tx, Nanos now) {
  if (!tx.inhibition_changed()) return;
  for (const uint64_t fingerprint : tx.TakeUninhibited()) RecheckWaiting(tx, fingerprint, now);
  RecheckHeld(tx, now);
}

std::string WhyHeld(const Transaction& tx, const Incident& incident, Nanos now) {
  std::string why = WhyAttached(tx, incident);
  if (!why.empty()) return why;
  for (const uint64_t fingerprint : incident.firing) {
    const AlertRecord* record = tx.alerts.Find(fingerprint);
    if (record == nullptr) return "";
    std::string reason = WhySuppressed(tx, record->labels(), now);
    if (reason.empty()) {
      const std::string window = InMaintenance(tx, record->labels(), now);
      if (!window.empty()) reason = fmt::format("in maintenance: {}", window);
    }
    if (reason.empty()) return "";
    if (why.empty()) why = reason;
  }
  return why;
}

bool HoldPage(Transaction& tx, const std::string& row_id, Nanos now) {
  const OutboxRow* row = tx.outbox.Find(row_id);
  const Incident* incident = row == nullptr ? nullptr : tx.incidents.Find(row->incident_id);
  if (incident == nullptr || row->tier == kAskTier || row->forced) return false;
  const std::string why = WhyHeld(tx, *incident, now);
  if (why.empty() && incident->escalation.held_at == 0) return false;
  OutboxRow& edited = tx.outbox.Edit(row_id);
  if (edited.state == OutboxState::kSending) {  // claimed, not handed to its channel yet
    --edited.attempt;
    if (edited.attempt == 0) edited.sent_at = 0;
  }
  edited.state = OutboxState::kDue;
  edited.due = now + kAside;
  edited.lease_until = 0;
  // Pages of others that were to go with it go by themselves.
  const OutboxRow carrier = edited;
  SettleBundle(tx, carrier, OutboxOutcome::kStale, now);
  if (incident->escalation.held_at != 0) return true;
  if (edited.tier >= 0) {
    ++tx.effects.escalations[{incident->escalation.policy, edited.tier + 1, "skipped"}];
  }
  ApplyIncident(tx, HoldEscalation(*incident, edited.tier, why, now), now);
  return true;
}

void HoldBack(Transaction& tx, Nanos now, IncidentDecision* decision) {
  const auto of_tier = [](const PageRequest& page) {
    return page.tier >= 0 && !page.recovery && !page.forced;
  };
  if (std::none_of(decision->pages.begin(), decision->pages.end(), of_tier)) return;
  Escalation& escalation = decision->incident.escalation;
  const std::string why = WhyHeld(tx, decision->incident, now);
  if (why.empty()) return;
  for (AuditEvent& event : decision->events) {
    if (event.kind != AuditKind::kEscalated) continue;
    event.kind = AuditKind::kEscalationSkipped;
    event.text = fmt::format("tier {} not paged: {}", event.to, why);
    ++tx.effects.escalations[{escalation.policy, static_cast<int>(ParseInt(event.to).value_or(0)),
                              "skipped"}];
  }
  // Said when it is released.
  std::erase_if(decision->events, [](const AuditEvent& event) {
    return event.kind == AuditKind::kEscalationFinished;
  });
  if (escalation.held_at != 0) return;
  escalation.held_at = now;
  decision->timers.push_back({TimerKind::kEscalate, 0});
}

std::map<int, std::vector<std::string>> ReleasePages(Transaction& tx,
                                                     const std::string& incident_id, Nanos now) {
  std::map<int, std::vector<std::string>> released;
  for (const std::string& id : tx.RowsOfIncident(incident_id)) {
    const OutboxRow* row = tx.outbox.Find(id);
    if (row->kind != OutboxKind::kPage || row->state != OutboxState::kDue || row->due <= now) {
      continue;
    }
    OutboxRow& edited = tx.outbox.Edit(id);
    edited.due = now;
    std::vector<std::string>& told = released[edited.tier];
    if (std::ranges::find(told, edited.receiver) == told.end()) told.push_back(edited.receiver);
  }
  return released;
}

void NoteReleased(Transaction& tx, const Incident& incident,
                  const std::map<int, std::vector<std::string>>& released, Nanos now) {
  const auto note = [&](AuditKind kind, std::string to, std::string text) {
    AuditEvent event;
    event.subject = incident.id;
    event.kind = kind;
    event.time = now;
    event.to = std::move(to);
    event.text = std::move(text);
    tx.Audit(std::move(event));
  };
  const Escalation& escalation = incident.escalation;
  const auto tiers = static_cast<int>(escalation.tiers().size());
  bool any = false;
  for (const auto& [tier, receivers] : released) {
    if (tier < 0 || tier >= tiers) continue;  // a question, news, the fallback
    any = true;
    note(AuditKind::kEscalated, std::to_string(tier + 1),
         fmt::format("no longer held: tier {} goes to {}", tier + 1, Join(receivers, ", ")));
  }
  if (any && !escalation.active) {
    note(AuditKind::kEscalationFinished, "", "the last tier has been told");
  }
}

}  // namespace outrider
