// SPDX-License-Identifier: Apache-2.0
// A table of immutable rows and the edits of one transaction over it. Rows are shared with
// snapshots, so an edit copies the row it changes; the table itself changes only when the edits are
// applied, after they were written. What is only added to a row (`V::Addition`, `V::Add`) waits
// until then too: nobody else has most rows by then, and those grow where they stand.
#pragma once

#include <map>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "storage/base/sole_owner.h"

namespace outrider {

// The row itself, to be changed where it stands; nullptr: somebody else may be reading it. Nobody
// may take it from the table meanwhile. Rows are made as `V`, not as `const V`.
template <typename V>
V* SoleOwner(const std::shared_ptr<const V>& row) {
  return IsSoleOwner(row) ? const_cast<V*>(row.get()) : nullptr;
}

struct NoAddition {};
template <typename V>
struct AdditionTo {
  using Type = NoAddition;
};
template <typename V>
  requires requires { typename V::Addition; }
struct AdditionTo<V> {
  using Type = typename V::Addition;
};

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
  using Addition = typename AdditionTo<V>::Type;
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
    const auto row = table_.find(key);
    if (row == table_.end()) return nullptr;
    return additions_.empty() ? row->second.get() : WithAddition(key, row->second);
  }
  // The row as it was before this transaction.
  const V* Before(const K& key) const {
    const auto row = table_.find(key);
    return row == table_.end() ? nullptr : row->second.get();
  }
  // The row must exist. The reference lives as long as the row is not put anew or erased.
  V& Edit(const K& key) { return Write(key, false); }
  V& EditSoftly(const K& key) { return Write(key, true); }
  // Adds to the row, which must exist, softly. Who asks for it afterwards sees it with that.
  void AddSoftly(const K& key, const Addition& addition) {
    if (!index_.contains(key) && additions_.try_emplace(&table_.find(key)->second, addition).second)
      return;
    EditSoftly(key).Add(addition);
  }
  // The row, to be put back changed; until then nobody must look at it. It must exist.
  V Take(const K& key) {
    static_cast<void>(Find(key));  // with what was added
    const auto change = index_.find(key);
    if (change == index_.end()) return *table_.find(key)->second;
    return std::move(*changes_[change->second].second.row);
  }
  V& Put(const K& key, V row) {
    Change& change = ChangeOf(key).first;
    change.soft = false;
    if (change.row) {
      *change.row = std::move(row);
    } else {
      change.row = std::make_shared<V>(std::move(row));
    }
    return *change.row;
  }
  void Erase(const K& key) { ChangeOf(key).first = {nullptr, false}; }
  // Without rows that were only added to.
  const Changes& changes() const { return changes_; }
  bool empty() const { return changes_.empty() && additions_.empty(); }
  // Adds to rows of the table. Those that somebody else has are copied, and given to
  // `put(std::shared_ptr<const V>)`. Before any other row is put.
  template <typename Put>
  void ApplyAdditions(Put&& put) {
    for (const auto& [row, addition] : additions_) {
      if (V* sole = SoleOwner(*row)) {
        sole->Add(addition);
        continue;
      }
      auto copy = std::make_shared<V>(**row);
      copy->Add(addition);
      put(std::move(copy));
    }
    additions_.clear();
  }
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
  using Row = std::shared_ptr<const V>;

  // `row` of the table with what was added to it in this transaction, which is a change now.
  const V* WithAddition(const K& key, const Row& row) const {
    if constexpr (std::is_same_v<Addition, NoAddition>) {
      return row.get();
    } else {
      const auto added = additions_.find(&row);
      if (added == additions_.end()) return row.get();
      auto copy = std::make_shared<V>(*row);
      copy->Add(added->second);
      additions_.erase(added);
      index_.emplace(key, changes_.size());
      changes_.emplace_back(key, Change{copy, true});
      return copy.get();
    }
  }
  std::pair<Change&, bool> ChangeOf(const K& key) {
    if (!additions_.empty()) static_cast<void>(Find(key));
    const auto [it, added] = index_.try_emplace(key, changes_.size());
    if (added) changes_.emplace_back(key, Change());
    return {changes_[it->second].second, added};
  }
  V& Write(const K& key, bool soft) {
    const auto [change, added] = ChangeOf(key);
    if (added) change = {std::make_shared<V>(*table_.find(key)->second), soft};
    change.soft = change.soft && soft;
    return *change.row;
  }

  const Rows& table_;
  // Asking for a row may make a change of what was added to it.
  mutable Changes changes_;
  mutable absl::flat_hash_map<K, size_t> index_;
  mutable absl::flat_hash_map<const Row*, Addition> additions_;  // rows without another change
};

}  // namespace outrider
