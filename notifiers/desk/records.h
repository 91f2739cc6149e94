// SPDX-License-Identifier: Apache-2.0
// What the desk keeps about an alert and about an aggregation group: values with a row each.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "notifiers/route/dedup.h"
#include "notifiers/route/packed_alert.h"
#include "rules/alerting/alert.h"
#include "storage/base/clock.h"
#include "storage/base/number_set.h"
#include "storage/base/status.h"

namespace outrider {

// Names the receiver of an alert, in place of its routes.
inline constexpr std::string_view kReceiverAnnotation = "outrider_receiver";

struct AlertRecord {
  std::shared_ptr<const AlertIdentity> identity;
  AlertTime starts_at;
  AlertTime ends_at;
  Nanos updated_at = 0;
  double value = 0;
  Nanos written_at = 0;     // when its row, or its times (alert_times.h), were last written
  Nanos turned_at = 0;      // see EndedAt and JoinedAt: one of them
  Nanos end_timer = 0;      // in memory only: when its end is looked at next; 0: it has none
  std::string incident_id;  // the incident it feeds
  AlertSource source = AlertSource::kApi;
  // Of the incident it feeds: how many audit events that had when it joined, if the incident's row
  // need not know of it (Transaction::EncodeIncidents); 0: the row knows.
  uint32_t joined_as = 0;
  bool timeout = false;    // ends_at was computed
  bool firing = false;     // as last decided
  bool refreshed = false;  // its end was moved on by a re-post
  bool waiting = false;    // fires, would open an incident, but is silenced, inhibited or settling

  uint64_t fingerprint() const { return identity->fingerprint; }
  const Labels& labels() const { return identity->labels; }
  bool ResolvedAt(Nanos now) const { return ends_at.nanos != 0 && ends_at.nanos <= now; }
  Nanos EndedAt() const { return firing ? 0 : turned_at; }   // when that was decided
  Nanos JoinedAt() const { return firing ? turned_at : 0; }  // where joined_as is not 0
  // It feeds `id`, whose row is written too.
  void FeedKnown(std::string id) {
    incident_id = std::move(id);
    joined_as = 0;
    if (firing) turned_at = 0;
  }
  std::string_view Annotation(std::string_view name) const;  // "" when absent
  std::string_view GeneratorUrl() const;
  Annotations AllAnnotations() const;
  PackedAlert Packed() const;
  Alert ToAlert() const { return Packed().ToAlert(); }
  // Calls `visit(name, value)` for each annotation, by name.
  template <typename Visit>
  void ForEachAnnotation(Visit&& visit) const;
};

// The last message to an integration that was tried and is not known to have arrived.
struct UntoldMessage {
  std::string key;  // keeps as long as the message says the same
  NumberSet firing;
  NumberSet resolved;
};

// Who is in a group is not part of its row: it follows from the alerts and their routes. Firing
// alerts are in every group of their routes, resolved ones in those that have not told their end.
struct GroupRecord {
  std::string id;         // GroupId(key, receiver, twin)
  std::string key;        // Alertmanager's group key; an earlier version's until the group ends
  std::string route_key;  // "" : the receiver was named by an annotation, timing of the root route
  std::string receiver;
  // Which of the routes with this key and receiver, by their order: siblings that differ in nothing
  // but their timing have groups of their own, with one log.
  uint64_t twin = 0;
  Labels labels;
  Nanos born = 0;      // with `flush`, makes idempotency keys unique
  uint64_t flush = 0;  // number of the last flush
  NumberSet members;   // in memory only
  // Resolved alerts that have left this group but are still known, because another one has to tell
  // their end.
  NumberSet left;
  std::map<std::string, NotificationLogEntry> log;  // by integration
  std::map<std::string, Nanos> not_before;          // by integration: Retry-After outlives a flush
  std::map<std::string, UntoldMessage> untold;      // by integration
  // By integration: what its channel said of the last message (SendResult::receiver_data).
  std::map<std::string, std::string> receiver_data;
  // By integration: what the fallback receiver was told last in its place.
  std::map<std::string, UntoldMessage> diverted;
  // The last flush:
  Nanos flushed_at = 0;
  std::map<uint64_t, Nanos> flush_resolved;  // resolved alerts in it, and their updated_at then
  bool failed = false;       // a message of it could not be delivered: resolved alerts stay
  bool asleep = false;       // nobody is in it, only its log is left
  bool left_behind = false;  // it is asleep because another configuration groups its alerts
                             // elsewhere: their ends are told here if it comes back
  bool postponed = false;    // a flush fell due while a message was being sent
  std::string reason;        // what was decided, for people
  uint64_t told_digest = 0;  // of what the history last said of it; in memory only

  // An alert joins; its own row says so.
  struct Addition {
    uint64_t fingerprint = 0;
  };
  void Add(const Addition& alert) { members.insert(alert.fingerprint); }
};

std::string GroupId(std::string_view group_key, std::string_view receiver, uint64_t twin = 0);
// What some integration of it was last told to fire.
NumberSet FiringInLog(const GroupRecord& group);
bool ToldFiring(const GroupRecord& group, uint64_t fingerprint);

// `times_from`: blocks of times (alert_times.h) before this one are older than the row.
std::string EncodeAlertRecord(const AlertRecord& record, uint64_t times_from);
StatusOr<AlertRecord> DecodeAlertRecord(std::string_view bytes, uint64_t* times_from);
std::string EncodeGroupRecord(const GroupRecord& group);
// Without its members.
StatusOr<GroupRecord> DecodeGroupRecord(std::string_view bytes);

template <typename Visit>
void AlertRecord::ForEachAnnotation(Visit&& visit) const {
  outrider::ForEachAnnotation(*identity, visit);
}

}  // namespace outrider
