// SPDX-License-Identifier: Apache-2.0
// Filters and windows of the allocation API: whatever comes, an error or something that can be
// used. The first line is the window, the rest the filter.
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/api/cost_window.h"
#include "rules/cost/cost_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  const auto window = ParseCostWindow(text.substr(0, line), 1'764'590'400'000);
  if (window.ok() && window->from >= window->to) std::abort();
  if (line == std::string_view::npos) return 0;
  const std::vector<std::string> labels = {"app", "tier"};
  const auto filter = CostFilter::Parse(text.substr(line + 1), labels);
  if (!filter.ok()) return 0;
  CostKey key;
  key.namespace_name = "shop";
  key.labels = {"a", "b"};
  if (filter->empty() && !filter->Matches(key)) std::abort();
  (void)filter->Matches(key);
  for (const CostColumn& column : filter->columns()) {
    if (column.field == CostColumn::Field::kLabel && column.label >= labels.size()) std::abort();
  }
  return 0;
}
