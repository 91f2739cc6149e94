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

// `last_sent` 0: never. An alert whose time as a resolved one has passed, which happens only while
// the process is down, is sent if nobody has heard that it was resolved.
bool NeedsSending(const ActiveAlert& alert, Timestamp last_sent, Timestamp ts,
                  DurationMs resend_delay);

// Until when the Alertmanager may take a firing alert for firing without hearing of it.
inline constexpr int64_t kValidFor = 4;
inline Timestamp ValidUntil(Timestamp ts, DurationMs interval, DurationMs resend_delay) {
  return ts + kValidFor * std::max(interval, resend_delay);
}

// What is sent again and again is recorded on disk at most this often; the rest at once.
inline constexpr DurationMs kRecordInterval = kMinute;

// What was sent when, by rule and label set, and what of it is on disk. Not thread-safe.
class SendBook {
 public:
  struct Due {
    AlertPtr alert;
    uint64_t labels_hash = 0;
    bool news = false;  // sent for the first time in this state
  };
  struct Taken {
    std::vector<Due> due;
    std::vector<uint64_t> forgotten;  // recorded ones that the rule does not have any more
  };
  // Those of a rule's alerts that are to be sent now; they count as sent. What the rule does not
  // have any more is forgotten, and all of a rule that is gone.
  Taken TakeDue(const EvaluatedAlerts& evaluated, DurationMs resend_delay);

  // As an earlier process recorded it; `counts`: it was sent to those who are to hear of it now.
  void Restore(const std::string& rule_id, uint64_t labels_hash, Timestamp sent, bool counts);
  // Sent at `sent`: whether that is to be recorded now; if so it counts as recorded.
  bool Record(const std::string& rule_id, uint64_t labels_hash, Timestamp sent, bool news);
  // Others are to hear of everything.
  void ForgetSent();
  size_t size() const;

 private:
  struct Entry {
    Timestamp sent = 0;      // 0: never
    Timestamp recorded = 0;  // 0: nothing on disk
  };
  using Entries = std::unordered_map<uint64_t, Entry>;  // by the hash of the labels
  std::unordered_map<std::string, Entries> rules_;
};

}  // namespace outrider
