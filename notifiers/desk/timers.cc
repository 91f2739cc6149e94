// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/timers.h"

#include <queue>

namespace outrider {

Timers::Entry* Timers::Find(const TimerRef& id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : *found;
}

Nanos Timers::Due(const TimerRef& id) const {
  const Entry* entry = Find(id);
  return entry == nullptr ? 0 : entry->second.due;
}

void Timers::Set(const TimerId& id, Nanos due) {
  Entry* entry = Find({id.first, id.second});
  if (entry == nullptr) {
    if (due == 0) return;
    entry = &*map_.emplace(id, Timer{.due = due, .place = heap_.size()}).first;
    index_.insert(entry);
    heap_.push_back(entry);
    Rise(heap_.size() - 1);
    return;
  }
  const size_t place = entry->second.place;
  if (due != 0) {
    entry->second.due = due;
    Rise(place);
    Sink(entry->second.place);
    return;
  }
  Entry* last = heap_.back();
  heap_.pop_back();
  index_.erase(entry);
  map_.erase(map_.find(id));
  if (place == heap_.size()) return;
  Place(last, place);
  Rise(place);
  Sink(last->second.place);
}

std::optional<Nanos> Timers::FirstDue() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front()->second.due;
}

std::vector<TimerKey> Timers::DueBy(Nanos until, size_t most) const {
  const auto later = [this](size_t a, size_t b) { return IsBefore(*heap_[b], *heap_[a]); };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> next(later);
  if (!heap_.empty()) next.push(0);
  std::vector<TimerKey> due;
  while (!next.empty() && due.size() < most) {
    const size_t place = next.top();
    next.pop();
    const auto& [id, timer] = *heap_[place];
    if (timer.due > until) break;
    due.push_back({timer.due, id.first, id.second});
    for (const size_t child : {2 * place + 1, 2 * place + 2}) {
      if (child < heap_.size()) next.push(child);
    }
  }
  return due;
}

void Timers::Place(Entry* entry, size_t place) {
  heap_[place] = entry;
  entry->second.place = place;
}

void Timers::Rise(size_t place) {
  Entry* entry = heap_[place];
  while (place > 0 && IsBefore(*entry, *heap_[(place - 1) / 2])) {
    Place(heap_[(place - 1) / 2], place);
    place = (place - 1) / 2;
  }
  Place(entry, place);
}

void Timers::Sink(size_t place) {
  Entry* entry = heap_[place];
  for (size_t child = 2 * place + 1; child < heap_.size(); child = 2 * place + 1) {
    if (child + 1 < heap_.size() && IsBefore(*heap_[child + 1], *heap_[child])) ++child;
    if (!IsBefore(*heap_[child], *entry)) break;
    Place(heap_[child], place);
    place = child;
  }
  Place(entry, place);
}

}  // namespace outrider
