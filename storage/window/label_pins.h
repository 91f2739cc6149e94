// SPDX-License-Identifier: Apache-2.0
// What an index gives up while readers may still look at it without a lock. Readers pin the
// generation of their time; what is given up waits until all readers of its generation and of older
// ones are gone.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "storage/window/label_table.h"

namespace outrider {

// Keeps what a reader found readable as long as it lives.
using LabelPin = std::shared_ptr<const void>;
// Take() under a shared lock, the rest under an exclusive one.
class LabelPins {
 public:
  LabelPins() { generations_.push_back(std::make_shared<Generation>(0)); }
  LabelPin Take() const;
  // A series went, and with it the use of pairs that nobody else has, and of a list of pairs (null:
  // others have it).
  void GiveUp(PairId* list, std::span<const PairId> unused);
  // What was given up and nobody looks at any more.
  struct Collected {
    std::vector<PairId> pairs;
    std::vector<PairId*> lists;
  };
  Collected Collect();

 private:
  struct Generation {
    explicit Generation(uint64_t its_number) : number(its_number) {}
    const uint64_t number;
    std::atomic<uint32_t> readers{0};
    std::vector<PairId> pairs;
    std::vector<PairId*> lists;
  };
  std::deque<std::shared_ptr<Generation>> generations_;  // oldest first; the last takes readers
  // When a pair that waits was given up last: it may have been in use again in between.
  absl::flat_hash_map<PairId, uint64_t> given_up_;
};

}  // namespace outrider
