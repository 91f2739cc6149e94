// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/group_policy.h"

#include <fmt/format.h>

#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {

StatusOr<NoDataPolicy> ParseNoDataPolicy(std::string_view text) {
  if (text == "resolve") return NoDataPolicy{};
  if (text == "keep") return NoDataPolicy{.keep = true};
  const StatusOr<DurationMs> limit = ParseDuration(text);
  if (limit.ok() && *limit > 0) return NoDataPolicy{.keep = true, .limit = *limit};
  return InvalidArgument(
      fmt::format("{} is neither resolve, keep nor how long to keep", Quote(text)));
}

GroupPolicy GroupPolicies::For(std::string_view file, std::string_view name) const {
  GroupPolicy policy = usual;
  for (const GroupOverride& special : overrides) {
    if (special.name != name || (!special.file.empty() && special.file != file)) continue;
    if (special.wait_for_data) policy.wait_for_data = *special.wait_for_data;
    if (special.max_wait) policy.max_wait = special.max_wait;
    if (special.no_data) policy.no_data = *special.no_data;
  }
  return policy;
}

}  // namespace outrider
