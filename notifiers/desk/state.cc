// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/state.h"

namespace outrider {
namespace {

template <typename K, typename V>
void Store(Table<K, V>* table, const K& key, std::shared_ptr<const V> row) {
  if (row) {
    (*table)[key] = std::move(row);
  } else {
    table->erase(key);
  }
}

}  // namespace

void DeskState::PutAlert(uint64_t fingerprint, std::shared_ptr<const AlertRecord> record) {
  if (record && record->waiting) {
    waiting.insert(fingerprint);
  } else {
    waiting.erase(fingerprint);
  }
  Store(&alerts, fingerprint, std::move(record));
}

void DeskState::PutGroup(const std::string& id, std::shared_ptr<const GroupRecord> group) {
  Store(&groups, id, std::move(group));
}

void DeskState::PutIncident(const std::string& id, std::shared_ptr<const Incident> incident) {
  if (incident) {
    const auto newest = newest_incident.find(incident->key);
    const auto other =
        newest == newest_incident.end() ? incidents.end() : incidents.find(newest->second);
    if (other == incidents.end() || !IsNewer(*other->second, *incident)) {
      newest_incident[incident->key] = id;
    }
  }
  if (incident && incident->escalation.held_at != 0) {
    held.insert(id);
  } else {
    held.erase(id);
  }
  Store(&incidents, id, std::move(incident));
}

void DeskState::PutOutbox(const std::string& id, std::shared_ptr<const OutboxRow> row) {
  const auto old = outbox.find(id);
  if (old != outbox.end()) {
    if (old->second->state == OutboxState::kDue) outbox_queues.Remove(*old->second);
    const auto group = outbox_by_group.find(old->second->group_id);
    if (group != outbox_by_group.end()) {
      group->second.erase(id);
      if (group->second.empty()) outbox_by_group.erase(group);
    }
  }
  if (row) {
    if (row->state == OutboxState::kDue) outbox_queues.Add(*row);
    if (!row->group_id.empty()) outbox_by_group[row->group_id].insert(id);
  }
  Store(&outbox, id, std::move(row));
}

void DeskState::SetTimer(const TimerId& id, Nanos due) {
  const auto old = timers.find(id);
  if (old != timers.end()) {
    timers_by_due.erase({old->second, id.first, id.second});
    timers.erase(old);
  }
  if (due == 0) return;
  timers[id] = due;
  timers_by_due.insert({due, id.first, id.second});
}

}  // namespace outrider
