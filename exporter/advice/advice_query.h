// SPDX-License-Identifier: Apache-2.0
// Which recommendations are asked for, in which order, and which page of them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/advice/resource_change.h"
#include "rules/capacity/recommendation.h"
#include "storage/base/status.h"

namespace outrider {

enum class AdviceOrder { kWorkload, kSavings, kSeverity };      // largest and worst first
StatusOr<AdviceOrder> ParseAdviceOrder(std::string_view text);  // workload, savings, severity

// A row behind which a page begins; it names the row itself, so that rows that come or go meanwhile
// shift nothing.
struct AdviceCursor {
  double rank = 0;  // by what is sorted
  WorkloadKey key;
  std::string container;
};
std::string CursorToken(const AdviceCursor& cursor);
StatusOr<AdviceCursor> ParseCursorToken(std::string_view token);

// Empty lists let everything pass; of several values one must fit.
struct AdviceQuery {
  std::vector<std::string> clusters;
  std::vector<std::string> namespaces;
  std::vector<std::string> workloads;
  std::vector<std::string> kinds;
  std::vector<std::string> containers;
  std::vector<ChangeSeverity> severities;
  std::optional<double> min_savings;  // dollars a month
  bool only_with_data = false;        // of CPU or memory
  AdviceOrder order = AdviceOrder::kWorkload;
  size_t limit = 0;  // 0: all
  std::optional<AdviceCursor> after;
};

struct AdvicePage {
  std::vector<Recommendation> all;   // what passes, sorted
  std::vector<Recommendation> rows;  // of these, the page
  std::optional<AdviceCursor> next;  // nothing: this was the last page
};
AdvicePage Select(std::vector<Recommendation> rows, const AdviceQuery& query);

}  // namespace outrider
