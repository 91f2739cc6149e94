// SPDX-License-Identifier: Apache-2.0
// How a group is evaluated beyond what its rule file says: settings of outrider.yml, because rule
// files must stay as Prometheus reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// What becomes of an alert whose input is missing.
struct NoDataPolicy {
  bool keep = false;     // it keeps its state, and an alert of its own tells of the missing data
  DurationMs limit = 0;  // at most this long; 0: as long as data is missing
  friend bool operator==(const NoDataPolicy&, const NoDataPolicy&) = default;
};
// `resolve`, `keep`, or how long to keep (a Prometheus duration).
StatusOr<NoDataPolicy> ParseNoDataPolicy(std::string_view text);
// The annotation that sets it for one rule; an unreadable value counts as none.
inline constexpr const char* kNoDataAnnotation = "outrider_no_data";

struct GroupPolicy {
  bool wait_for_data = true;           // evaluate a slot when its data is there (arrivals.h)
  std::optional<DurationMs> max_wait;  // none: a third of the group's interval
  NoDataPolicy no_data;
  friend bool operator==(const GroupPolicy&, const GroupPolicy&) = default;
};

// For the groups of one name (in one file, if that is given).
struct GroupOverride {
  std::string name;
  std::string file;
  std::optional<bool> wait_for_data;
  std::optional<DurationMs> max_wait;
  std::optional<NoDataPolicy> no_data;
  friend bool operator==(const GroupOverride&, const GroupOverride&) = default;
};

struct GroupPolicies {
  GroupPolicy usual;
  std::vector<GroupOverride> overrides;  // later ones win
  GroupPolicy For(std::string_view file, std::string_view name) const;
  friend bool operator==(const GroupPolicies&, const GroupPolicies&) = default;
};

}  // namespace outrider
