// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/state.h"

#include <algorithm>
#include <functional>

#include "notifiers/desk/plan.h"

namespace outrider {
namespace {

template <typename Rows, typename K, typename V>
void Store(Rows* table, const K& key, std::shared_ptr<const V> row) {
  if (row) {
    (*table)[key] = std::move(row);
  } else {
    table->erase(key);
  }
}

void CountName(const AlertRecord& record, bool fires, StringMap<size_t>* counts) {
  const std::string_view name = record.labels().Get(kAlertName);
  const auto count = counts->find(name);
  if (count == counts->end()) {
    if (fires) counts->emplace(std::string(name), 1);
  } else if (fires) {
    ++count->second;
  } else if (--count->second == 0) {
    counts->erase(count);
  }
}

// Most of what happens to incidents: the open one of its key stays open, beside no other.
bool StaysNewest(DeskState* state, const std::shared_ptr<const Incident>& incident) {
  if (!incident || !incident->Open() || !state->open_beside.empty()) return false;
  const auto newest = state->newest_incident.find(incident->key);
  if (newest == state->newest_incident.end() || newest->second->id != incident->id) return false;
  state->newest_incident.erase(newest);  // its key is a view into the old row
  state->newest_incident.emplace(incident->key, incident.get());
  return true;
}

uint64_t PlaceOf(const GroupRecord& group) {
  return GroupPlace(RoutePlace(group.route_key, group.receiver, group.twin), group.labels);
}

bool SamePlace(const GroupRecord& a, const GroupRecord& b) {
  return a.labels == b.labels && a.key == b.key && a.route_key == b.route_key &&
         a.receiver == b.receiver && a.twin == b.twin;
}

}  // namespace

void DeskState::PutAlert(uint64_t fingerprint, std::shared_ptr<const AlertRecord> record) {
  const auto before = alerts.find(fingerprint);
  const bool known = before != alerts.end();
  const bool fired = known && before->second->firing;
  const bool fires = record && record->firing;
  if (fired != fires) {
    const AlertRecord& turned = fires ? *record : *before->second;
    CountName(turned, fires, &firing_by_name);
    if (fires) firing_kinds.Add(turned.labels());
    if (fired) firing_kinds.Remove(turned.labels());
  }
  if (record && record->waiting) {
    waiting.insert(fingerprint);
  } else if (known && before->second->waiting) {
    waiting.erase(fingerprint);
  }
  if (!record) {
    if (known) alerts.erase(before);
    return;
  }
  std::shared_ptr<const AlertRecord>& row = known ? before->second : alerts[fingerprint];
  if (record->end_timer != 0 && (!row || row->end_timer != record->end_timer)) {
    PushEnd({record->end_timer, fingerprint});
  }
  row = std::move(record);
}

void DeskState::IndexLeftBehind(const GroupRecord& group, bool adds) {
  for (const uint64_t fingerprint : FiringInLog(group)) {
    std::vector<std::string>& ids = left_behind[fingerprint];
    if (adds) {
      ids.push_back(group.id);
    } else {
      std::erase(ids, group.id);
    }
    if (ids.empty()) left_behind.erase(fingerprint);
  }
}

void DeskState::PutGroup(const std::string& id, std::shared_ptr<const GroupRecord> group) {
  const auto known = groups.find(id);
  if (known != groups.end() && known->second->left_behind) IndexLeftBehind(*known->second, false);
  if (group && group->left_behind) IndexLeftBehind(*group, true);
  if (known != groups.end() && group && SamePlace(*known->second, *group)) {
    known->second = std::move(group);
    return;
  }
  if (known != groups.end()) {
    const auto place = group_places.find(PlaceOf(*known->second));
    if (place != group_places.end() && place->second == id) group_places.erase(place);
  }
  if (group && GroupId(group->key, group->receiver, group->twin) == id) {
    group_places[PlaceOf(*group)] = id;
  }
  Store(&groups, id, std::move(group));
}

// Which is the newest of its key, now that it is `incident` (nullptr: gone).
void DeskState::RankIncident(const std::string& id,
                             const std::shared_ptr<const Incident>& incident) {
  const auto old = incidents.find(id);
  if (!incident && old == incidents.end()) return;
  const std::string& key = incident ? incident->key : old->second->key;
  const Incident* best = incident.get();
  const auto beside = open_beside.find(key);
  if (beside != open_beside.end()) {
    beside->second.erase(id);
    for (const std::string& other : beside->second) {
      const auto row = incidents.find(other);
      if (!best || IsNewer(*row->second, *best)) best = row->second.get();
    }
  }
  const auto newest = newest_incident.find(key);
  const Incident* before = nullptr;
  if (newest != newest_incident.end()) {
    if (newest->second->id != id) before = newest->second;
    if (before && (!best || IsNewer(*before, *best))) best = before;
    newest_incident.erase(newest);  // its key is a view into the old row
  }
  if (best) newest_incident.emplace(best->key, best);
  for (const Incident* each : {incident.get(), before}) {
    if (each != nullptr && each->Open() && each->id != best->id) open_beside[key].insert(each->id);
  }
  const auto left = open_beside.find(key);
  if (left == open_beside.end()) return;
  if (best) left->second.erase(best->id);
  if (left->second.empty()) open_beside.erase(left);
}

void DeskState::PutIncident(const std::string& id, std::shared_ptr<const Incident> incident) {
  const auto known_as = incidents.find(id);
  const std::shared_ptr<const Incident> gone =
      known_as == incidents.end() ? nullptr : known_as->second;
  if (gone && !gone->suppressed_by.empty()) {
    const auto attached = dependants.find(gone->suppressed_by);
    if (attached != dependants.end()) {
      attached->second.erase(id);
      if (attached->second.empty()) dependants.erase(attached);
    }
  }
  if (incident && incident->Open() && !incident->suppressed_by.empty()) {
    dependants[incident->suppressed_by].insert(id);
  }
  if (!StaysNewest(this, incident)) RankIncident(id, incident);
  if (incident && incident->escalation.held_at != 0) {
    held.insert(id);
  } else if (gone && gone->escalation.held_at != 0) {
    held.erase(id);
  }
  const std::string before = gone ? gone->merged_into : "";
  const std::string after = incident ? incident->merged_into : "";
  if (before != after) {
    if (!after.empty()) parts[after].insert(id);
    const auto left = parts.find(before);
    if (left != parts.end() && left->second.erase(id) == 1 && left->second.empty()) {
      parts.erase(left);
    }
  }
  if (incident && gone) {
    known_as->second = std::move(incident);
  } else {
    Store(&incidents, id, std::move(incident));
  }
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
    const auto incident = outbox_by_incident.find(old->second->incident_id);
    if (incident != outbox_by_incident.end()) {
      incident->second.erase(id);
      if (incident->second.empty()) outbox_by_incident.erase(incident);
    }
  }
  if (row) {
    if (row->state == OutboxState::kDue) outbox_queues.Add(*row);
    if (!row->group_id.empty()) outbox_by_group[row->group_id].insert(id);
    if (!row->incident_id.empty()) outbox_by_incident[row->incident_id].insert(id);
  }
  Store(&outbox, id, std::move(row));
}

void DeskState::PutPaging(const std::string& key, std::shared_ptr<const PagingRecord> record) {
  Store(&paging, key, std::move(record));
}

void DeskState::PushEnd(const AlertEnd& end) {
  ends.push_back(end);
  std::push_heap(ends.begin(), ends.end(), std::greater<>());
}

std::vector<AlertEnd> DeskState::TakeEnds(Nanos until, size_t most) {
  std::vector<AlertEnd> due;
  while (!ends.empty() && ends.front().due <= until && due.size() < most) {
    const AlertEnd end = ends.front();
    std::pop_heap(ends.begin(), ends.end(), std::greater<>());
    ends.pop_back();
    const auto alert = alerts.find(end.fingerprint);
    if (alert != alerts.end() && alert->second->end_timer == end.due) due.push_back(end);
  }
  return due;
}

std::optional<Nanos> DeskState::NextDue() const {
  std::optional<Nanos> due = timers.FirstDue();
  if (!ends.empty()) due = std::min(due.value_or(ends.front().due), ends.front().due);
  return due;
}

std::vector<uint64_t> DeskState::SortedAlerts() const {
  std::vector<uint64_t> fingerprints;
  fingerprints.reserve(alerts.size());
  for (const auto& [fingerprint, record] : alerts) fingerprints.push_back(fingerprint);
  std::sort(fingerprints.begin(), fingerprints.end());
  return fingerprints;
}

}  // namespace outrider
