// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/references.h"

namespace outrider {

std::vector<promql::Expression::Reach> RuleReaches(const std::vector<RuleFile>& files,
                                                   DurationMs lookback, DurationMs query_offset) {
  std::vector<promql::Expression::Reach> out;
  for (const RuleFile& file : files) {
    for (const RuleGroup& group : file.groups) {
      for (const Rule& rule : group.rules) {
        if (!rule.expression) continue;
        for (promql::Expression::Reach& reach : rule.expression->Selectors(lookback)) {
          reach.horizon += group.query_offset.value_or(query_offset);
          out.push_back(std::move(reach));
        }
      }
    }
  }
  return out;
}

std::vector<SeriesReference> ToReferences(std::vector<promql::Expression::Reach> reaches) {
  std::vector<SeriesReference> out;
  out.reserve(reaches.size());
  for (promql::Expression::Reach& reach : reaches) {
    out.push_back({std::move(reach.matchers), reach.horizon});
  }
  return out;
}

}  // namespace outrider
