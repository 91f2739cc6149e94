// SPDX-License-Identifier: Apache-2.0
// Keeps every pod with its workload: at once where the owners are known, by name where they stay
// unknown, anew when a late owner tells otherwise.
#pragma once

#include <cstdint>
#include <vector>

#include "rules/capacity/demand_book.h"
#include "rules/capacity/pod_table.h"
#include "rules/capacity/workload_resolver.h"

namespace outrider {

// Not thread-safe. All outlive it.
class PodBinder {
 public:
  PodBinder(PodTable& pods, DemandBook& book, WorkloadResolver& resolver)
      : pods_(pods), book_(book), resolver_(resolver) {}

  // After the series that are new were found. `learned`: owners became known since the last call;
  // `waited`: nobody needs to wait for an owner (the past is read).
  void Update(Timestamp now, bool learned, bool waited);
  // Containers and pods that nothing tells of any more.
  void Release(Timestamp now);
  // Pods with samples whose owner is not known yet.
  uint64_t waiting() const { return waiting_; }

 private:
  void Resolve(uint32_t number);

  PodTable& pods_;
  DemandBook& book_;
  WorkloadResolver& resolver_;
  std::vector<uint32_t> open_;  // pods whose workload may become another
  uint32_t next_ = 0;           // of the others, which are looked at in turn
  uint64_t waiting_ = 0;
  Timestamp swept_ = INT64_MIN;
};

}  // namespace outrider
