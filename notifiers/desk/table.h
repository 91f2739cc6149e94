// SPDX-License-Identifier: Apache-2.0
// A table of immutable rows and the edits of one transaction over it. Rows are shared with
// snapshots, so an edit copies the row it changes; the table itself changes only when the edits are
// applied, after they were written.
#pragma once

#include <map>
#include <memory>
#include <utility>

namespace outrider {

template <typename K, typename V>
using Table = std::map<K, std::shared_ptr<const V>>;

// Not thread-safe; the table must not change meanwhile.
template <typename K, typename V>
class TableEdit {
 public:
  struct Change {
    std::shared_ptr<V> row;  // nullptr: erased
    bool soft = false;       // changes memory only; its row is written some other time
  };
  using Changes = std::map<K, Change>;

  explicit TableEdit(const Table<K, V>& table) : table_(table) {}

  const V* Find(const K& key) const {
    const auto change = changes_.find(key);
    if (change != changes_.end()) return change->second.row.get();
    const auto row = table_.find(key);
    return row == table_.end() ? nullptr : row->second.get();
  }
  // The row as it was before this transaction.
  const V* Before(const K& key) const {
    const auto row = table_.find(key);
    return row == table_.end() ? nullptr : row->second.get();
  }
  // The row must exist.
  V& Edit(const K& key) { return Write(key, false); }
  V& EditSoftly(const K& key) { return Write(key, true); }
  V& Put(const K& key, V row) {
    Change& change = changes_[key];
    change = {std::make_shared<V>(std::move(row)), false};
    return *change.row;
  }
  void Erase(const K& key) { changes_[key] = {nullptr, false}; }
  const Changes& changes() const { return changes_; }

  // Calls `visit(key, row)` for every row as it is after the edits, in key order of the table, then
  // new ones.
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
  V& Write(const K& key, bool soft) {
    const auto [it, added] = changes_.try_emplace(key);
    if (added) it->second = {std::make_shared<V>(*table_.at(key)), soft};
    it->second.soft = it->second.soft && soft;
    return *it->second.row;
  }

  const Table<K, V>& table_;
  Changes changes_;
};

}  // namespace outrider
