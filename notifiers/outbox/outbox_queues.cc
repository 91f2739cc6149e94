// SPDX-License-Identifier: Apache-2.0
#include "notifiers/outbox/outbox_queues.h"

#include <algorithm>
#include <limits>

#include "notifiers/outbox/lane.h"

namespace outrider {

Nanos OutboxQueues::Queue::FirstDue() const {
  Nanos first = std::numeric_limits<Nanos>::max();
  for (const Waiting* waiting : {&urgent, &others, &diverted}) {
    if (!waiting->empty()) first = std::min(first, waiting->begin()->first);
  }
  return first;
}

OutboxQueues::Waiting& OutboxQueues::PlaceOf(const OutboxRow& row, Queue& queue) {
  if (row.diverted) return queue.diverted;
  return IsUrgent(row) ? queue.urgent : queue.others;
}

void OutboxQueues::Add(const OutboxRow& row) {
  const std::string lane = LaneOf(row);
  Queue& queue = queues_[lane];
  if (queue.size() > 0) by_due_.erase({queue.FirstDue(), lane});
  PlaceOf(row, queue).insert({row.due, row.id});
  by_due_.insert({queue.FirstDue(), lane});
}

void OutboxQueues::Remove(const OutboxRow& row) {
  const std::string lane = LaneOf(row);
  const auto it = queues_.find(lane);
  if (it == queues_.end()) return;
  Queue& queue = it->second;
  by_due_.erase({queue.FirstDue(), lane});
  PlaceOf(row, queue).erase({row.due, row.id});
  if (queue.size() == 0) {
    queues_.erase(it);
  } else {
    by_due_.insert({queue.FirstDue(), lane});
  }
}

}  // namespace outrider
