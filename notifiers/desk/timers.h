// SPDX-License-Identifier: Apache-2.0
// Timers by what they are for, and in the order in which they fall due. The order is a heap of
// pointers whose entries know their place: a timer that moves costs log n steps, and each costs
// eight bytes there.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/state/schema.h"

namespace outrider {

using TimerId = std::pair<TimerKind, std::string>;

// Not thread-safe; not copyable, since the heap points into the map.
class Timers {
 public:
  struct Timer {
    Nanos due = 0;
    size_t place = 0;  // in the heap
  };
  using Map = std::map<TimerId, Timer>;

  Timers() = default;
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  Nanos Due(const TimerId& id) const;      // 0: not set
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
  void Place(Entry* entry, size_t place);
  void Rise(size_t place);
  void Sink(size_t place);

  Map map_;
  std::vector<Entry*> heap_;  // earliest first
};

}  // namespace outrider
