// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/history.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide.h"
#include "storage/base/hash.h"
#include "storage/state/number_rows.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kFlushFormat = 1;
constexpr uint8_t kAttemptFormat = 1;
constexpr uint8_t kEndedFormat = 1;
constexpr int64_t kShortestTrim = 3600 * kNanosPerSecond;
constexpr int64_t kLongestTrim = 24 * kShortestTrim;
constexpr size_t kTimeAt = 1;
constexpr size_t kKindAt = kTimeAt + 8;

void WriteSets(const std::map<std::string, NumberSet>& sets, RowWriter* out) {
  out->U64(sets.size());
  for (const auto& [name, members] : sets) {
    out->Text(name);
    WriteNumbers(members, out);
  }
}

std::map<std::string, NumberSet> ReadSets(RowReader* in) {
  std::map<std::string, NumberSet> sets;
  for (uint64_t i = in->Count(); i > 0; --i) {
    std::string name = in->Text();
    sets[std::move(name)] = ReadNumbers(in);
  }
  return sets;
}

bool AnyHas(const std::map<std::string, NumberSet>& sets, uint64_t fingerprint) {
  return std::ranges::any_of(sets,
                             [&](const auto& entry) { return entry.second.contains(fingerprint); });
}

std::string KeyOf(std::string_view aggregate, Nanos time, HistoryKind kind, std::string_view id) {
  std::string key = HistoryFrom(BucketOf(aggregate), time);
  key.push_back(static_cast<char>(kind));
  key += id;
  key.push_back('\0');
  return key;
}

bool Keeps(const Transaction& tx) { return tx.plan().config().history_retention > 0; }

Nanos RetentionOf(const Transaction& tx) {
  return tx.plan().config().history_retention * kNanosPerMilli;
}

// Only where there is something to trim; rows may outlive the retention by an interval.
void ScheduleTrim(Transaction& tx, Nanos now) {
  if (tx.TimerDue(TimerKind::kHistoryTrim, "") == 0) {
    tx.SetTimer(TimerKind::kHistoryTrim, "", now + std::min(RetentionOf(tx), kLongestTrim));
  }
}

void CountSuppressed(const FlushRecord& flush, std::map<std::string, uint64_t>* counts) {
  for (const auto& [by, members] : flush.silenced) (*counts)["silence"] += members.size();
  for (const auto& [by, members] : flush.inhibited) (*counts)["inhibition"] += members.size();
  if (flush.muted.empty()) return;
  (*counts)[flush.by_active_interval ? "active_time_interval" : "mute_time_interval"] +=
      flush.muted.size();
}

}  // namespace

bool FlushRecord::Has(uint64_t fingerprint) const {
  return firing.contains(fingerprint) || resolved.contains(fingerprint) ||
         muted.contains(fingerprint) || AnyHas(silenced, fingerprint) ||
         AnyHas(inhibited, fingerprint);
}

bool FlushRecord::Queued() const {
  return std::ranges::any_of(decisions,
                             [](const Decision& one) { return !one.message_id.empty(); });
}

std::string FlushRecord::StateOf(uint64_t fingerprint) const {
  if (firing.contains(fingerprint) || resolved.contains(fingerprint)) {
    return Queued() ? "notified" : "offered";
  }
  if (AnyHas(silenced, fingerprint)) return "silenced";
  if (AnyHas(inhibited, fingerprint)) return "inhibited";
  return muted.contains(fingerprint) ? "muted" : "";
}

std::string HistoryFrom(uint8_t bucket, Nanos time) {
  std::string key(1, static_cast<char>(bucket));
  key += BigEndian64(static_cast<uint64_t>(std::max<Nanos>(time, 0)));
  return key;
}

Nanos HistoryTime(std::string_view key) {
  return key.size() < kKindAt
             ? 0
             : static_cast<Nanos>(ReadBigEndian64(key.substr(kTimeAt, kKindAt - kTimeAt)));
}

HistoryKind KindOfHistory(std::string_view key) {
  return key.size() > kKindAt ? static_cast<HistoryKind>(key[kKindAt]) : HistoryKind{};
}

std::string FlushKey(const FlushRecord& flush) {
  return KeyOf(flush.group_id, flush.time, HistoryKind::kFlush, flush.group_id) +
         BigEndian64(flush.flush);
}

std::string AttemptKey(const AttemptRecord& attempt) {
  const std::string& aggregate = !attempt.group_id.empty()      ? attempt.group_id
                                 : !attempt.incident_id.empty() ? attempt.incident_id
                                                                : attempt.message_id;
  return KeyOf(aggregate, attempt.time, HistoryKind::kAttempt, attempt.message_id) +
         BigEndian64(static_cast<uint64_t>(attempt.attempt)) + attempt.outcome;
}

std::string EncodeFlushRecord(const FlushRecord& flush) {
  RowWriter out(kFlushFormat);
  out.I64(flush.time)
      .Text(flush.group_id)
      .Text(flush.group_key)
      .Text(flush.route_key)
      .Text(flush.receiver)
      .U64(flush.flush);
  WriteNumbers(flush.firing, &out);
  WriteNumbers(flush.resolved, &out);
  WriteSets(flush.silenced, &out);
  WriteSets(flush.inhibited, &out);
  WriteNumbers(flush.muted, &out);
  out.Bool(flush.by_active_interval).U64(flush.muted_by.size());
  for (const std::string& name : flush.muted_by) out.Text(name);
  out.U64(flush.decisions.size());
  for (const FlushRecord::Decision& one : flush.decisions) {
    out.Text(one.integration).Text(one.text).Text(one.message_id);
  }
  return out.Take();
}

StatusOr<FlushRecord> DecodeFlushRecord(std::string_view bytes) {
  RowReader in(bytes, kFlushFormat, "the record of a flush");
  FlushRecord flush;
  flush.time = in.I64();
  flush.group_id = in.Text();
  flush.group_key = in.Text();
  flush.route_key = in.Text();
  flush.receiver = in.Text();
  flush.flush = in.U64();
  flush.firing = ReadNumbers(&in);
  flush.resolved = ReadNumbers(&in);
  flush.silenced = ReadSets(&in);
  flush.inhibited = ReadSets(&in);
  flush.muted = ReadNumbers(&in);
  flush.by_active_interval = in.Bool();
  for (uint64_t i = in.Count(); i > 0; --i) flush.muted_by.push_back(in.Text());
  for (uint64_t i = in.Count(); i > 0; --i) {
    FlushRecord::Decision one;
    one.integration = in.Text();
    one.text = in.Text();
    one.message_id = in.Text();
    flush.decisions.push_back(std::move(one));
  }
  TRY(in.Finish());
  return flush;
}

std::string EncodeAttemptRecord(const AttemptRecord& attempt) {
  RowWriter out(kAttemptFormat);
  out.I64(attempt.time)
      .I64(attempt.began)
      .Text(attempt.message_id)
      .Enum(attempt.kind)
      .Text(attempt.receiver)
      .Text(attempt.integration)
      .Text(attempt.reason)
      .Text(attempt.outcome)
      .Text(attempt.detail)
      .I64(attempt.status)
      .Text(attempt.answer)
      .I64(attempt.attempt)
      .I64(attempt.next_try)
      .Bool(attempt.repeat)
      .Text(attempt.group_id)
      .Text(attempt.group_key)
      .U64(attempt.flush)
      .Text(attempt.incident_id)
      .U64(attempt.alerts);
  WriteNumbers(attempt.told, &out);
  return out.Take();
}

StatusOr<AttemptRecord> DecodeAttemptRecord(std::string_view bytes) {
  RowReader in(bytes, kAttemptFormat, "the record of an attempt");
  AttemptRecord attempt;
  attempt.time = in.I64();
  attempt.began = in.I64();
  attempt.message_id = in.Text();
  attempt.kind = in.Enum(OutboxKind::kFallback);
  attempt.receiver = in.Text();
  attempt.integration = in.Text();
  attempt.reason = in.Text();
  attempt.outcome = in.Text();
  attempt.detail = in.Text();
  attempt.status = static_cast<int>(in.I64());
  attempt.answer = in.Text();
  attempt.attempt = static_cast<int>(in.I64());
  attempt.next_try = in.I64();
  attempt.repeat = in.Bool();
  attempt.group_id = in.Text();
  attempt.group_key = in.Text();
  attempt.flush = in.U64();
  attempt.incident_id = in.Text();
  attempt.alerts = in.U64();
  attempt.told = ReadNumbers(&in);
  TRY(in.Finish());
  return attempt;
}

std::string EndedKey(const EndedAlert& alert) {
  const std::string id = FingerprintHex(alert.fingerprint);
  return KeyOf(id, alert.ended_at, HistoryKind::kEnded, id);
}

std::string EncodeEndedAlert(const EndedAlert& alert) {
  return RowWriter(kEndedFormat)
      .Text(alert.labels.packed())
      .I64(alert.starts_at)
      .I64(alert.ended_at)
      .Take();
}

StatusOr<EndedAlert> DecodeEndedAlert(std::string_view bytes) {
  RowReader in(bytes, kEndedFormat, "the record of an alert that is over");
  EndedAlert alert;
  const std::string labels = in.Text();
  alert.starts_at = in.I64();
  alert.ended_at = in.I64();
  TRY(in.Finish());
  alert.labels = TRY(Labels::FromPacked(labels));
  alert.fingerprint = alert.labels.Fingerprint();
  return alert;
}

void KeepEnded(Transaction& tx, const AlertRecord& record) {
  if (!Keeps(tx)) return;
  const EndedAlert alert{.fingerprint = record.fingerprint(),
                         .labels = record.labels(),
                         .starts_at = record.starts_at.nanos,
                         .ended_at = record.EndedAt() != 0 ? record.EndedAt() : record.updated_at};
  ScheduleTrim(tx, alert.ended_at);
  tx.effects.history.emplace_back(EndedKey(alert), EncodeEndedAlert(alert));
}

void KeepFlush(Transaction& tx, FlushRecord flush) {
  CountSuppressed(flush, &tx.effects.suppressed);
  const GroupRecord* group = tx.groups.Find(flush.group_id);
  if (!Keeps(tx) || group == nullptr) return;
  // What stays the same from flush to flush is one decision that lasts.
  FlushRecord timeless = flush;
  timeless.time = 0;
  timeless.flush = 0;
  const uint64_t digest = Hash64(EncodeFlushRecord(timeless));
  if (!flush.Queued() && digest == group->told_digest) return;
  tx.groups.Edit(flush.group_id).told_digest = digest;
  ScheduleTrim(tx, flush.time);
  tx.effects.history.emplace_back(FlushKey(flush), EncodeFlushRecord(flush));
}

void KeepAttempt(Transaction& tx, const OutboxRow& row, const DeliveryView& delivery,
                 const FinishedAttempt* attempt) {
  if (!Keeps(tx)) return;
  AttemptRecord record;
  record.time = delivery.time;
  record.message_id = row.id;
  record.kind = row.kind;
  record.receiver = row.receiver;
  record.integration = row.integration;
  record.reason = row.reason;
  record.outcome = delivery.outcome;
  record.detail = delivery.detail;
  record.attempt = row.attempt;
  record.next_try = delivery.next_try;
  record.repeat = row.repeat;
  record.group_id = row.group_id;
  record.group_key = row.kind == OutboxKind::kFallback ? row.title : delivery.group_key;
  record.flush = row.flush;
  record.incident_id = row.incident_id;
  record.alerts = delivery.alerts;
  if (attempt != nullptr) {
    record.began = attempt->began;
    record.status = attempt->result.status;
    record.answer = attempt->result.answer;
  }
  if (row.kind == OutboxKind::kFallback) {
    record.told = row.firing;
    for (const uint64_t fingerprint : row.resolved) record.told.insert(fingerprint);
  }
  ScheduleTrim(tx, delivery.time);
  tx.effects.history.emplace_back(AttemptKey(record), EncodeAttemptRecord(record));
}

void OnHistoryTrim(Transaction& tx, Nanos due) {
  const Nanos retention = RetentionOf(tx);
  tx.SetTimer(TimerKind::kHistoryTrim, "",
              due + std::clamp(retention / 24, kShortestTrim, kLongestTrim));
  tx.effects.trim_before = due - retention;
}

}  // namespace outrider
