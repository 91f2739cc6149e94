// SPDX-License-Identifier: Apache-2.0
#include "storage/state/memory_store.h"

#include <fmt/format.h>

#include <iterator>
#include <ranges>

namespace outrider {
namespace {

size_t Index(Family family) { return static_cast<size_t>(family); }

}  // namespace

StatusOr<std::optional<Row>> MemoryStore::Get(Family family, std::string_view key) const {
  absl::MutexLock lock(&mutex_);
  const Table& table = tables_[Index(family)];
  const auto it = table.find(key);
  if (it == table.end()) return std::optional<Row>();
  return std::optional<Row>(Row{it->first, it->second.value, it->second.version});
}

Status MemoryStore::Scan(Family family, std::string_view prefix, std::string_view from,
                         const std::function<bool(const Row&)>& visit) const {
  // Copied first, so that `visit` may call the store.
  std::vector<Row> rows;
  {
    absl::MutexLock lock(&mutex_);
    const Table& table = tables_[Index(family)];
    for (auto it = table.lower_bound(std::max(prefix, from));
         it != table.end() && it->first.starts_with(prefix); ++it) {
      rows.push_back({it->first, it->second.value, it->second.version});
    }
  }
  for (const Row& row : rows) {
    if (!visit(row)) break;
  }
  return absl::OkStatus();
}

Status MemoryStore::Commit(const Batch& batch, Durability durability) {
  absl::MutexLock lock(&mutex_);
  for (const Batch::Requirement& requirement : batch.requirements()) {
    const Table& table = tables_[Index(requirement.family)];
    const auto it = table.find(requirement.key);
    const uint64_t version = it == table.end() ? 0 : it->second.version;
    if (version != requirement.version) {
      ++stats_.failed_commits;
      return absl::AbortedError(
          fmt::format("a row of {} was changed by somebody else", FamilyName(requirement.family)));
    }
  }
  const uint64_t version = next_version_++;
  for (const Batch::Write& write : batch.writes()) {
    Table& table = tables_[Index(write.family)];
    const auto it = table.find(write.key);
    std::optional<Cell> before;
    if (it != table.end()) before = it->second;
    unsynced_.push_back({write.family, write.key, std::move(before)});
    if (write.value) {
      table.insert_or_assign(write.key, Cell{*write.value, version});
    } else if (it != table.end()) {
      table.erase(it);
    }
  }
  ++stats_.commits;
  if (durability == Durability::kSynced) {
    ++stats_.synced_commits;
    unsynced_.clear();
  }
  return absl::OkStatus();
}

StoreStats MemoryStore::Stats() const {
  absl::MutexLock lock(&mutex_);
  StoreStats stats = stats_;
  for (int i = 0; i < kFamilyCount; ++i) {
    uint64_t bytes = 0;
    for (const auto& [key, cell] : tables_[static_cast<size_t>(i)]) {
      bytes += key.size() + cell.value.size();
    }
    stats.memory_bytes += bytes;
    stats.family_bytes.emplace_back(FamilyName(static_cast<Family>(i)), bytes);
  }
  return stats;
}

void MemoryStore::DropUnsynced() {
  absl::MutexLock lock(&mutex_);
  for (const Undo& undo : std::views::reverse(unsynced_)) {
    Table& table = tables_[Index(undo.family)];
    if (undo.before) {
      table.insert_or_assign(undo.key, *undo.before);
    } else {
      table.erase(undo.key);
    }
  }
  unsynced_.clear();
}

std::unique_ptr<MemoryStore> MemoryStore::Clone() const {
  absl::MutexLock lock(&mutex_);
  auto copy = std::make_unique<MemoryStore>();
  absl::MutexLock copy_lock(&copy->mutex_);
  copy->tables_ = tables_;
  copy->unsynced_ = unsynced_;
  copy->next_version_ = next_version_;
  return copy;
}

}  // namespace outrider
