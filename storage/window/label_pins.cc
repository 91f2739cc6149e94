// SPDX-License-Identifier: Apache-2.0
#include "storage/window/label_pins.h"

#include <utility>

namespace outrider {

LabelPin LabelPins::Take() const {
  std::shared_ptr<Generation> generation = generations_.back();
  generation->readers.fetch_add(1, std::memory_order_relaxed);
  // Released, so that whoever sees the reader gone also sees all it read as done.
  const auto leave = [generation](const void* /*pinned*/) {
    generation->readers.fetch_sub(1, std::memory_order_release);
  };
  return {generation.get(), leave};
}

void LabelPins::GiveUp(PairId* list, std::span<const PairId> unused) {
  Generation& current = *generations_.back();
  if (list != nullptr) current.lists.push_back(list);
  current.pairs.insert(current.pairs.end(), unused.begin(), unused.end());
  for (const PairId pair : unused) given_up_[pair] = current.number;
  // Readers to come do not see it: they need not be waited for.
  if (current.readers.load(std::memory_order_acquire) > 0) {
    generations_.push_back(std::make_shared<Generation>(current.number + 1));
  }
}

LabelPins::Collected LabelPins::Collect() {
  Collected collected;
  while (generations_.front()->readers.load(std::memory_order_acquire) == 0) {
    Generation& oldest = *generations_.front();
    for (const PairId pair : oldest.pairs) {
      const auto last = given_up_.find(pair);
      if (last == given_up_.end() || last->second != oldest.number) continue;
      given_up_.erase(last);
      collected.pairs.push_back(pair);
    }
    collected.lists.insert(collected.lists.end(), oldest.lists.begin(), oldest.lists.end());
    oldest.pairs = {};
    oldest.lists = {};
    if (generations_.size() == 1) break;
    generations_.pop_front();
  }
  return collected;
}

}  // namespace outrider
