// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/api/status.h"

namespace outrider {

// What this binary was built from.
BuildInfo ThisBuild();
std::string LibraryVersions();

}  // namespace outrider
