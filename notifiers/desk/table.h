// SPDX-License-Identifier: Apache-2.0
// A table of immutable rows and the edits of one transaction over it. Rows are shared with
// snapshots, so an edit copies the row it changes; the table itself changes only when the edits are
// applied, after they were written. A row that can `Add` a number takes one without a copy, if
// nobody looks at it again meanwhile: most posted alerts join a group that is there.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace outrider {

// In order of the key, for tables whose walks decide.
template <typename K, typename V>
using Table = std::map<K, std::shared_ptr<const V>>;
// In no order, for large ones: who walks it and decides sorts first.
template <typename K, typename V>
using HashTable = absl::flat_hash_map<K, std::shared_ptr<const V>>;

// Not thread-safe; the table must not change meanwhile.
template <typename K, typename V, typename Rows = Table<K, V>>
class TableEdit {
 public:
  struct Change {
    std::shared_ptr<V> row;  // nullptr: erased
    bool soft = false;       // changes memory only; its row is written some other time
  };
  // In the order of the first edit.
  using Changes = std::vector<std::pair<K, Change>>;

  explicit TableEdit(const Rows& table) : table_(table) {}

  // Room for so many changes.
  void Reserve(size_t changes) {
    changes_.reserve(changes);
    index_.reserve(changes);
  }
  const V* Find(const K& key) const {
    const auto change = index_.find(key);
    if (change != index_.end()) return changes_[change->second].second.row.get();
    const V* row = Before(key);
    if constexpr (kAdds) {
      if (!additions_.empty() && additions_.contains(row)) return &Write(key, true);
    }
    return row;
  }
  // The row as it was before this transaction.
  const V* Before(const K& key) const {
    const auto row = table_.find(key);
    return row == table_.end() ? nullptr : row->second.get();
  }
  // The row must exist. The reference lives as long as the row is not put anew or erased.
  V& Edit(const K& key) { return Write(key, false); }
  V& EditSoftly(const K& key) { return Write(key, true); }
  // Adds a number that only memory learns of. The row must exist.
  void AddSoftly(const K& key, uint64_t number) {
    const V* row = index_.contains(key) ? nullptr : Before(key);
    if (row != nullptr && additions_.try_emplace(row, number).second) return;
    EditSoftly(key).Add(number);
  }
  // By the row before this transaction; none of them has another change.
  const absl::flat_hash_map<const V*, uint64_t>& additions() const { return additions_; }
  // The row, to be put back changed; until then nobody must look at it. It must exist.
  V Take(const K& key) {
    const auto change = index_.find(key);
    if (change == index_.end()) return WithAddition(table_.find(key)->second.get());
    return std::move(*changes_[change->second].second.row);
  }
  V& Put(const K& key, V row) {
    DropAddition(key);
    Change& change = ChangeOf(key).first;
    change.soft = false;
    if (change.row) {
      *change.row = std::move(row);
    } else {
      change.row = std::make_shared<V>(std::move(row));
    }
    return *change.row;
  }
  void Erase(const K& key) {
    DropAddition(key);
    ChangeOf(key).first = {nullptr, false};
  }
  const Changes& changes() const { return changes_; }
  // Calls `visit(key, row)` for every row as it is after the edits: those of the table in its
  // order, then new ones.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const auto& [key, row] : table_) {
      if (const V* now = Find(key)) visit(key, *now);
    }
    for (const auto& [key, change] : changes_) {
      if (change.row && !table_.contains(key)) visit(key, *change.row);
    }
  }

 private:
  static constexpr bool kAdds = requires(V& row) { row.Add(uint64_t{}); };

  std::pair<Change&, bool> ChangeOf(const K& key) const {
    const auto [it, added] = index_.try_emplace(key, changes_.size());
    if (added) changes_.emplace_back(key, Change());
    return {changes_[it->second].second, added};
  }
  V& Write(const K& key, bool soft) const {
    const auto [change, added] = ChangeOf(key);
    if (added) {
      change = {std::make_shared<V>(WithAddition(table_.find(key)->second.get())), soft};
      DropAddition(key);
    }
    change.soft = change.soft && soft;
    return *change.row;
  }
  V WithAddition(const V* row) const {
    V copy = *row;
    if constexpr (kAdds) {
      const auto addition = additions_.find(row);
      if (addition != additions_.end()) copy.Add(addition->second);
    }
    return copy;
  }
  void DropAddition(const K& key) const {
    if (!additions_.empty()) additions_.erase(Before(key));
  }

  const Rows& table_;
  // Changed by a look as well: one at a row with an addition makes it an edit.
  mutable Changes changes_;
  mutable absl::flat_hash_map<K, size_t> index_;
  mutable absl::flat_hash_map<const V*, uint64_t> additions_;
};

}  // namespace outrider
