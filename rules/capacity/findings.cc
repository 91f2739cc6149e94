// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/findings.h"

#include <algorithm>
#include <array>

namespace outrider {
namespace {

using enum FindingSeverity;

struct Step {
  double ratio;
  FindingSeverity severity;
};
constexpr std::array kUnderuse = {Step{.05, kHigh}, Step{.10, kMedium}, Step{.20, kLow}};
constexpr std::array kSaturation = {Step{.99, kCritical}, Step{.95, kHigh}, Step{.90, kMedium}};

struct Weight {
  std::string_view text;
  double points;
};
constexpr std::array kWeights = {Weight{"low", 5}, Weight{"medium", 10}, Weight{"high", 20},
                                 Weight{"critical", 30}};

}  // namespace

std::string_view FindingSeverityText(FindingSeverity severity) {
  return kWeights[static_cast<size_t>(severity)].text;
}

std::optional<FindingSeverity> JudgeUnderuse(double mean, double request) {
  if (!(request > 0)) return std::nullopt;
  for (const Step& step : kUnderuse) {
    if (mean / request < step.ratio) return step.severity;
  }
  return std::nullopt;
}

std::optional<FindingSeverity> JudgeSaturation(double p95, double limit) {
  if (!(limit > 0)) return std::nullopt;
  for (const Step& step : kSaturation) {
    if (p95 / limit >= step.ratio) return step.severity;
  }
  return std::nullopt;
}

double HealthScore(std::span<const FindingSeverity> findings) {
  double score = 100;
  for (FindingSeverity finding : findings) score -= kWeights[static_cast<size_t>(finding)].points;
  return std::max(0.0, score);
}

}  // namespace outrider
