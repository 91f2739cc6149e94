// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/features.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "storage/base/text.h"

namespace outrider::promql {
namespace {

struct Feature {
  std::string_view name;
  void (*enable)(Features*);
};
constexpr Feature kFeatures[] = {
    {"promql-binop-fill-modifiers", [](Features* f) { f->parser.binop_fill_modifiers = true; }},
    {"promql-delayed-name-removal", [](Features* f) { f->delayed_name_removal = true; }},
    // Always on since Prometheus 3.14, which still takes the name.
    {"promql-duration-expr", [](Features* /*f*/) {}},
    {"promql-experimental-functions", [](Features* f) { f->parser.experimental_functions = true; }},
    {"promql-extended-range-selectors",
     [](Features* f) { f->parser.extended_range_selectors = true; }},
    {"use-start-timestamps", [](Features* f) { f->use_start_timestamps = true; }},
};

}  // namespace

Status EnableFeature(std::string_view name, Features* features) {
  std::vector<std::string> names;
  for (const Feature& feature : kFeatures) {
    if (feature.name == name) {
      feature.enable(features);
      return {};
    }
    names.emplace_back(feature.name);
  }
  return InvalidArgument(
      fmt::format("unknown feature {}; there are {}", Quote(name), Join(names, ", ")));
}

}  // namespace outrider::promql
