// SPDX-License-Identifier: Apache-2.0
// Sloth's catalogue of alert windows (`kind: AlertWindows`): other windows and budget shares for
// objectives of one period.
#pragma once

#include <string>
#include <vector>

#include "rules/slo/burn_rate.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct AlertWindows {
  DurationMs period = 0;
  std::vector<BurnWindows> windows;  // page quick, page slow, ticket quick, ticket slow
  std::string place;                 // file:line:column
};

StatusOr<AlertWindows> ReadAlertWindows(const YamlNode& document, const std::string& file);

}  // namespace outrider
