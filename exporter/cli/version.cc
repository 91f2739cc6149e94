// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "exporter/cli/commands.h"
#include "exporter/daemon/build_info.h"

namespace outrider {

std::string VersionText() {
  const BuildInfo build = ThisBuild();
  return fmt::format("outrider, version {} (revision {})\n  compiler:  {}\n  libraries: {}",
                     build.version, build.revision, build.compiler, LibraryVersions());
}

int RunVersion() {
  fmt::print("{}\n", VersionText());
  return 0;
}

}  // namespace outrider
