// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "exporter/cli/commands.h"
#include "exporter/daemon/build_info.h"

namespace outrider {

int RunVersion() {
  const BuildInfo build = ThisBuild();
  fmt::print("outrider, version {} (revision {})\n  compiler:  {}\n  libraries: {}\n",
             build.version, build.revision, build.compiler, LibraryVersions());
  return 0;
}

}  // namespace outrider
