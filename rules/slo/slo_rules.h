// SPDX-License-Identifier: Apache-2.0
// The alerts of objectives as rule groups over their derived series, so that they are rules like
// any: durable, routed, shown by /api/v1/rules.
#pragma once

#include <span>
#include <vector>

#include "rules/rulefile/rule_file.h"
#include "rules/slo/slo_spec.h"

namespace outrider {

// PromQL of one alert.
std::string SloAlertExpression(const SloSpec& spec, const SloAlert& alert);

// One RuleFile per file that has objectives with alerts, one group per objective. Groups are named
// as Sloth names them, `sloth-slo-alerts-<id>`, and `outrider-slo-alerts-<name>` for others.
// Objectives with an error have none.
std::vector<RuleFile> SloRuleFiles(std::span<const SloSpec> specs,
                                   const promql::ParseOptions& options = {});

}  // namespace outrider
