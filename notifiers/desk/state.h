// SPDX-License-Identifier: Apache-2.0
// The hot state of the desk: memory is authoritative, every row of it also stands in the store.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "notifiers/desk/alert_kinds.h"
#include "notifiers/desk/alert_times.h"
#include "notifiers/desk/answer_codes.h"
#include "notifiers/desk/answer_token.h"
#include "notifiers/desk/around_rows.h"
#include "notifiers/desk/incident_shares.h"
#include "notifiers/desk/incident_totals.h"
#include "notifiers/desk/paging_records.h"
#include "notifiers/desk/records.h"
#include "notifiers/desk/table.h"
#include "notifiers/desk/timers.h"
#include "notifiers/desk/views.h"
#include "notifiers/incident/audit.h"
#include "notifiers/incident/incident.h"
#include "notifiers/mute/silence_book.h"
#include "notifiers/outbox/outbox_queues.h"
#include "notifiers/outbox/outbox_row.h"
#include "storage/base/hash.h"
#include "storage/state/schema.h"

namespace outrider {

// Which of two incidents of a key alerts go to: the open one, else the one that was closed, or
// heard of an alert, last; it need not be the one that opened last. What rows say decides, so a
// restart changes nothing unless the clock was set back between them.
inline bool IsNewer(const Incident& a, const Incident& b) {
  if (a.Open() != b.Open()) return a.Open();
  const auto last = [](const Incident& incident) {
    return std::pair(std::max(incident.resolved_at, incident.last_alert_at), incident.received_at);
  };
  return last(a) > last(b);
}

// When an alert's end is to be looked at.
struct AlertEnd {
  Nanos due = 0;
  uint64_t fingerprint = 0;
  friend auto operator<=>(const AlertEnd&, const AlertEnd&) = default;
};

struct DeskState {
  HashTable<uint64_t, AlertRecord> alerts;
  std::deque<AlertTimesBlock> alert_times;  // oldest first
  uint64_t next_alert_times = 1;            // the number of the next block
  HashTable<std::string, GroupRecord> groups;
  Table<std::string, Incident> incidents;
  Table<std::string, OutboxRow> outbox;
  Table<std::string, PagingRecord> paging;  // by the key of its row
  std::shared_ptr<const SilenceBook> silences = std::make_shared<const SilenceBook>();
  std::shared_ptr<const AnswerKeys> answer_keys = std::make_shared<const AnswerKeys>();
  Table<std::string, AnswerCodes> answer_codes;       // by phone
  Table<std::string, HeartbeatState> heartbeats;      // by name; this and the next
  Table<std::string, MaintenanceWindow> maintenance;  // those made by the API
  Nanos lived = 0;  // as the process before this one was alive last; 0: not known
  Timers timers;    // but those of alerts' ends
  std::array<AuditHead, 256> audit_heads;
  IncidentTotals totals;
  IncidentShares shares;
  // By lane: why its last attempt failed; none after one that did not. Memory only.
  std::map<std::string, LaneError> lane_errors;
  std::map<uint64_t, std::vector<Nanos>> begins;  // when alerts began to fire lately; memory only

  // Derived: kept by the functions below.
  OutboxQueues outbox_queues;                                    // rows that are not being sent
  std::map<std::string, std::set<std::string>> outbox_by_group;  // route rows
  std::map<std::string, std::set<std::string>> outbox_by_incident;
  // By key, a view into the row.
  absl::flat_hash_map<std::string_view, const Incident*> newest_incident;
  // By key: ids of open incidents that are not the newest, since one was opened again beside it.
  std::map<std::string, std::set<std::string>> open_beside;
  // By GroupPlace (plan.h): ids of groups whose ids are of the present format.
  absl::flat_hash_map<uint64_t, std::string> group_places;
  StringMap<size_t> firing_by_name;  // how many alerts of a name fire
  // Groups that were left behind and whose logs say that the alert fires, by alert.
  absl::flat_hash_map<uint64_t, std::vector<std::string>> left_behind;
  AlertKinds firing_kinds;
  std::set<uint64_t> waiting;  // alerts that would open an incident but are held back
  std::set<std::string> held;  // incidents whose escalation stands still
  std::map<std::string, std::set<std::string>> parts;  // incidents that are merged into one
  // Open incidents that are attached to an outage, by its incident.
  std::map<std::string, std::set<std::string>> dependants;
  // Ends of alerts: soft, because they follow from the alerts' rows. A heap, earliest first; an
  // entry counts as long as its alert's end_timer is the same.
  std::vector<AlertEnd> ends;

  void PutAlert(uint64_t fingerprint, std::shared_ptr<const AlertRecord> record);  // nullptr: erase
  void PutGroup(const std::string& id, std::shared_ptr<const GroupRecord> group);
  void PutIncident(const std::string& id, std::shared_ptr<const Incident> incident);
  void PutOutbox(const std::string& id, std::shared_ptr<const OutboxRow> row);
  void PutPaging(const std::string& key, std::shared_ptr<const PagingRecord> record);
  void SetTimer(const TimerId& id, Nanos due) { timers.Set(id, due); }  // 0: cancel
  void PushEnd(const AlertEnd& end);
  // Takes ends that are due at or before `until`, earliest first, at most `most`; what counts no
  // more is dropped on the way.
  std::vector<AlertEnd> TakeEnds(Nanos until, size_t most);
  // The earliest timer or end; nullopt: none. An end that counts no more may be seen.
  std::optional<Nanos> NextDue() const;
  std::vector<uint64_t> SortedAlerts() const;  // fingerprints

 private:
  void IndexLeftBehind(const GroupRecord& group, bool adds);
  void RankIncident(const std::string& id, const std::shared_ptr<const Incident>& incident);
};

}  // namespace outrider
