// SPDX-License-Identifier: Apache-2.0
// A row: format 2, names of the labels, first, last, watched (milliseconds), number of cells, then
// key and amounts of each. Format 1 has no names. A bucket is as many rows ("parts") as it takes to
// keep them small. Row "l": format 1, the names that rows of format 1 go by.
#include "rules/cost/cost_buckets.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "storage/base/log.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kRowFormat = 2;
constexpr uint8_t kNamelessFormat = 1;
constexpr uint8_t kNamesFormat = 1;
constexpr size_t kCellsOfRow = 500;
constexpr std::array<char, 2> kTables = {'w', 'n'};  // what runs, nodes
constexpr std::string_view kTierLetters = "hdm";
constexpr std::string_view kNamesKey = "l";

std::string TierPrefix(CostTier tier) {
  return std::string("b") + kTierLetters[static_cast<size_t>(tier)];
}

std::string BucketPrefix(CostTier tier, Timestamp begin) {
  return TierPrefix(tier) + BigEndian64(static_cast<uint64_t>(begin));
}

std::string RowKey(const std::string& prefix, size_t table, uint64_t part) {
  return prefix + kTables[table] + BigEndian64(part);
}

using Days = std::chrono::sys_days;
Timestamp MillisOf(Days day) { return std::chrono::milliseconds(day.time_since_epoch()).count(); }

CostSpan MonthOf(Timestamp time) {
  namespace chrono = std::chrono;
  const chrono::sys_time<chrono::milliseconds> at{chrono::milliseconds(time)};
  const chrono::year_month_day day(chrono::floor<chrono::days>(at));
  const chrono::year_month month(day.year(), day.month());
  return {MillisOf(Days(month / 1)), MillisOf(Days((month + chrono::months(1)) / 1))};
}

void SaveNames(const std::vector<std::string>& names, RowWriter& out) {
  out.U64(names.size());
  for (const std::string& name : names) out.Text(name);
}

std::vector<std::string> LoadNames(RowReader& in) {
  std::vector<std::string> names;
  for (uint64_t left = in.Count(); left > 0; --left) names.push_back(in.Text());
  return names;
}

uint64_t RowsFor(const CostCells& cells) { return (cells.size() + kCellsOfRow - 1) / kCellsOfRow; }

const CostCells& TableOf(const CostBucket& bucket, size_t table) {
  return table == 0 ? bucket.workloads : bucket.nodes;
}

CostBucket EmptyBucket(CostTier tier, Timestamp begin) {
  CostBucket bucket;
  bucket.span = SpanOf(tier, begin);
  bucket.first = bucket.last = bucket.span.begin;
  return bucket;
}

// A clock that was set back may have watched some time more than once.
bool IsPlausible(const CostBucket& bucket) {
  const DurationMs length = bucket.span.end - bucket.span.begin;
  return bucket.first >= bucket.span.begin && bucket.last <= bucket.span.end &&
         bucket.first <= bucket.last && bucket.watched >= 0 && bucket.watched <= 1000 * length;
}

// Label values by other names, in the order of `wanted`.
void Reorder(const std::vector<std::string>& given, const std::vector<std::string>& wanted,
             CostKey* key) {
  std::vector<std::string> values(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto at = static_cast<size_t>(std::ranges::find(given, wanted[i]) - given.begin());
    if (at < key->labels.size()) values[i] = std::move(key->labels[at]);
  }
  key->labels = std::move(values);
}

}  // namespace

CostSpan SpanOf(CostTier tier, Timestamp time) {
  if (tier == CostTier::kMonths) return MonthOf(time);
  const DurationMs length = tier == CostTier::kHours ? kHour : kDay;
  const Timestamp begin = time - ((time % length) + length) % length;
  return {begin, begin + length};
}

Status CostBuckets::LearnOldLabels() {
  const std::optional<Row> row = TRY(store_->Get(Family::kCost, kNamesKey));
  if (row) {
    RowReader in(row->value, kNamesFormat, "the labels of old costs");
    old_labels_ = LoadNames(in);
    if (in.Finish().ok()) return absl::OkStatus();
    LogWarn("the labels of old costs cannot be read: they are taken to be the present ones", {});
  }
  old_labels_ = labels_;
  RowWriter out(kNamesFormat);
  SaveNames(old_labels_, out);
  Batch batch;
  batch.Put(Family::kCost, std::string(kNamesKey), out.Take());
  return store_->Commit(batch, Durability::kBuffered);
}

CostCells CostBuckets::InPresentOrder(CostCells cells,
                                      const std::vector<std::string>& names) const {
  if (names == labels_) return cells;
  CostCells ordered;
  while (!cells.empty()) {
    auto cell = cells.extract(cells.begin());
    // What has no labels at all has none: a node, what is idle.
    if (!cell.key().labels.empty()) Reorder(names, labels_, &cell.key());
    ordered[std::move(cell.key())].Add(cell.mapped());
  }
  return ordered;
}

StatusOr<CostBucket> CostBuckets::Load(CostTier tier, Timestamp begin) const {
  CostBucket bucket = EmptyBucket(tier, begin);
  const std::string prefix = BucketPrefix(tier, bucket.span.begin);
  Status status = absl::OkStatus();
  TRY(store_->Scan(Family::kCost, prefix, prefix, [&](const Row& row) {
    RowReader in(row.value, kRowFormat, "a row of costs");
    const std::vector<std::string> names =
        in.format() == kNamelessFormat ? old_labels_ : LoadNames(in);
    bucket.first = in.I64();
    bucket.last = in.I64();
    bucket.watched = in.I64();
    if (!IsPlausible(bucket)) in.Fail();
    const bool of_nodes = row.key.size() > prefix.size() && row.key[prefix.size()] == kTables[1];
    CostCells& cells = of_nodes ? bucket.nodes : bucket.workloads;
    ++bucket.rows[of_nodes ? 1 : 0];
    for (uint64_t left = in.Count(); left > 0; --left) {
      CostKey key = CostKey::Load(in);
      const CostAmounts amounts = CostAmounts::Load(in);
      if (names != labels_ && !key.labels.empty()) Reorder(names, labels_, &key);
      cells[std::move(key)].Add(amounts);
    }
    status = in.Finish();
    return status.ok();
  }));
  TRY(status);
  return bucket;
}

StatusOr<CostBucket> CostBuckets::LoadOrEmpty(CostTier tier, Timestamp begin) const {
  StatusOr<CostBucket> loaded = Load(tier, begin);
  if (!absl::IsDataLoss(loaded.status())) return loaded;
  LogWarn("saved costs cannot be read and are left out", {{"error", Message(loaded.status())}});
  CostBucket empty = EmptyBucket(tier, begin);
  const std::string prefix = BucketPrefix(tier, empty.span.begin);
  TRY(store_->Scan(Family::kCost, prefix, prefix, [&](const Row& row) {
    const bool of_nodes = row.key.size() > prefix.size() && row.key[prefix.size()] == kTables[1];
    ++empty.rows[of_nodes ? 1 : 0];
    return true;
  }));
  return empty;
}

void CostBuckets::Write(CostTier tier, const CostBucket& bucket, Batch* batch) const {
  const std::string prefix = BucketPrefix(tier, bucket.span.begin);
  for (size_t table = 0; table < kTables.size(); ++table) {
    const CostCells& cells = TableOf(bucket, table);
    size_t left = cells.size();
    uint64_t part = 0;
    for (auto cell = cells.begin(); left > 0; ++part) {
      RowWriter out(kRowFormat);
      const size_t count = std::min(kCellsOfRow, left);
      SaveNames(labels_, out);
      out.I64(bucket.first).I64(bucket.last).I64(bucket.watched).U64(count);
      for (size_t i = 0; i < count; ++i, ++cell) {
        cell->first.Save(out);
        cell->second.Save(out);
      }
      batch->Put(Family::kCost, RowKey(prefix, table, part), out.Take());
      left -= count;
    }
    for (; part < bucket.rows[table]; ++part) {
      batch->Delete(Family::kCost, RowKey(prefix, table, part));
    }
  }
}

void CostBuckets::MarkSaved(CostBucket* bucket) {
  bucket->changed = false;
  for (size_t table = 0; table < kTables.size(); ++table) {
    bucket->rows[table] = RowsFor(TableOf(*bucket, table));
  }
}

Status CostBuckets::DeleteBefore(CostTier tier, Timestamp begin, Batch* batch) const {
  const std::string prefix = TierPrefix(tier);
  const std::string end = BucketPrefix(tier, begin);
  return store_->Scan(Family::kCost, prefix, prefix, [&](const Row& row) {
    if (row.key >= end) return false;
    batch->Delete(Family::kCost, row.key);
    return true;
  });
}

}  // namespace outrider
