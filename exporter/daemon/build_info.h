// SPDX-License-Identifier: Apache-2.0
// What this binary was built from.
#pragma once

#include <string>

namespace outrider {

struct BuildInfo {
  std::string version;
  std::string revision;  // git, or "unknown" outside a checkout
  std::string compiler;
  std::string libraries;
};
BuildInfo GetBuildInfo();

}  // namespace outrider
