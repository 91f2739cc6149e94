// SPDX-License-Identifier: Apache-2.0
// Timers by what they are for, and in the order in which they fall due. The order is a heap of
// pointers whose entries know their place: a timer that moves costs log n steps, and each costs
// eight bytes there. By what it is for one is found by a hash, since each alert that joins a group
// asks for the group's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "storage/base/clock.h"
#include "storage/base/hash.h"
#include "storage/state/schema.h"

namespace outrider {

using TimerId = std::pair<TimerKind, std::string>;
using TimerRef = std::pair<TimerKind, std::string_view>;

// Compares without a copy.
struct TimerOrder {
  using is_transparent = void;
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return TimerRef(a.first, a.second) < TimerRef(b.first, b.second);
  }
};

// Not thread-safe; not copyable, since the heap points into the map.
class Timers {
 public:
  struct Timer {
    Nanos due = 0;
    size_t place = 0;  // in the heap
  };
  using Map = std::map<TimerId, Timer, TimerOrder>;

  Timers() = default;
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  Nanos Due(const TimerRef& id) const;     // 0: not set
  void Set(const TimerId& id, Nanos due);  // 0: cancel
  std::optional<Nanos> FirstDue() const;
  // Those due at or before `until`, at most `most`: by time, then kind, then id.
  std::vector<TimerKey> DueBy(Nanos until, size_t most) const;

  // By kind and id.
  Map::const_iterator begin() const { return map_.begin(); }
  Map::const_iterator end() const { return map_.end(); }
  Map::const_iterator lower_bound(const TimerId& id) const { return map_.lower_bound(id); }
  size_t size() const { return map_.size(); }
  bool empty() const { return map_.empty(); }

 private:
  using Entry = Map::value_type;
  static bool IsBefore(const Entry& a, const Entry& b) {
    return a.second.due != b.second.due ? a.second.due < b.second.due : a.first < b.first;
  }
  static TimerRef RefOf(const TimerRef& id) { return id; }
  static TimerRef RefOf(const Entry* entry) { return {entry->first.first, entry->first.second}; }
  struct Hash {
    using is_transparent = void;
    template <typename T>
    size_t operator()(const T& timer) const {
      const TimerRef ref = RefOf(timer);
      return static_cast<size_t>(Hash64(ref.second, static_cast<uint64_t>(ref.first)));
    }
  };
  struct Equal {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return RefOf(a) == RefOf(b);
    }
  };
  Entry* Find(const TimerRef& id) const;
  void Place(Entry* entry, size_t place);
  void Rise(size_t place);
  void Sink(size_t place);

  Map map_;
  absl::flat_hash_set<Entry*, Hash, Equal> index_;
  std::vector<Entry*> heap_;  // earliest first
};

}  // namespace outrider
