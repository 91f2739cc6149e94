// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/detector_options.h"

#include <array>
#include <utility>

namespace outrider {
namespace {

constexpr std::array<std::pair<std::string_view, AnomalyDirection>, 3> kDirections = {{
    {"both", AnomalyDirection::kBoth},
    {"above", AnomalyDirection::kAbove},
    {"below", AnomalyDirection::kBelow},
}};

}  // namespace

std::optional<AnomalyDirection> FindAnomalyDirection(std::string_view text) {
  for (const auto& [name, direction] : kDirections) {
    if (name == text) return direction;
  }
  return std::nullopt;
}

}  // namespace outrider
