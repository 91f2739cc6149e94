// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/opportunities.h"

#include <algorithm>

#include "exporter/advice/resource_change.h"

namespace outrider {
namespace {

// How much more than set is needed, as a share of it; 0: none.
double NeedOf(const ResourceChange& change) {
  if (!change.known || !change.current.request || !change.proposed.request) return 0;
  const double set = *change.current.request;
  if (*change.proposed.request <= set) return 0;
  return (*change.proposed.request - set) / std::max(set, 1e-9);
}

double NeedOf(const Recommendation& row) {
  return std::max(NeedOf(ChangeOf(Resource::kCpu, row.cpu)),
                  NeedOf(ChangeOf(Resource::kMemory, row.memory)));
}

template <typename Amount>
std::vector<const Recommendation*> Largest(std::span<const Recommendation> rows, size_t most,
                                           double least, Amount amount) {
  std::vector<std::pair<double, const Recommendation*>> found;
  for (const Recommendation& row : rows) {
    if (row.is_node) continue;  // its pods say the same
    if (const double value = amount(row); value >= least) found.emplace_back(value, &row);
  }
  std::ranges::stable_sort(found, [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const Recommendation*> out;
  for (size_t i = 0; i < std::min(most, found.size()); ++i) out.push_back(found[i].second);
  return out;
}

}  // namespace

std::vector<const Recommendation*> TopSavings(std::span<const Recommendation> rows, size_t most) {
  return Largest(rows, most, 0.01,
                 [](const Recommendation& row) { return SavingsPerMonth(row).value_or(0); });
}

std::vector<const Recommendation*> TopNeeds(std::span<const Recommendation> rows, size_t most) {
  return Largest(rows, most, 1e-9, [](const Recommendation& row) { return NeedOf(row); });
}

}  // namespace outrider
