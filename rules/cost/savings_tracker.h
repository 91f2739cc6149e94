// SPDX-License-Identifier: Apache-2.0
// Savings that were realised: when the requests of a workload's container move towards what was
// recommended, the old requests are remembered, and from then on the difference of the allocated
// cost — max(old request, use) against max(new request, use) of each pod — is counted for a year.
// A request that is raised towards a recommendation counts as well: it costs more, and the sum
// says so. What is moved back or on later is measured against the same old requests.
#pragma once

#include <array>
#include <compare>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/capacity/recommendation.h"
#include "rules/cost/allocation.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

struct RealisedSavings {
  WorkloadKey key;
  std::string container;
  Timestamp since = 0;          // when a recommendation was taken up first
  NanoUnits realised = 0;       // since then; negative: it costs more
  double dollars_per_hour = 0;  // lately
  // Before and now; cores, bytes. None: that resource's request was not changed.
  std::array<std::optional<double>, 2> before;
  std::array<std::optional<double>, 2> now;
};

// Not thread-safe.
class SavingsTracker {
 public:
  static constexpr DurationMs kCounted = 365 * kDay;  // after the change

  explicit SavingsTracker(StateStore& store) : store_(store) {}
  // Once after a start. Rows that cannot be read begin anew.
  Status Restore();
  // What changed since the last call is written.
  Status Save(Durability durability);

  // Requests as they are now and what is recommended.
  void Observe(std::span<const Recommendation> recommendations, Timestamp now);
  // Counts what `time` saved, of everything that runs.
  void Count(const CostScene& scene, DurationMs time);
  // Those that took up a recommendation, by workload, then container.
  std::vector<RealisedSavings> All() const;

 private:
  struct Key {
    WorkloadKey workload;
    std::string container;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Entry {
    std::array<std::optional<double>, 2> request;  // last seen
    std::array<std::optional<double>, 2> target;   // last recommended
    std::array<std::optional<double>, 2> before;   // of what was taken up
    Timestamp since = 0;
    Timestamp seen = 0;
    NanoUnits realised = 0;
    double dollars_per_hour = 0;
    bool changed = false;
  };
  static void ObserveResource(const ResourceAdvice& advice, size_t resource, Timestamp now,
                              Entry* entry);
  void Forget(Timestamp now);

  StateStore& store_;
  std::map<Key, Entry> entries_;
  std::vector<std::string> gone_;  // rows to delete
};

}  // namespace outrider
