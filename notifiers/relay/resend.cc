// SPDX-License-Identifier: Apache-2.0
#include "notifiers/relay/resend.h"

#include <algorithm>

namespace outrider {

bool NeedsSending(const ActiveAlert& alert, Timestamp last_sent, Timestamp ts,
                  DurationMs resend_delay) {
  if (alert.state == AlertState::kPending) return false;
  if (last_sent == 0) return true;
  const Timestamp changed = alert.state == AlertState::kFiring ? alert.fired_at : alert.resolved_at;
  return changed > last_sent || last_sent + resend_delay < ts;
}

std::vector<AlertPtr> SendBook::TakeDue(const EvaluatedAlerts& evaluated, DurationMs resend_delay) {
  std::vector<AlertPtr> due;
  const auto known = rules_.find(evaluated.rule_id);
  SentAt next;
  for (const AlertPtr& alert : evaluated.alerts) {
    const uint64_t hash = alert->labels.Hash();
    Timestamp sent = 0;
    if (known != rules_.end()) {
      const auto at = known->second.find(hash);
      if (at != known->second.end()) sent = at->second;
    }
    if (NeedsSending(*alert, sent, evaluated.ts, resend_delay)) {
      due.push_back(alert);
      sent = evaluated.ts;
    }
    if (sent != 0) next[hash] = sent;
  }
  if (!next.empty()) {
    rules_[evaluated.rule_id] = std::move(next);
  } else if (known != rules_.end()) {
    rules_.erase(known);
  }
  return due;
}

size_t SendBook::size() const {
  size_t size = 0;
  for (const auto& [rule, sent] : rules_) size += sent.size();
  return size;
}

}  // namespace outrider
