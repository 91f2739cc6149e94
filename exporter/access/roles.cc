// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/roles.h"

#include <array>

namespace outrider {
namespace {

constexpr std::array<std::string_view, 4> kTexts = {"none", "viewer", "operator", "admin"};

}  // namespace

std::string_view RoleText(Role role) { return kTexts[static_cast<size_t>(role)]; }

std::optional<Role> ParseRole(std::string_view text) {
  for (size_t i = 1; i < kTexts.size(); ++i) {
    if (kTexts[i] == text) return static_cast<Role>(i);
  }
  return std::nullopt;
}

}  // namespace outrider
