// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/slos: objectives, their burn rates and budgets, over rules/slo.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "exporter/http/server.h"
#include "rules/slo/slo_view.h"
#include "storage/base/status.h"

namespace outrider {

// Called from several threads at once.
struct SloApiDeps {
  std::function<std::shared_ptr<const std::vector<SloView>>()> all;
  std::function<StatusOr<SloView>(const std::string& name)> one;  // with its timelines
};

void RegisterSloApi(Router& router, const SloApiDeps& deps);

}  // namespace outrider
