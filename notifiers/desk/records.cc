// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/records.h"

#include <fmt/format.h>

#include "storage/base/hash.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kAlertFormat = 1;
constexpr uint8_t kGroupFormat = 3;  // 2: untold; 3: receiver_data

void WriteTime(const AlertTime& time, RowWriter* out) {
  out->I64(time.nanos).I64(time.offset_seconds);
}

AlertTime ReadTime(RowReader* in) {
  AlertTime time;
  time.nanos = in->I64();
  time.offset_seconds = static_cast<int>(in->I64());
  return time;
}

}  // namespace

std::string GroupId(std::string_view group_key, std::string_view receiver) {
  const Hash128 hash = HashBytes128(fmt::format("{}\n{}", group_key, receiver));
  return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

std::string EncodeAlertRecord(const AlertRecord& record) {
  const Alert& alert = record.alert;
  RowWriter out(kAlertFormat);
  out.Text(alert.labels.packed()).Texts(alert.annotations).Text(alert.generator_url);
  WriteTime(alert.starts_at, &out);
  WriteTime(alert.ends_at, &out);
  return out.I64(alert.updated_at)
      .Bool(alert.timeout)
      .Enum(alert.source)
      .Double(alert.value)
      .Bool(record.firing)
      .Bool(record.refreshed)
      .Bool(record.waiting)
      .Text(record.incident_id)
      .Take();
}

StatusOr<AlertRecord> DecodeAlertRecord(std::string_view bytes) {
  RowReader in(bytes, kAlertFormat, "an alert");
  AlertRecord record;
  Alert& alert = record.alert;
  const std::string labels = in.Text();
  alert.annotations = in.Texts();
  alert.generator_url = in.Text();
  alert.starts_at = ReadTime(&in);
  alert.ends_at = ReadTime(&in);
  alert.updated_at = in.I64();
  alert.timeout = in.Bool();
  alert.source = in.Enum(AlertSource::kApi);
  alert.value = in.Double();
  record.firing = in.Bool();
  record.refreshed = in.Bool();
  record.waiting = in.Bool();
  record.incident_id = in.Text();
  TRY(in.Finish());
  alert.labels = TRY(Labels::FromPacked(labels));
  return record;
}

std::string EncodeGroupRecord(const GroupRecord& group) {
  RowWriter out(kGroupFormat);
  out.Text(group.id)
      .Text(group.key)
      .Text(group.route_key)
      .Text(group.receiver)
      .Text(group.labels.packed())
      .I64(group.born)
      .U64(group.flush)
      .Numbers(group.members)
      .U64(group.log.size());
  for (const auto& [integration, entry] : group.log) {
    out.Text(integration).Bool(entry.exists).I64(entry.time);
    out.Numbers(entry.firing).Numbers(entry.resolved);
  }
  out.U64(group.not_before.size());
  for (const auto& [integration, time] : group.not_before) out.Text(integration).I64(time);
  out.I64(group.flushed_at).U64(group.flush_resolved.size());
  for (const auto& [fingerprint, updated] : group.flush_resolved) out.U64(fingerprint).I64(updated);
  out.Bool(group.failed).Bool(group.postponed).Text(group.reason).U64(group.untold.size());
  for (const auto& [integration, message] : group.untold) {
    out.Text(integration).Text(message.key);
    out.Numbers(message.firing).Numbers(message.resolved);
  }
  out.Texts(group.receiver_data);
  return out.Take();
}

StatusOr<GroupRecord> DecodeGroupRecord(std::string_view bytes) {
  RowReader in(bytes, kGroupFormat, "an alert group");
  GroupRecord group;
  group.id = in.Text();
  group.key = in.Text();
  group.route_key = in.Text();
  group.receiver = in.Text();
  const std::string labels = in.Text();
  group.born = in.I64();
  group.flush = in.U64();
  group.members = in.Numbers();
  for (uint64_t i = in.Count(); i > 0; --i) {
    NotificationLogEntry& entry = group.log[in.Text()];
    entry.exists = in.Bool();
    entry.time = in.I64();
    entry.firing = in.Numbers();
    entry.resolved = in.Numbers();
  }
  for (uint64_t i = in.Count(); i > 0; --i) {
    std::string integration = in.Text();
    group.not_before[std::move(integration)] = in.I64();
  }
  group.flushed_at = in.I64();
  for (uint64_t i = in.Count(); i > 0; --i) {
    const uint64_t fingerprint = in.U64();
    group.flush_resolved[fingerprint] = in.I64();
  }
  group.failed = in.Bool();
  group.postponed = in.Bool();
  group.reason = in.Text();
  for (uint64_t i = in.format() >= 2 ? in.Count() : 0; i > 0; --i) {
    UntoldMessage& message = group.untold[in.Text()];
    message.key = in.Text();
    message.firing = in.Numbers();
    message.resolved = in.Numbers();
  }
  if (in.format() >= 3) group.receiver_data = in.Texts();
  TRY(in.Finish());
  group.labels = TRY(Labels::FromPacked(labels));
  return group;
}

}  // namespace outrider
