// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/build_info.h"

#include <absl/base/config.h>
#include <fmt/format.h>

namespace outrider {

BuildInfo ThisBuild() {
  BuildInfo build;
  build.version = OUTRIDER_VERSION;
  build.revision = OUTRIDER_REVISION;
  build.compiler = fmt::format("{} {}", OUTRIDER_COMPILER, __VERSION__);
  return build;
}

std::string LibraryVersions() {
  return fmt::format("fmt {}.{}.{}, abseil {}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                     FMT_VERSION % 100, ABSL_LTS_RELEASE_VERSION);
}

}  // namespace outrider
