// SPDX-License-Identifier: Apache-2.0
// /api/v1/rules and /api/v1/alerts. Source: specs/prometheus.md §5.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "exporter/http/server.h"
#include "rules/alerting/rule_view.h"

namespace outrider {

// All rule groups as they are now, in any order. Called from several threads at once.
using RuleGroupsFn = std::function<std::vector<std::shared_ptr<const RuleGroupView>>()>;

void RegisterRulesApi(Router& router, const RuleGroupsFn& groups);

}  // namespace outrider
