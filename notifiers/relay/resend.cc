// SPDX-License-Identifier: Apache-2.0
#include "notifiers/relay/resend.h"

#include <algorithm>

#include "rules/alerting/alert_rule.h"

namespace outrider {
namespace {

Timestamp ChangedAt(const ActiveAlert& alert) {
  return alert.state == AlertState::kFiring ? alert.fired_at : alert.resolved_at;
}

}  // namespace

bool NeedsSending(const ActiveAlert& alert, Timestamp last_sent, Timestamp ts,
                  DurationMs resend_delay) {
  if (alert.state == AlertState::kPending) return false;
  if (last_sent == 0 || ChangedAt(alert) > last_sent) return true;
  if (alert.state == AlertState::kInactive && ts - alert.resolved_at > kResolvedRetention) {
    return false;
  }
  return last_sent + resend_delay < ts;
}

SendBook::Taken SendBook::TakeDue(const EvaluatedAlerts& evaluated, DurationMs resend_delay) {
  Taken taken;
  const auto known = rules_.find(evaluated.rule_id);
  Entries next;
  for (const AlertPtr& alert : evaluated.alerts) {
    const uint64_t hash = alert->labels.Hash();
    Entry entry;
    if (known != rules_.end()) {
      const auto at = known->second.find(hash);
      if (at != known->second.end()) {
        entry = at->second;
        known->second.erase(at);
      }
    }
    if (NeedsSending(*alert, entry.sent, evaluated.ts, resend_delay)) {
      taken.due.push_back({alert, hash, ChangedAt(*alert) > entry.sent});
      entry.sent = evaluated.ts;
    }
    if (evaluated.interval > 0) {
      if (entry.sent != 0 || entry.recorded != 0) next[hash] = entry;
    } else if (entry.recorded != 0) {
      taken.forgotten.push_back(hash);
    }
  }
  if (known != rules_.end()) {
    for (const auto& [hash, entry] : known->second) {
      if (entry.recorded != 0) taken.forgotten.push_back(hash);
    }
    rules_.erase(known);
  }
  if (!next.empty()) rules_[evaluated.rule_id] = std::move(next);
  return taken;
}

void SendBook::Restore(const std::string& rule_id, uint64_t labels_hash, Timestamp sent,
                       bool counts) {
  rules_[rule_id][labels_hash] = {counts ? sent : 0, sent};
}

bool SendBook::Record(const std::string& rule_id, uint64_t labels_hash, Timestamp sent, bool news) {
  const auto rule = rules_.find(rule_id);
  if (rule == rules_.end()) return false;
  const auto at = rule->second.find(labels_hash);
  if (at == rule->second.end()) return false;
  Entry& entry = at->second;
  if (sent <= entry.recorded || (!news && sent - entry.recorded < kRecordInterval)) return false;
  entry.recorded = sent;
  return true;
}

void SendBook::ForgetSent() {
  for (auto& [rule, entries] : rules_) {
    for (auto& [hash, entry] : entries) entry.sent = 0;
  }
}

size_t SendBook::size() const {
  size_t size = 0;
  for (const auto& [rule, entries] : rules_) size += entries.size();
  return size;
}

}  // namespace outrider
