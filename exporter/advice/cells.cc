// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/cells.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "exporter/advice/quantity.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Amount(Resource resource, const std::optional<double>& amount) {
  return amount ? QuantityText(resource, *amount) : std::string(kUnset);
}

std::string Arrow(const ResourceChange& change, const std::optional<double>& now,
                  const std::optional<double>& proposed) {
  if (change.known && !now && !proposed) return std::string(kUnset);
  return fmt::format("{} -> {}", Amount(change.resource, now),
                     change.known ? Amount(change.resource, proposed) : std::string(kUnknown));
}

// Both are rounded as they are shown, so that the cell adds up.
std::string Difference(const ResourceChange& change, double pods) {
  const double difference =
      change.proposed.request.value_or(0) - change.current.request.value_or(0);
  const std::string text = QuantityText(change.resource, std::abs(difference) * pods);
  return (difference < 0 && text != "0" ? "-" : "+") + text;
}

void RemarkOnResource(const ResourceChange& change, const ResourceAdvice& advice, bool machine,
                      std::vector<std::string>* remarks) {
  const std::string_view name = change.resource == Resource::kCpu ? "CPU" : "memory";
  if (!change.known) remarks->push_back(fmt::format("{}: {}", name, advice.reason));
  if (advice.ooms > 0) {
    remarks->push_back(
        fmt::format("killed {} time{} for memory", advice.ooms, advice.ooms == 1 ? "" : "s"));
  }
  if (advice.throttled_ratio >= 0.01) {
    remarks->push_back(
        fmt::format("throttled in {} of its periods", PercentText(advice.throttled_ratio)));
  }
  if (change.limit_unwanted && !machine) {
    remarks->push_back(fmt::format("better without a limit of {}", name));
  }
  if (advice.guarded) {
    remarks->push_back(fmt::format("{}: moved to the nearest allowed value", name));
  }
  if (advice.held) remarks->push_back(fmt::format("{}: kept, the change is too small", name));
}

}  // namespace

std::string RequestCell(const ResourceChange& change) {
  std::string arrow = Arrow(change, change.current.request, change.proposed.request);
  if (!change.known || arrow == kUnset) return arrow;
  return fmt::format("({}) {}", Difference(change, 1), arrow);
}

std::string LimitCell(const ResourceChange& change) {
  return Arrow(change, change.current.limit, change.proposed.limit);
}

std::string DifferenceCell(const ResourceChange& change, uint64_t pods) {
  return change.known ? Difference(change, static_cast<double>(pods)) : "";
}

std::string PercentText(double ratio) {
  const double percent = 100 * ratio;
  return percent > 0 && percent < 9.95 ? fmt::format("{:.1f} %", percent)
                                       : fmt::format("{:.0f} %", percent);
}

std::string RemarkOf(const Recommendation& recommendation) {
  std::vector<std::string> remarks;
  const bool machine = recommendation.key.workload_kind == kHostKind;
  RemarkOnResource(ChangeOf(Resource::kCpu, recommendation.cpu), recommendation.cpu, machine,
                   &remarks);
  RemarkOnResource(ChangeOf(Resource::kMemory, recommendation.memory), recommendation.memory,
                   machine, &remarks);
  if (!recommendation.outliers.empty()) {
    remarks.push_back(fmt::format("{} replica{} or nodes far from the others",
                                  recommendation.outliers.size(),
                                  recommendation.outliers.size() == 1 ? "" : "s"));
  }
  return Join(remarks, "; ");
}

}  // namespace outrider
