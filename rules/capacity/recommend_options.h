// SPDX-License-Identifier: Apache-2.0
// How recommendations are made, from `cost.recommendations` of outrider.yml.
#pragma once

#include <string>

#include "rules/capacity/recommend/guard.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct RecommendOptions {
  std::string policy = "adaptive";  // a name of recommend/table.cc
  GuardRails cpu;                   // cores
  GuardRails memory;                // bytes
  friend bool operator==(const RecommendOptions&, const RecommendOptions&) = default;
};

//   recommendations:
//     policy: adaptive
//     hysteresis: 0.1                      # of both resources
//     cpu: {minimum: 0.01, maximum: 8, largest_step: 2}
//     memory: {minimum: 32MiB, maximum: 16GiB, largest_step: 2}
// Errors are remembered by `r`.
void ReadRecommendOptions(YamlReader& r, const std::string& file, RecommendOptions* options);

}  // namespace outrider
