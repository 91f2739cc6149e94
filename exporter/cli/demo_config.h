// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "storage/base/status.h"

namespace outrider {

// Writes the demo's outrider.yml, rules, incidents and analytics into `directory`.
Status WriteDemoConfig(const std::string& directory);

}  // namespace outrider
