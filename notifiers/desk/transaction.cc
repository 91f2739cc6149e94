// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/transaction.h"

#include <ranges>

#include "storage/base/hash.h"

namespace outrider {
namespace {

// Rows of a table whose keys are aggregate ids and whose change is not only soft.
template <typename Edit, typename KeyOf, typename Encode>
void EncodeTable(const Edit& edit, Family family, KeyOf&& key_of, Encode&& encode, Batch* batch) {
  for (const auto& [key, change] : edit.changes()) {
    if (change.soft) continue;
    if (change.row) {
      batch->Put(family, key_of(key), encode(*change.row));
    } else if (edit.Before(key) != nullptr) {
      batch->Delete(family, key_of(key));
    }
  }
}

}  // namespace

void Transaction::PutSilence(const Silence& silence) {
  if (!silences_) silences_ = std::make_shared<SilenceMap>(*state_.silences);
  (*silences_)[silence.id] = silence;
  silence_changes_[silence.id] = true;
}

void Transaction::EraseSilence(const std::string& id) {
  if (!silences_) silences_ = std::make_shared<SilenceMap>(*state_.silences);
  silences_->erase(id);
  silence_changes_[id] = false;
}

Nanos Transaction::TimerDue(TimerKind kind, const std::string& id) const {
  const auto changed = timers_.find({kind, id});
  if (changed != timers_.end()) return changed->second;
  const auto it = state_.timers.find({kind, id});
  return it == state_.timers.end() ? 0 : it->second;
}

void Transaction::SetFiring(const Labels& alert, bool firing) {
  inhibitor_->SetFiring(alert, firing);
  toggled_.emplace_back(alert, firing);
}

std::vector<std::string> Transaction::RowsOfGroup(const std::string& group_id) const {
  std::vector<std::string> rows;
  const auto known = state_.outbox_by_group.find(group_id);
  if (known != state_.outbox_by_group.end()) {
    for (const std::string& id : known->second) {
      if (outbox.Find(id) != nullptr) rows.push_back(id);
    }
  }
  for (const auto& [id, change] : outbox.changes()) {
    if (change.row && change.row->group_id == group_id && !state_.outbox.contains(id)) {
      rows.push_back(id);
    }
  }
  return rows;
}

const Incident& Transaction::PutIncident(Incident incident) {
  const std::string id = incident.id;  // before it moves
  const Incident& kept = incidents.Put(id, std::move(incident));
  std::string& newest = newest_[kept.key];
  if (newest.empty() || !IsNewer(*incidents.Find(newest), kept)) newest = id;
  return kept;
}

const Incident* Transaction::NewestIncident(const std::string& key) const {
  const auto put = newest_.find(key);
  const Incident* fresh = put == newest_.end() ? nullptr : incidents.Find(put->second);
  const auto known = state_.newest_incident.find(key);
  const Incident* old =
      known == state_.newest_incident.end() ? nullptr : incidents.Find(known->second);
  if (old == nullptr || fresh == nullptr) return fresh == nullptr ? old : fresh;
  return IsNewer(*old, *fresh) ? old : fresh;
}

std::vector<uint64_t> Transaction::Waiting() const {
  std::vector<uint64_t> waiting;
  for (const uint64_t fingerprint : state_.waiting) {
    const AlertRecord* record = alerts.Find(fingerprint);
    if (record != nullptr && record->waiting) waiting.push_back(fingerprint);
  }
  return waiting;
}

bool Transaction::empty() const {
  return alerts.changes().empty() && groups.changes().empty() && incidents.changes().empty() &&
         outbox.changes().empty() && silence_changes_.empty() && timers_.empty() && audit_.empty();
}

bool Transaction::queues_messages() const {
  for (const auto& [id, change] : outbox.changes()) {
    if (change.row && change.row->state == OutboxState::kDue) return true;
  }
  return false;
}

void Transaction::EncodeTimers(Batch* batch) const {
  for (const auto& [id, due] : timers_) {
    const auto old = state_.timers.find(id);
    const Nanos before = old == state_.timers.end() ? 0 : old->second;
    if (before == due) continue;
    if (before != 0) batch->Delete(Family::kTimers, EncodeTimerKey({before, id.first, id.second}));
    if (due != 0) batch->Put(Family::kTimers, EncodeTimerKey({due, id.first, id.second}), "");
  }
}

void Transaction::EncodeAudit(Batch* batch) {
  heads_.clear();
  for (AuditEvent& event : audit_) {
    const uint8_t bucket = BucketOf(event.subject);
    const auto [head, added] = heads_.try_emplace(bucket, state_.audit_heads[bucket]);
    ChainAuditEvent(&event, &head->second);
    batch->Put(Family::kAudit, AuditKey(event.subject, event.sequence), EncodeAuditEvent(event));
  }
  for (const auto& [bucket, head] : heads_) {
    batch->Put(Family::kMeta, AuditHeadKey(bucket), EncodeAuditHead(head));
  }
}

void Transaction::EncodeIncidents(Batch* batch) const {
  EncodeTable(incidents, Family::kIncidents, BucketKey, EncodeIncident, batch);
  for (const auto& [id, change] : incidents.changes()) {
    const Incident* before = incidents.Before(id);
    for (const SlaKind kind : {SlaKind::kAcknowledge, SlaKind::kResolve}) {
      const std::string key = SlaKey(id, static_cast<uint8_t>(kind));
      if (!change.row) {
        batch->Delete(Family::kSla, key);
      } else if (before == nullptr || before->Clock(kind) != change.row->Clock(kind)) {
        batch->Put(Family::kSla, key, EncodeSlaClock(change.row->Clock(kind)));
      }
    }
  }
}

Batch Transaction::Encode() {
  Batch batch;
  EncodeTable(alerts, Family::kAlerts, AlertKey, EncodeAlertRecord, &batch);
  EncodeTable(groups, Family::kGroups, BucketKey, EncodeGroupRecord, &batch);
  EncodeIncidents(&batch);
  for (const auto& [id, there] : silence_changes_) {
    if (there) {
      batch.Put(Family::kSilences, BucketKey(id), EncodeSilence(silences_->at(id)));
    } else {
      batch.Delete(Family::kSilences, BucketKey(id));
    }
  }
  EncodeAudit(&batch);
  EncodeTimers(&batch);
  EncodeTable(outbox, Family::kOutbox, BucketKey, EncodeOutboxRow, &batch);
  return batch;
}

void Transaction::MarkUnrecorded() {
  std::vector<std::string> fresh;
  for (const auto& [id, change] : outbox.changes()) {
    if (change.row && outbox.Before(id) == nullptr) fresh.push_back(id);
  }
  for (const std::string& id : fresh) outbox.Edit(id).recorded = false;
}

void Transaction::Apply(DeskState* state) {
  for (const auto& [key, change] : alerts.changes()) state->PutAlert(key, change.row);
  for (const auto& [key, change] : groups.changes()) state->PutGroup(key, change.row);
  for (const auto& [key, change] : incidents.changes()) state->PutIncident(key, change.row);
  for (const auto& [key, change] : outbox.changes()) state->PutOutbox(key, change.row);
  if (silences_) state->silences = silences_;
  for (const auto& [id, due] : timers_) state->SetTimer(id, due);
  for (const auto& [bucket, head] : heads_) state->audit_heads[bucket] = head;
}

void Transaction::Rollback() {
  for (const auto& [labels, firing] : std::views::reverse(toggled_)) {
    inhibitor_->SetFiring(labels, !firing);
  }
  toggled_.clear();
}

}  // namespace outrider
