// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/transaction.h"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

#include "notifiers/incident/opened_index.h"
#include "storage/base/hash.h"
#include "storage/state/row_codec.h"

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

void AddBlock(std::optional<AlertTimesBlock> block, DeskState* state) {
  if (!block) return;
  state->alert_times.push_back(*std::move(block));
  ++state->next_alert_times;
}

template <typename Edit, typename Rows>
void StoreRows(const Edit& edit, Rows* table) {
  for (const auto& [key, change] : edit.changes()) {
    if (change.row) {
      (*table)[key] = change.row;
    } else {
      table->erase(key);
    }
  }
}

// First: what other changes put may move the rows.
void ApplyAdditions(Transaction* tx, DeskState* state) {
  tx->groups.ApplyAdditions([&](std::shared_ptr<const GroupRecord> group) {
    const std::string id = group->id;
    state->PutGroup(id, std::move(group));
  });
  tx->incidents.ApplyAdditions([&](std::shared_ptr<const Incident> incident) {
    const std::string id = incident->id;
    state->PutIncident(id, std::move(incident));
  });
}

}  // namespace

std::string MemberKey(std::string_view incident_id, uint64_t fingerprint) {
  std::string key = BucketKey(incident_id);
  key.push_back('\0');
  return key += BigEndian64(fingerprint);
}

void Transaction::PutSilence(const Silence& silence) {
  if (!silences_) silences_ = std::make_shared<SilenceBook>(*state_.silences);
  silences_->Put(silence);
  silence_changes_[silence.id] = true;
}

void Transaction::EraseSilence(const std::string& id) {
  if (!silences_) silences_ = std::make_shared<SilenceBook>(*state_.silences);
  silences_->Erase(id);
  silence_changes_[id] = false;
}

Nanos Transaction::TimerDue(TimerKind kind, const std::string& id) const {
  const TimerRef timer{kind, id};
  const auto changed = timers_.find(timer);
  return changed != timers_.end() ? changed->second : state_.timers.Due(timer);
}

void Transaction::SetFiring(const Labels& alert, bool firing) {
  std::vector<Inhibitor::Targets> touched = inhibitor_->SetFiring(alert, firing);
  std::ranges::move(touched, std::back_inserter(touched_));
  dependencies_->SetFiring(alert, firing);
  toggled_.emplace_back(alert, firing);
}

std::vector<uint64_t> Transaction::TakeUninhibited() {
  std::vector<uint64_t> waiting;
  const std::vector<Inhibitor::Targets> touched = std::exchange(touched_, {});
  for (const Inhibitor::Targets& targets : touched) {
    for (const uint64_t fingerprint : inhibitor_->Waiting(targets)) waiting.push_back(fingerprint);
  }
  // Those that began to wait in this event are not in the index yet.
  for (const auto& [fingerprint, change] : alerts.changes()) {
    if (!change.row || !change.row->waiting) continue;
    if (std::ranges::any_of(touched, [&](const Inhibitor::Targets& targets) {
          return inhibitor_->IsTarget(targets, change.row->labels());
        })) {
      waiting.push_back(fingerprint);
    }
  }
  std::ranges::sort(waiting);
  const auto twice = std::ranges::unique(waiting);
  waiting.erase(twice.begin(), twice.end());
  std::erase_if(waiting, [&](uint64_t fingerprint) {
    const AlertRecord* record = alerts.Find(fingerprint);
    return record == nullptr || !record->waiting;
  });
  return waiting;
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

std::vector<std::string> Transaction::RowsOfIncident(const std::string& incident_id) const {
  std::vector<std::string> rows;
  const auto known = state_.outbox_by_incident.find(incident_id);
  if (known != state_.outbox_by_incident.end()) {
    for (const std::string& id : known->second) {
      if (outbox.Find(id) != nullptr) rows.push_back(id);
    }
  }
  for (const auto& [id, change] : outbox.changes()) {
    if (change.row && change.row->incident_id == incident_id && !state_.outbox.contains(id)) {
      rows.push_back(id);
    }
  }
  return rows;
}

const Incident& Transaction::PutIncident(Incident incident) {
  const std::string id = incident.id;  // before it moves
  const Incident& kept = incidents.Put(id, std::move(incident));
  std::string& newest = newest_[kept.key];
  const Incident* other = newest.empty() ? nullptr : incidents.Find(newest);
  if (other == nullptr || !IsNewer(*other, kept)) newest = id;
  return kept;
}

void Transaction::ForgetIncident(const std::string& id) {
  forgotten_.push_back(*incidents.Find(id));
  incidents.Erase(id);
}

const Incident* Transaction::NewestIncident(const std::string& key) const {
  const Incident* newest = nullptr;
  const auto offer = [&](const std::string& id) {
    const Incident* incident = incidents.Find(id);
    if (incident == nullptr) return;
    if (newest == nullptr || IsNewer(*incident, *newest)) newest = incident;
  };
  if (const auto put = newest_.find(key); put != newest_.end()) offer(put->second);
  const auto known = state_.newest_incident.find(key);
  if (known != state_.newest_incident.end()) offer(known->second->id);
  const auto beside = state_.open_beside.find(key);
  if (beside != state_.open_beside.end()) std::ranges::for_each(beside->second, offer);
  return newest;
}

std::vector<uint64_t> Transaction::Waiting() const {
  std::vector<uint64_t> waiting;
  for (const uint64_t fingerprint : state_.waiting) {
    const AlertRecord* record = alerts.Find(fingerprint);
    if (record != nullptr && record->waiting) waiting.push_back(fingerprint);
  }
  return waiting;
}

std::vector<std::string> Transaction::Held() const {
  std::vector<std::string> held(state_.held.begin(), state_.held.end());
  for (const auto& [id, change] : incidents.changes()) {
    if (change.row && !state_.held.contains(id)) held.push_back(id);
  }
  std::erase_if(held, [&](const std::string& id) {
    const Incident* incident = incidents.Find(id);
    return incident == nullptr || incident->escalation.held_at == 0;
  });
  return held;
}

std::vector<std::string> Transaction::PartsOf(const std::string& incident_id) const {
  std::set<std::string> parts;
  const auto known = state_.parts.find(incident_id);
  if (known != state_.parts.end()) parts = known->second;
  for (const auto& [id, change] : incidents.changes()) {
    if (change.row && change.row->merged_into == incident_id) {
      parts.insert(id);
    } else {
      parts.erase(id);
    }
  }
  return {parts.begin(), parts.end()};
}

bool Transaction::empty() const {
  return alerts.changes().empty() && groups.empty() && incidents.empty() &&
         outbox.changes().empty() && paging.changes().empty() && answer_codes.changes().empty() &&
         heartbeats.changes().empty() && maintenance.changes().empty() && answer_keys_ == nullptr &&
         silence_changes_.empty() && timers_.empty() && audit_.empty();
}

bool Transaction::queues_messages() const {
  for (const auto& [id, change] : outbox.changes()) {
    if (change.row && change.row->state == OutboxState::kDue) return true;
  }
  return false;
}

bool Transaction::RetireAlertTimes(Nanos now) {
  if (retired_times_ == state_.alert_times.size()) return false;
  const AlertTimesBlock& block = state_.alert_times[retired_times_];
  if (now - block.written_at < kTimesKept) return false;
  ++retired_times_;
  for (const uint64_t fingerprint : block.fingerprints) {
    const AlertRecord* record = alerts.Find(fingerprint);
    if (record == nullptr || !record->firing || record->written_at != block.mark) continue;
    alerts.Edit(fingerprint).written_at = now;
  }
  return true;
}

// A refreshed alert, of which memory alone has changed but for the times that are due to be
// written. See alert_times.h.
void Transaction::EncodeAlerts(Batch* batch) {
  new_times_.reset();
  const auto times_due = [&](uint64_t fingerprint, const auto& change) {
    return change.soft && change.row->written_at != alerts.Before(fingerprint)->written_at;
  };
  size_t due = 0;
  Nanos mark = 0;  // one event writes all its alerts at one time
  for (const auto& [fingerprint, change] : alerts.changes()) {
    if (times_due(fingerprint, change) && due++ == 0) mark = change.row->written_at;
  }
  std::vector<AlertTimes> times;
  times.reserve(due);
  if (due >= kFewestTimes) {
    new_times_.emplace();
    new_times_->mark = new_times_->written_at = mark;
  }
  for (const auto& [fingerprint, change] : alerts.changes()) {
    const bool only_times = times_due(fingerprint, change);
    if (only_times && new_times_ && change.row->written_at == mark) {
      new_times_->fingerprints.push_back(fingerprint);
      times.push_back(TimesOf(*change.row));
    } else if (only_times || (!change.soft && change.row)) {
      batch->Put(Family::kAlerts, AlertKey(fingerprint),
                 EncodeAlertRecord(*change.row, state_.next_alert_times));
    } else if (!change.soft && alerts.Before(fingerprint) != nullptr) {
      batch->Delete(Family::kAlerts, AlertKey(fingerprint));
    }
  }
  for (size_t i = 0; i < retired_times_; ++i) {
    batch->Delete(Family::kMeta, AlertTimesKey(state_.alert_times[i].number));
  }
  if (!new_times_) return;
  new_times_->number = state_.next_alert_times;
  batch->Put(Family::kMeta, AlertTimesKey(new_times_->number), EncodeAlertTimes(times, mark));
}

void Transaction::EncodeTimers(Batch* batch) const {
  for (const auto& [id, due] : timers_) {
    const Nanos before = state_.timers.Due({id.first, id.second});
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
    std::string row = ChainAuditEvent(&event, &head->second);
    batch->Put(Family::kAudit, AuditKey(event.subject, event.sequence), std::move(row));
    IndexAuditEvent(event, batch);
  }
  for (const auto& [bucket, head] : heads_) {
    batch->Put(Family::kMeta, AuditHeadKey(bucket), EncodeAuditHead(head));
  }
}

// Whom an alert feeds stands in its row. Only what was in an incident and feeds it no more has a
// row of its own.
void Transaction::EncodeMembers(const Incident* before, const Incident* after, Batch* batch) const {
  const NumberSet none;
  const NumberSet& old = before == nullptr ? none : before->alerts;
  const NumberSet& fresh = after == nullptr ? none : after->alerts;
  fresh.ForEachBeyond(old, [&](uint64_t fingerprint) {
    const AlertRecord* record = alerts.Find(fingerprint);
    if (record != nullptr && record->incident_id == after->id) return;
    batch->Put(Family::kMembers, MemberKey(after->id, fingerprint), "");
  });
  if (fresh.size() >= old.size()) return;  // they only grow, until the incident goes
  old.ForEachBeyond(fresh, [&](uint64_t fingerprint) {
    batch->Delete(Family::kMembers, MemberKey(before->id, fingerprint));
  });
}

void Transaction::EncodeLeavers(Batch* batch) const {
  for (const auto& [fingerprint, change] : alerts.changes()) {
    const AlertRecord* before = alerts.Before(fingerprint);
    if (before == nullptr || before->incident_id.empty()) continue;
    if (change.row && change.row->incident_id == before->incident_id) continue;
    const Incident* incident = incidents.Find(before->incident_id);
    if (incident == nullptr || !incident->alerts.contains(fingerprint)) continue;
    batch->Put(Family::kMembers, MemberKey(incident->id, fingerprint), "");
  }
}

void Transaction::EncodeIncidents(Batch* batch) const {
  EncodeLeavers(batch);
  EncodeTable(incidents, Family::kIncidents, BucketKey, EncodeIncident, batch);
  for (const auto& [id, change] : incidents.changes()) {
    const Incident* before = incidents.Before(id);
    // What only memory knows of is alerts that joined, and those say so themselves.
    if (!change.soft) EncodeMembers(before, change.row.get(), batch);
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

// Of incidents that are new; all of a decision at once, because the shares are bounded.
void Transaction::AssignShares() {
  shares_.emplace(state_.shares);
  for (const auto& [id, change] : incidents.changes()) {
    if (change.row && incidents.Before(id) == nullptr) {
      shares_->Assign(plan_.people(), change.row.get());
    }
  }
}

void Transaction::EncodeTotals(Batch* batch) {
  totals_.reset();
  const auto count = [&](const std::string& id, const Incident& after) {
    const Incident* before = incidents.Before(id);
    if (!ChangesTotals(before, after)) return;
    if (!totals_) totals_ = state_.totals;
    totals_->Count(before, after);
    shares_->Count(before, after);
  };
  for (const auto& [id, change] : incidents.changes()) {
    if (change.row) count(id, *change.row);
  }
  for (const Incident& incident : forgotten_) {
    count(incident.id, incident);
    if (!totals_) totals_ = state_.totals;
    totals_->Forget(incident);
  }
  if (totals_) batch->Put(Family::kMeta, std::string(kTotalsKey), EncodeIncidentTotals(*totals_));
  EncodeShares(shares_->changed(), batch);
}

Batch Transaction::Encode() {
  Batch batch;
  AssignShares();
  EncodeAlerts(&batch);
  EncodeTable(groups, Family::kGroups, BucketKey, EncodeGroupRecord, &batch);
  EncodeIncidents(&batch);
  for (const auto& [id, there] : silence_changes_) {
    if (there) {
      batch.Put(Family::kSilences, BucketKey(id), EncodeSilence(silences_->find(id)->second));
    } else {
      batch.Delete(Family::kSilences, BucketKey(id));
    }
  }
  EncodeTotals(&batch);
  EncodeAudit(&batch);
  EncodeTimers(&batch);
  EncodeTable(outbox, Family::kOutbox, BucketKey, EncodeOutboxRow, &batch);
  EncodeTable(
      paging, Family::kPaging, [](const std::string& key) { return key; }, EncodePagingRecord,
      &batch);
  EncodeTable(answer_codes, Family::kPaging, AnswerCodesKey, EncodeAnswerCodes, &batch);
  if (answer_keys_ != nullptr) {
    batch.Put(Family::kPaging, std::string(kAnswerKeysKey), EncodeAnswerKeys(*answer_keys_));
  }
  EncodeTable(
      heartbeats, Family::kPaging,
      [](const std::string& name) { return KindKey(kHeartbeatKind, name); }, EncodeHeartbeat,
      &batch);
  EncodeTable(
      maintenance, Family::kDirectory,
      [](const std::string& name) { return KindKey(kMaintenanceKind, name); }, EncodeMaintenance,
      &batch);
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
  for (const auto& [key, change] : alerts.changes()) {
    const AlertRecord* before = alerts.Before(key);
    const bool waited = before != nullptr && before->waiting;
    const bool waits = change.row && change.row->waiting;
    if (waited != waits) {
      inhibitor_->SetWaiting(waits ? change.row->labels() : before->labels(), waits);
    }
    state->PutAlert(key, change.row);
  }
  for (; retired_times_ > 0; --retired_times_) state->alert_times.pop_front();
  AddBlock(std::exchange(new_times_, std::nullopt), state);
  ApplyAdditions(this, state);
  for (const auto& [key, change] : groups.changes()) state->PutGroup(key, change.row);
  for (const auto& [key, change] : incidents.changes()) state->PutIncident(key, change.row);
  for (const auto& [key, change] : outbox.changes()) state->PutOutbox(key, change.row);
  if (totals_) state->totals = *totals_;
  if (shares_) {
    for (const auto& [name, totals] : shares_->changed().teams) state->shares.teams[name] = totals;
    for (const auto& [name, totals] : shares_->changed().services) {
      state->shares.services[name] = totals;
    }
  }
  for (const auto& [key, change] : paging.changes()) state->PutPaging(key, change.row);
  StoreRows(heartbeats, &state->heartbeats);
  StoreRows(maintenance, &state->maintenance);
  if (silences_) state->silences = silences_;
  if (answer_keys_ != nullptr) state->answer_keys = answer_keys_;
  StoreRows(answer_codes, &state->answer_codes);
  for (const auto& [id, due] : timers_) state->SetTimer(id, due);
  for (const auto& [bucket, head] : heads_) state->audit_heads[bucket] = head;
}

void Transaction::Rollback() {
  for (const auto& [labels, firing] : std::views::reverse(toggled_)) {
    inhibitor_->SetFiring(labels, !firing);
    dependencies_->SetFiring(labels, !firing);
  }
  toggled_.clear();
}

}  // namespace outrider
