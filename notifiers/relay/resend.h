// SPDX-License-Identifier: Apache-2.0
// When an alert is sent to external Alertmanagers: when it begins to fire, when it is resolved, and
// again and again in between and for a while after, because an Alertmanager forgets what it does
// not hear of. Pure. Source: specs/prometheus.md §3.2 "Sending".
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/alerting/alert_relay.h"
#include "rules/alerting/alert_state.h"

namespace outrider {

// `last_sent` 0: never.
bool NeedsSending(const ActiveAlert& alert, Timestamp last_sent, Timestamp ts,
                  DurationMs resend_delay);

// Until when the Alertmanager may take a firing alert for firing without hearing of it.
inline constexpr int64_t kValidFor = 4;
inline Timestamp ValidUntil(Timestamp ts, DurationMs interval, DurationMs resend_delay) {
  return ts + kValidFor * std::max(interval, resend_delay);
}

// What was sent when, by rule and label set. Not thread-safe.
class SendBook {
 public:
  // Those of a rule's alerts that are to be sent now; they count as sent. What the rule does not
  // have any more is forgotten.
  std::vector<AlertPtr> TakeDue(const EvaluatedAlerts& evaluated, DurationMs resend_delay);
  size_t size() const;

 private:
  using SentAt = std::unordered_map<uint64_t, Timestamp>;  // by the hash of the labels
  std::unordered_map<std::string, SentAt> rules_;
};

}  // namespace outrider
