// SPDX-License-Identifier: Apache-2.0
// Configured objects as people read them.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/json.h"

namespace outrider {

// JSON as YAML: what it reads back as is the same.
std::string ObjectYaml(const JsonValue& value);
// What there is to say of a schedule, user, team or policy in one cell.
std::string ObjectSummary(std::string_view word, const JsonValue& config);

}  // namespace outrider
