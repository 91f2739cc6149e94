// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/records.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/hash.h"
#include "storage/base/text.h"
#include "storage/state/number_rows.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kAlertFormat = 3;  // 2: details as one text, ended_at; 3: times_from, joined_as
// 2: untold; 3: receiver_data, diverted; 4: without members, with those that left; 5: twin; 6:
// left_behind
constexpr uint8_t kGroupFormat = 6;

void WriteTime(const AlertTime& time, RowWriter* out) {
  out->I64(time.nanos).I64(time.offset_seconds);
}

AlertTime ReadTime(RowReader* in) {
  AlertTime time;
  time.nanos = in->I64();
  time.offset_seconds = static_cast<int>(in->I64());
  return time;
}

bool WholeDetails(std::string_view details) {
  const size_t before = details.size();
  size_t texts = 0;
  while (!details.empty()) {
    size_t size = 0;
    int shift = 0;
    size_t at = 0;
    for (; at < details.size(); ++at, shift += 7) {
      const auto byte = static_cast<unsigned char>(details[at]);
      size |= static_cast<size_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
      if (shift > 28) return false;
    }
    if (at == details.size() || size > details.size() - at - 1) return false;
    details.remove_prefix(at + 1 + size);
    ++texts;
  }
  return before > 0 && texts % 2 == 1;  // the URL and pairs
}

std::string ReadDetails(RowReader* in) {
  if (in->format() >= 2) {
    std::string details = in->Text();
    if (!WholeDetails(details)) in->Fail();
    return details;
  }
  const Annotations annotations = in->Texts();
  return PackDetails(annotations, in->Text());
}

void WriteMessages(const std::map<std::string, UntoldMessage>& messages, RowWriter* out) {
  out->U64(messages.size());
  for (const auto& [integration, message] : messages) {
    out->Text(integration).Text(message.key);
    WriteNumbers(message.firing, out);
    WriteNumbers(message.resolved, out);
  }
}

std::map<std::string, UntoldMessage> ReadMessages(RowReader* in) {
  std::map<std::string, UntoldMessage> messages;
  for (uint64_t i = in->Count(); i > 0; --i) {
    UntoldMessage& message = messages[in->Text()];
    message.key = in->Text();
    message.firing = ReadNumbers(in);
    message.resolved = ReadNumbers(in);
  }
  return messages;
}

}  // namespace

std::string_view AlertRecord::Annotation(std::string_view name) const {
  std::string_view found;
  ForEachAnnotation([&](std::string_view key, std::string_view text) {
    if (key == name) found = text;
  });
  return found;
}

std::string_view AlertRecord::GeneratorUrl() const {
  std::string_view rest = identity->details;
  return TakeDetail(&rest);
}

Annotations AlertRecord::AllAnnotations() const {
  Annotations all;
  ForEachAnnotation([&](std::string_view name, std::string_view text) {
    all.emplace_hint(all.end(), name, text);
  });
  return all;
}

PackedAlert AlertRecord::Packed() const {
  return {.identity = identity,
          .starts_at = starts_at,
          .ends_at = ends_at,
          .updated_at = updated_at,
          .value = value,
          .source = source,
          .timeout = timeout};
}

std::string GroupId(std::string_view group_key, std::string_view receiver, uint64_t twin) {
  std::string text = fmt::format("{}\n{}", group_key, receiver);
  if (twin > 0) text += fmt::format("\n{}", twin);
  const Hash128 hash = HashBytes128(text);
  return HexEncode(BigEndian64(hash.high) + BigEndian64(hash.low));
}

NumberSet FiringInLog(const GroupRecord& group) {
  NumberSet all;
  for (const auto& [integration, entry] : group.log) {
    for (const uint64_t fingerprint : entry.firing) all.insert(fingerprint);
  }
  return all;
}

bool ToldFiring(const GroupRecord& group, uint64_t fingerprint) {
  return std::ranges::any_of(
      group.log, [&](const auto& entry) { return entry.second.firing.contains(fingerprint); });
}

std::string EncodeAlertRecord(const AlertRecord& record, uint64_t times_from) {
  RowWriter out(kAlertFormat);
  out.Reserve(record.labels().packed().size() + record.identity->details.size() + 100);
  out.Text(record.labels().packed()).Text(record.identity->details);
  WriteTime(record.starts_at, &out);
  WriteTime(record.ends_at, &out);
  return out.I64(record.updated_at)
      .Bool(record.timeout)
      .Enum(record.source)
      .Double(record.value)
      .Bool(record.firing)
      .Bool(record.refreshed)
      .Bool(record.waiting)
      .Text(record.incident_id)
      .I64(record.turned_at)
      .U64(times_from)
      .U64(record.joined_as)
      .Take();
}

StatusOr<AlertRecord> DecodeAlertRecord(std::string_view bytes, uint64_t* times_from) {
  RowReader in(bytes, kAlertFormat, "an alert");
  AlertRecord record;
  auto identity = std::make_shared<AlertIdentity>();
  const std::string labels = in.Text();
  identity->details = ReadDetails(&in);
  record.starts_at = ReadTime(&in);
  record.ends_at = ReadTime(&in);
  record.updated_at = in.I64();
  record.timeout = in.Bool();
  record.source = in.Enum(AlertSource::kApi);
  record.value = in.Double();
  record.firing = in.Bool();
  record.refreshed = in.Bool();
  record.waiting = in.Bool();
  record.incident_id = in.Text();
  if (in.format() >= 2) record.turned_at = in.I64();
  *times_from = in.format() >= 3 ? in.U64() : 0;
  if (in.format() >= 3) record.joined_as = static_cast<uint32_t>(in.U64());
  TRY(in.Finish());
  identity->labels = TRY(Labels::FromPacked(labels));
  identity->fingerprint = identity->labels.Fingerprint();
  record.identity = std::move(identity);
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
      .U64(group.flush);
  WriteNumbers(group.left, &out);
  out.U64(group.log.size());
  for (const auto& [integration, entry] : group.log) {
    out.Text(integration).Bool(entry.exists).I64(entry.time);
    WriteNumbers(entry.firing, &out);
    WriteNumbers(entry.resolved, &out);
  }
  out.U64(group.not_before.size());
  for (const auto& [integration, time] : group.not_before) out.Text(integration).I64(time);
  out.I64(group.flushed_at).U64(group.flush_resolved.size());
  for (const auto& [fingerprint, updated] : group.flush_resolved) out.U64(fingerprint).I64(updated);
  out.Bool(group.failed).Bool(group.postponed).Text(group.reason);
  WriteMessages(group.untold, &out);
  out.Texts(group.receiver_data);
  WriteMessages(group.diverted, &out);
  out.Bool(group.asleep).U64(group.twin).Bool(group.left_behind);
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
  group.left = ReadNumbers(&in);
  if (in.format() < 4) group.left.clear();  // they were its members
  for (uint64_t i = in.Count(); i > 0; --i) {
    NotificationLogEntry& entry = group.log[in.Text()];
    entry.exists = in.Bool();
    entry.time = in.I64();
    entry.firing = ReadNumbers(&in);
    entry.resolved = ReadNumbers(&in);
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
  if (in.format() >= 2) group.untold = ReadMessages(&in);
  if (in.format() >= 3) {
    group.receiver_data = in.Texts();
    group.diverted = ReadMessages(&in);
    if (in.format() >= 4) group.asleep = in.Bool();
    if (in.format() >= 5) group.twin = in.U64();
    if (in.format() >= 6) group.left_behind = in.Bool();
  }
  TRY(in.Finish());
  group.labels = TRY(Labels::FromPacked(labels));
  return group;
}

}  // namespace outrider
