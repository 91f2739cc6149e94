// SPDX-License-Identifier: Apache-2.0
// The rows that wait, by lane and due time: what one lane holds is never walked through to find
// what another may send.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "notifiers/outbox/outbox_row.h"
#include "storage/base/clock.h"
#include "storage/base/hash.h"

namespace outrider {

// Not thread-safe.
class OutboxQueues {
 public:
  using Waiting = std::set<std::pair<Nanos, std::string>>;  // due, row id
  struct Queue {
    Waiting urgent;  // pages and recoveries
    Waiting others;
    Waiting diverted;  // what the fallback receiver has already, of both
    size_t size() const { return urgent.size() + others.size() + diverted.size(); }
    Nanos FirstDue() const;  // it is not empty
  };

  // A row that waits to be sent; it is not in here.
  void Add(const OutboxRow& row);
  // As it was added.
  void Remove(const OutboxRow& row);

  bool empty() const { return by_due_.empty(); }
  Nanos FirstDue() const { return by_due_.begin()->first; }  // it is not empty
  // Lanes that have rows, by their first due time.
  const std::set<std::pair<Nanos, std::string>>& lanes() const { return by_due_; }
  // Of a lane that has rows.
  const Queue& Of(const std::string& lane) const { return queues_.find(lane)->second; }
  const OrderedStringMap<Queue>& all() const { return queues_; }

 private:
  static Waiting& PlaceOf(const OutboxRow& row, Queue& queue);

  OrderedStringMap<Queue> queues_;
  std::set<std::pair<Nanos, std::string>> by_due_;
};

}  // namespace outrider
