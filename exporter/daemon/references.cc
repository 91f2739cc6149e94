// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/references.h"

#include <fmt/format.h>

#include "storage/base/text.h"

namespace outrider {
namespace {

SeriesOwner OwnerOf(const RuleGroup& group, const Rule& rule) {
  const char* what = rule.kind == RuleKind::kAlerting ? "alert" : "record";
  return {.kind = "rule",
          .name = fmt::format("{} group {} {} {}", group.file, Quote(group.name), what,
                              Quote(rule.name))};
}

}  // namespace

std::vector<SeriesReference> RuleReferences(const std::vector<RuleFile>& files, DurationMs lookback,
                                            DurationMs query_offset) {
  std::vector<SeriesReference> out;
  for (const RuleFile& file : files) {
    for (const RuleGroup& group : file.groups) {
      const DurationMs offset = group.query_offset.value_or(query_offset);
      for (const Rule& rule : group.rules) {
        if (!rule.expression) continue;
        for (promql::Expression::Reach& reach : rule.expression->Selectors(lookback)) {
          out.push_back({.matchers = std::move(reach.matchers),
                         .horizon = reach.horizon + offset,
                         .owner = OwnerOf(group, rule)});
        }
      }
    }
  }
  return out;
}

}  // namespace outrider
