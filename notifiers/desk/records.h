// SPDX-License-Identifier: Apache-2.0
// What the desk keeps about an alert and about an aggregation group: values with a row each.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "notifiers/route/dedup.h"
#include "rules/alerting/alert.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct AlertRecord {
  Alert alert;
  bool firing = false;      // as last decided
  bool refreshed = false;   // its end was moved on by a re-post
  bool waiting = false;     // fires, would open an incident, but is silenced, inhibited or settling
  Nanos written_at = 0;     // when its row was last written
  std::string incident_id;  // the incident it feeds
};

// The last message to an integration that was tried and is not known to have arrived.
struct UntoldMessage {
  std::string key;  // keeps as long as the message says the same
  std::set<uint64_t> firing;
  std::set<uint64_t> resolved;
};

struct GroupRecord {
  std::string id;         // GroupId(key, receiver)
  std::string key;        // Alertmanager's group key
  std::string route_key;  // "" : the receiver was named by an annotation, timing of the root route
  std::string receiver;
  Labels labels;
  Nanos born = 0;      // with `flush`, makes idempotency keys unique
  uint64_t flush = 0;  // number of the last flush
  std::set<uint64_t> members;
  std::map<std::string, NotificationLogEntry> log;  // by integration
  std::map<std::string, Nanos> not_before;          // by integration: Retry-After outlives a flush
  std::map<std::string, UntoldMessage> untold;      // by integration
  // By integration: what its channel said of the last message (SendResult::receiver_data).
  std::map<std::string, std::string> receiver_data;
  // The last flush:
  Nanos flushed_at = 0;
  std::map<uint64_t, Nanos> flush_resolved;  // resolved alerts in it, and their updated_at then
  bool failed = false;     // a message of it could not be delivered: resolved alerts stay
  bool postponed = false;  // a flush fell due while a message was being sent
  std::string reason;      // what was decided, for people
  uint64_t told_digest = 0;  // of what the history last said of it; in memory only
};

std::string GroupId(std::string_view group_key, std::string_view receiver);

std::string EncodeAlertRecord(const AlertRecord& record);
StatusOr<AlertRecord> DecodeAlertRecord(std::string_view bytes);
std::string EncodeGroupRecord(const GroupRecord& group);
StatusOr<GroupRecord> DecodeGroupRecord(std::string_view bytes);

}  // namespace outrider
