// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "exporter/cli/commands.h"
#include "exporter/daemon/build_info.h"

namespace outrider {

int RunVersion() {
  const BuildInfo info = GetBuildInfo();
  fmt::print("outrider, version {} (revision {})\n  compiler:  {}\n  libraries: {}\n", info.version,
             info.revision, info.compiler, info.libraries);
  return 0;
}

}  // namespace outrider
