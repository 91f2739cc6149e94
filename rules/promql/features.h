// SPDX-License-Identifier: Apache-2.0
// The language's switches under the names that Prometheus' --enable-feature gives them.
#pragma once

#include <string_view>

#include "rules/promql/engine.h"

namespace outrider::promql {

struct Features {
  ParseOptions parser;
  bool delayed_name_removal = false;
  bool use_start_timestamps = false;
  friend bool operator==(const Features&, const Features&) = default;
};

// InvalidArgument, with the names there are, for one that is none.
Status EnableFeature(std::string_view name, Features* features);

}  // namespace outrider::promql
