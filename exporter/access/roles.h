// SPDX-License-Identifier: Apache-2.0
// The names of roles: viewer reads, operator works with alerts and incidents, admin configures.
#pragma once

#include <optional>
#include <string_view>

#include "exporter/http/server.h"

namespace outrider {

std::string_view RoleText(Role role);                  // none, viewer, operator, admin
std::optional<Role> ParseRole(std::string_view text);  // of the last three

}  // namespace outrider
