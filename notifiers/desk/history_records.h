// SPDX-License-Identifier: Apache-2.0
// What the history keeps (history.h) and what is read of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "notifiers/outbox/outbox_row.h"
#include "rules/alerting/alert.h"
#include "storage/base/clock.h"
#include "storage/base/number_set.h"

namespace outrider {

// One flush of a group: every member stands in exactly one of the sets.
struct FlushRecord {
  Nanos time = 0;  // of the decision
  std::string group_id;
  std::string group_key;
  std::string route_key;
  std::string receiver;
  uint64_t flush = 0;
  NumberSet firing;  // passed every stage: offered to the integrations …
  NumberSet resolved;
  std::map<std::string, NumberSet> silenced;   // by silence ids, joined by ", "
  std::map<std::string, NumberSet> inhibited;  // by the inhibitor's fingerprint
  NumberSet muted;
  bool by_active_interval = false;    // outside of active_time_intervals; else mute_time_intervals
  std::vector<std::string> muted_by;  // names
  struct Decision {
    std::string integration;
    std::string text;        // "new alerts added", "nothing new" …
    std::string message_id;  // of the message that was queued; "": none
    friend bool operator==(const Decision&, const Decision&) = default;
  };
  std::vector<Decision> decisions;  // none where nothing was left to offer

  bool Has(uint64_t fingerprint) const;
  // "notified", "offered", "silenced", "inhibited", "muted"; "" for a stranger.
  std::string StateOf(uint64_t fingerprint) const;
  bool Queued() const;
  friend bool operator==(const FlushRecord&, const FlushRecord&) = default;
};

// An attempt, or the end of a message without one.
struct AttemptRecord {
  Nanos time = 0;   // when it ended
  Nanos began = 0;  // 0: nothing was attempted
  std::string message_id;
  OutboxKind kind = OutboxKind::kRoute;
  std::string receiver;
  std::string integration;
  std::string reason;   // why there is a message
  std::string outcome;  // as DeliveryView::outcome; "shadow"
  std::string detail;
  int status = 0;      // of the answer; 0: none
  std::string answer;  // its begin
  int attempt = 0;
  Nanos next_try = 0;
  bool repeat = false;
  std::string group_id;  // with `flush`, names the flush
  std::string group_key;
  uint64_t flush = 0;
  std::string incident_id;
  size_t alerts = 0;
  NumberSet told;  // of messages that belong to no flush of a group
  friend bool operator==(const AttemptRecord&, const AttemptRecord&) = default;
};

// An alert that is over, written when the desk forgets it: whom the other records speak of.
struct EndedAlert {
  uint64_t fingerprint = 0;
  Labels labels;
  Nanos starts_at = 0;
  Nanos ended_at = 0;
};

// Where an alert stands now.
struct AlertStanding {
  bool known = false;  // the desk still has it
  Alert alert;
  bool firing = false;
  std::vector<std::string> silenced_by;
  std::vector<std::string> inhibited_by;
  std::string incident_id;
  struct Group {
    std::string receiver;
    std::string route_key;
    std::string key;
    bool exists = false;
    Nanos last_flush = 0;
    Nanos next_flush = 0;
    std::string last_reason;
  };
  std::vector<Group> groups;  // in route order
};

struct AlertHistory {
  AlertStanding now;
  std::optional<EndedAlert> ended;      // as it ended last, where it is kept
  std::vector<FlushRecord> flushes;     // oldest first
  std::vector<AttemptRecord> attempts;  // oldest first
  bool cut = false;                     // there are older ones that were left out
};

}  // namespace outrider
