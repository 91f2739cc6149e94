// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/resource_change.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "storage/base/text.h"

namespace outrider {
namespace {

using enum ChangeSeverity;

constexpr double kMib = 1024.0 * 1024.0;
constexpr std::array<std::string_view, 5> kNames = {"UNKNOWN", "GOOD", "OK", "WARNING", "CRITICAL"};

// From this difference on.
struct Edges {
  double critical;
  double warning;
  double ok;
};
constexpr Edges kCpuEdges = {0.5, 0.25, 0.1};
constexpr Edges kMemoryEdges = {500 * kMib, 250 * kMib, 100 * kMib};

ChangeSeverity SeverityOf(const Edges& edges, const std::optional<double>& now,
                          const std::optional<double>& proposed) {
  if (!now && !proposed) return kGood;
  if (!now || !proposed) return kWarning;
  // 1 - 0.9 is a tenth, whatever a double makes of it.
  const double difference = std::abs(*now - *proposed) * (1 + 1e-9);
  if (difference >= edges.critical) return kCritical;
  if (difference >= edges.warning) return kWarning;
  return difference >= edges.ok ? kOk : kGood;
}

double Rounded(Resource resource, double amount) {
  const double unit = resource == Resource::kCpu ? 1e-3 : kMib;
  const double nearest = std::round(amount / unit);
  const bool whole = std::abs(amount / unit - nearest) < 1e-7;
  return (whole ? nearest : std::ceil(amount / unit)) * unit;
}

}  // namespace

ResourceChange ChangeOf(Resource resource, const ResourceAdvice& advice) {
  ResourceChange change;
  change.resource = resource;
  change.current = {advice.request, advice.limit};
  change.known = advice.enough_data;
  change.info = advice.reason;
  if (!advice.enough_data) return change;
  const double request = Rounded(resource, advice.recommended.target);
  change.proposed.request = request;
  change.limit_unwanted = advice.limit.has_value() && !advice.limit_wanted;
  if (advice.limit_wanted) {
    change.proposed.limit = std::max(request, Rounded(resource, advice.recommended.limit));
  } else if (advice.limit) {
    change.proposed.limit = std::max(request, *advice.limit);
  }
  return change;
}

std::string_view ChangeSeverityText(ChangeSeverity severity) {
  return kNames[static_cast<size_t>(severity)];
}

std::optional<ChangeSeverity> ParseChangeSeverity(std::string_view text) {
  const std::string upper = ToUpper(text);
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == upper) return static_cast<ChangeSeverity>(i);
  }
  return std::nullopt;
}

ChangeSeverity SeverityOf(const ResourceChange& change) {
  if (!change.known) return kUnknown;
  const Edges& edges = change.resource == Resource::kCpu ? kCpuEdges : kMemoryEdges;
  return SeverityOf(edges, change.current.request, change.proposed.request);
}

ChangeSeverity SeverityOf(const Recommendation& recommendation) {
  return std::max(SeverityOf(ChangeOf(Resource::kCpu, recommendation.cpu)),
                  SeverityOf(ChangeOf(Resource::kMemory, recommendation.memory)));
}

std::optional<int> ScoreOf(std::span<const Recommendation> recommendations) {
  double lost = 0;
  double count = 0;
  for (const Recommendation& one : recommendations) {
    if (one.is_node) continue;
    ++count;
    const ChangeSeverity severity = SeverityOf(one);
    lost += severity == kCritical ? 1.0 : severity == kWarning ? 0.7 : 0.0;
  }
  if (count == 0) return std::nullopt;
  return static_cast<int>(100 * (count - lost) / count + 1e-9);
}

std::string_view GradeOf(int score) {
  if (score >= 90) return "A";
  if (score >= 70) return "B";
  if (score >= 55) return "C";
  return score >= 30 ? "D" : "F";
}

std::optional<double> SavingsPerMonth(const Recommendation& recommendation) {
  const auto& cpu = recommendation.cpu.savings_dollars_per_month;
  const auto& memory = recommendation.memory.savings_dollars_per_month;
  if (!cpu && !memory) return std::nullopt;
  return cpu.value_or(0) + memory.value_or(0);
}

bool HasProposal(const Recommendation& recommendation) {
  return recommendation.cpu.enough_data || recommendation.memory.enough_data;
}

}  // namespace outrider
