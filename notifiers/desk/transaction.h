// SPDX-License-Identifier: Apache-2.0
// One decision in the making: reads see the state with the edits so far; nothing outside changes
// until the edits were written as one batch and are applied.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "notifiers/desk/plan.h"
#include "notifiers/desk/state.h"
#include "notifiers/desk/views.h"
#include "notifiers/mute/inhibit.h"
#include "storage/state/state_store.h"

namespace outrider {

// The key of the row that says that an alert has been in an incident (Family::kMembers).
std::string MemberKey(std::string_view incident_id, uint64_t fingerprint);

// What a decision adds to the counters once it is applied.
struct Effects {
  std::vector<std::pair<uint64_t, Nanos>> begins;  // alerts that began to fire; for flap damping
  std::vector<DeliveryView> deliveries;
  std::map<DeskStats::EscalationKey, uint64_t> escalations;
  std::map<std::string, uint64_t> suppressed;                // alerts of flushes, by reason
  std::vector<std::pair<std::string, std::string>> history;  // rows, written with the rest
  Nanos trim_before = 0;                                     // of the history; 0: nothing
  int64_t set_back = 0;                                      // by how much the clock was; 0: not
  // For decide_dependencies.cc, of this decision: incidents that were made to wait for an outage,
  // and that were attached to one.
  std::vector<std::string> waiting;
  std::vector<std::string> attached;
};

// Not thread-safe. The inhibitor is changed at once, because later alerts of the same event must
// see it; Rollback puts it back. `dependencies`: the same for AsInhibition(dependencies).
class Transaction {
 public:
  Transaction(const DeskState& state, const Plan& plan, Inhibitor* inhibitor,
              Inhibitor* dependencies)
      : alerts(state.alerts),
        groups(state.groups),
        incidents(state.incidents),
        outbox(state.outbox),
        paging(state.paging),
        answer_codes(state.answer_codes),
        heartbeats(state.heartbeats),
        maintenance(state.maintenance),
        state_(state),
        plan_(plan),
        inhibitor_(inhibitor),
        dependencies_(dependencies) {}

  TableEdit<uint64_t, AlertRecord, HashTable<uint64_t, AlertRecord>> alerts;
  TableEdit<std::string, GroupRecord, HashTable<std::string, GroupRecord>> groups;
  TableEdit<std::string, Incident> incidents;
  TableEdit<std::string, OutboxRow> outbox;
  TableEdit<std::string, PagingRecord> paging;
  TableEdit<std::string, AnswerCodes> answer_codes;  // by phone
  TableEdit<std::string, HeartbeatState> heartbeats;
  TableEdit<std::string, MaintenanceWindow> maintenance;  // those made by the API
  Effects effects;

  const Plan& plan() const { return plan_; }
  const DeskState& state() const { return state_; }

  const SilenceBook& silences() const { return silences_ ? *silences_ : *state_.silences; }
  void PutSilence(const Silence& silence);
  void EraseSilence(const std::string& id);

  const AnswerKeys& answer_keys() const {
    return answer_keys_ ? *answer_keys_ : *state_.answer_keys;
  }
  void PutAnswerKeys(AnswerKeys keys) {
    answer_keys_ = std::make_shared<const AnswerKeys>(std::move(keys));
  }

  void SetTimer(TimerKind kind, const std::string& id, Nanos due) {
    timers_[{kind, id}] = due;
    earliest_timer_ = std::min(earliest_timer_, due);
  }
  // The earliest due time that was set in this transaction; INT64_MAX: none.
  Nanos earliest_timer() const { return earliest_timer_; }
  void CancelTimer(TimerKind kind, const std::string& id) { timers_[{kind, id}] = 0; }
  Nanos TimerDue(TimerKind kind, const std::string& id) const;  // 0: not set

  const std::vector<AuditEvent>& audit() const { return audit_; }
  void Audit(AuditEvent event) { audit_.push_back(std::move(event)); }

  const Inhibitor& inhibitor() const { return *inhibitor_; }
  const Inhibitor& dependencies() const { return *dependencies_; }
  void SetFiring(const Labels& alert, bool firing);
  // Alerts that wait and whose inhibition may have changed since this was asked last.
  std::vector<uint64_t> TakeUninhibited();
  bool inhibition_changed() const { return !touched_.empty(); }

  // The live route rows of a group, as after the edits.
  std::vector<std::string> RowsOfGroup(const std::string& group_id) const;
  // Pages and recoveries of an incident, as after the edits.
  std::vector<std::string> RowsOfIncident(const std::string& incident_id) const;
  // What was decided about an incident; all changes of its state come this way.
  const Incident& PutIncident(Incident incident);
  // Erases it; what it adds to the counters stays.
  void ForgetIncident(const std::string& id);
  // The newest incident of a key, as after the edits; nullptr: none.
  const Incident* NewestIncident(const std::string& key) const;
  std::vector<uint64_t> Waiting() const;
  // Incidents whose escalation is held, also by what this transaction did before.
  std::vector<std::string> Held() const;
  // Ids of the incidents that are merged into it, as after the edits.
  std::vector<std::string> PartsOf(const std::string& incident_id) const;

  // A commit that queues a message or answers a human is synced (core.md rule 9).
  void RequireSync() { synced_ = true; }
  bool synced() const { return synced_; }
  bool empty() const;
  bool queues_messages() const;

  // The rows of all edits. Chains the audit events behind the heads of the state.
  Batch Encode();
  // Drops the oldest block of times that this transaction has not dropped yet, if it is old by
  // `now`: what it was needed for is written as rows. False: there is none.
  bool RetireAlertTimes(Nanos now);
  // Drops all: every alert was edited.
  void DropAlertTimes() { retired_times_ = state_.alert_times.size(); }
  // Marks new messages as decided while the store could not be written.
  void MarkUnrecorded();
  void Apply(DeskState* state);
  void Rollback();

 private:
  void EncodeAlerts(Batch* batch);
  void EncodeTimers(Batch* batch) const;
  void EncodeAudit(Batch* batch);
  void EncodeIncidents(Batch* batch) const;
  void AssignShares();
  void EncodeTotals(Batch* batch);
  // Alerts that feed their incident no more.
  void EncodeLeavers(Batch* batch) const;
  void EncodeMembers(const Incident* before, const Incident* after, Batch* batch) const;

  const DeskState& state_;
  const Plan& plan_;
  Inhibitor* inhibitor_;
  Inhibitor* dependencies_;
  std::shared_ptr<SilenceBook> silences_;
  std::shared_ptr<const AnswerKeys> answer_keys_;  // nullptr: as they were
  std::map<std::string, bool> silence_changes_;    // id -> still there
  std::map<std::string, std::string> newest_;      // by key: the newest incident put
  std::vector<Incident> forgotten_;                // as they were last
  std::optional<AlertTimesBlock> new_times_;       // made by Encode
  size_t retired_times_ = 0;                       // how many of the oldest blocks are dropped
  std::optional<IncidentTotals> totals_;           // made by Encode; none: they are as they were
  std::optional<SharesEdit> shares_;               // the same
  std::map<TimerId, Nanos, TimerOrder> timers_;
  std::vector<AuditEvent> audit_;
  std::map<uint8_t, AuditHead> heads_;
  std::vector<std::pair<Labels, bool>> toggled_;
  std::vector<Inhibitor::Targets> touched_;  // by the inhibitor's changes
  Nanos earliest_timer_ = INT64_MAX;
  bool synced_ = false;
};

}  // namespace outrider
