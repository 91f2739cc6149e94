// SPDX-License-Identifier: Apache-2.0
// Who is told what the capacity engine reads: so that others who judge workloads need not read the
// same series again.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "rules/capacity/recommendation.h"
#include "storage/base/clock.h"
#include "storage/model/sample.h"

namespace outrider {

// A container of a workload. Its number is never another's in this process.
struct UsageOwner {
  uint64_t number = 0;
  const WorkloadKey& workload;
  std::string_view container;
};

// Called by one thread at a time, while the engine works: must not call back into it.
class UsageObserver {
 public:
  virtual ~UsageObserver() = default;
  // New points of one container of one pod (a machine: container ""), each once, in order of time.
  virtual void OnUsage(const UsageOwner& owner, std::span<const Sample> cpu,
                       std::span<const Sample> memory) = 0;
  // Everything up to `to` has been told. Also for each piece of the past after a start.
  virtual void OnRead(Timestamp to) = 0;
  // All are judged: completes the findings of the recommendations, from which the health scores
  // are computed. By workload, then container.
  virtual void OnJudge(Timestamp now,
                       std::span<const std::unique_ptr<Recommendation>> recommendations) = 0;
};

}  // namespace outrider
