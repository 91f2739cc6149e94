// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/checkpoint.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "fmt/format.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr std::string_view kRunKey = "run";
constexpr std::string_view kMarkPrefix = "warm";
constexpr size_t kTimeBytes = 8;
constexpr size_t kHashBytes = 16;
constexpr size_t kKeyBytes = 2 * kHashBytes;
constexpr size_t kBatchRows = 256;
constexpr size_t kMarkBytes = kTimeBytes + 1;

std::string Bytes(const Hash128& hash) { return BigEndian64(hash.high) + BigEndian64(hash.low); }

std::string BytesOfTime(Timestamp time) { return BigEndian64(static_cast<uint64_t>(time)); }
Timestamp ReadTime(std::string_view bytes) {
  return static_cast<Timestamp>(ReadBigEndian64(bytes));
}

bool IsMark(const Row& row) {
  return row.key.size() == kMarkPrefix.size() + kHashBytes && row.key.starts_with(kMarkPrefix) &&
         row.value.size() == kMarkBytes;
}

bool IsState(const Row& row) {
  return row.key.size() == kKeyBytes && row.value.size() > kTimeBytes;
}

std::string MarkKey(const Hash128& entry) { return std::string(kMarkPrefix) + Bytes(entry); }

}  // namespace

std::string CheckpointKey(const Hash128& entry, const Hash128& series) {
  return Bytes(entry) + Bytes(series);
}

Hash128 EntryIdentity(const Entry& entry) {
  const DetectorRow* row = FindDetector(entry.kind, entry.detector);
  return HashBytes128(
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", EntryKindText(entry.kind), entry.name,
                  row == nullptr ? std::string_view() : row->name, entry.per_workload,
                  entry.compiled ? entry.compiled->ToString() : entry.expr, entry.definition));
}

std::optional<CheckpointRow> SaveDetector(const Hash128& entry, const Hash128& series,
                                          Timestamp time, const Detector& detector) {
  RowWriter writer(kCheckpointFormat);
  detector.Save(writer);
  const std::string state = writer.Take();
  if (state.size() <= 1) return std::nullopt;  // nothing but the format
  return CheckpointRow{CheckpointKey(entry, series), BytesOfTime(time) + state};
}

StatusOr<Timestamp> LoadDetector(std::string_view value, Detector* detector) {
  if (value.size() <= kTimeBytes) return absl::DataLossError("the row is too short");
  const auto format = static_cast<uint8_t>(value[kTimeBytes]);
  if (format == 0 || format > kCheckpointFormat) {
    return absl::FailedPreconditionError(fmt::format(
        "the row has format {}, this Outrider reads 1 to {}", format, kCheckpointFormat));
  }
  RowReader reader(value.substr(kTimeBytes), kCheckpointFormat, "detector");
  detector->Load(reader);
  TRY(reader.Finish());
  return ReadTime(value);
}

StatusOr<std::optional<std::string>> Checkpoints::Find(const Hash128& entry,
                                                       const Hash128& series) const {
  std::optional<Row> row = TRY(store_.Get(Family::kAnalytics, CheckpointKey(entry, series)));
  if (!row) return std::optional<std::string>();
  return std::optional<std::string>(std::move(row->value));
}

Status Checkpoints::Write(std::span<const CheckpointRow> rows) {
  for (size_t at = 0; at < rows.size(); at += kBatchRows) {
    Batch batch;
    for (const CheckpointRow& row : rows.subspan(at, std::min(kBatchRows, rows.size() - at))) {
      batch.Put(Family::kAnalytics, row.key, row.value);
    }
    TRY(store_.Commit(batch, Durability::kBuffered));
  }
  return absl::OkStatus();
}

StatusOr<std::optional<Timestamp>> Checkpoints::LastRun() const {
  const std::optional<Row> row = TRY(store_.Get(Family::kAnalytics, kRunKey));
  if (!row || row->value.size() != kTimeBytes) return std::optional<Timestamp>();
  return std::optional<Timestamp>(ReadTime(row->value));
}

Status Checkpoints::SetLastRun(Timestamp now) {
  Batch batch;
  batch.Put(Family::kAnalytics, std::string(kRunKey), BytesOfTime(now));
  return store_.Commit(batch, Durability::kBuffered);
}

StatusOr<Checkpoints::Copied> Checkpoints::CopyFrom(const StateStore& other,
                                                    std::span<const Hash128> entries,
                                                    NewerStates newer) {
  Copied copied;
  std::vector<CheckpointRow> rows;
  Status status;
  const auto write = [&] {
    if (status.ok()) status = Write(rows);
    rows.clear();
  };
  const auto take = [&](const Row& row) {
    if (!IsState(row)) return true;
    if (newer == NewerStates::kKeep) {
      const StatusOr<std::optional<Row>> own = store_.Get(Family::kAnalytics, row.key);
      if (!own.ok()) status = own.status();
      if (own.ok() && *own && IsState(**own) && ReadTime((*own)->value) > ReadTime(row.value)) {
        ++copied.kept;
        return true;
      }
    }
    ++copied.taken;
    rows.push_back({row.key, row.value});
    if (rows.size() >= kBatchRows) write();
    return status.ok();
  };
  for (const Hash128& entry : entries) {
    TRY(other.Scan(Family::kAnalytics, Bytes(entry), "", take));
    write();
    TRY(status);
  }
  return copied;
}

StatusOr<bool> Checkpoints::Knows(const Hash128& entry) const {
  bool found = false;
  TRY(store_.Scan(Family::kAnalytics, Bytes(entry), "", [&](const Row& row) {
    found = IsState(row);
    return !found;
  }));
  return found;
}

StatusOr<std::optional<WarmUpMark>> Checkpoints::Mark(const Hash128& entry) const {
  const std::optional<Row> row = TRY(store_.Get(Family::kAnalytics, MarkKey(entry)));
  if (!row || !IsMark(*row)) return std::optional<WarmUpMark>();
  const bool done = row->value.back() == static_cast<char>(WarmUpMark::kDone);
  return std::optional(done ? WarmUpMark::kDone : WarmUpMark::kWanted);
}

Status Checkpoints::SetMark(const Hash128& entry, WarmUpMark mark, Timestamp now) {
  Batch batch;
  batch.Put(Family::kAnalytics, MarkKey(entry), BytesOfTime(now) + static_cast<char>(mark));
  return store_.Commit(batch, Durability::kBuffered);
}

StatusOr<uint64_t> Checkpoints::Sweep(Timestamp oldest) {
  std::vector<std::string> useless;
  std::vector<std::string> old_marks;
  std::set<std::string> entries;  // that have rows
  TRY(store_.Scan(Family::kAnalytics, "", "", [&](const Row& row) {
    if (row.key == kRunKey) return true;
    if (IsMark(row)) {
      if (ReadTime(row.value) < oldest) old_marks.push_back(row.key);
    } else if (!IsState(row) || ReadTime(row.value) < oldest) {
      useless.push_back(row.key);
    } else {
      entries.insert(row.key.substr(0, kHashBytes));
    }
    return true;
  }));
  std::ranges::copy_if(old_marks, std::back_inserter(useless), [&](const std::string& key) {
    return !entries.contains(key.substr(kMarkPrefix.size()));
  });
  for (size_t at = 0; at < useless.size(); at += kBatchRows) {
    Batch batch;
    for (size_t i = at; i < std::min(useless.size(), at + kBatchRows); ++i) {
      batch.Delete(Family::kAnalytics, std::move(useless[i]));
    }
    TRY(store_.Commit(batch, Durability::kBuffered));
  }
  return useless.size();
}

}  // namespace outrider
