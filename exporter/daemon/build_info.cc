// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/build_info.h"

#include <absl/base/config.h>
#include <fmt/format.h>

namespace outrider {

BuildInfo GetBuildInfo() {
  return {OUTRIDER_VERSION, OUTRIDER_REVISION, fmt::format("{} {}", OUTRIDER_COMPILER, __VERSION__),
          fmt::format("fmt {}.{}.{}, abseil {}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                      FMT_VERSION % 100, ABSL_LTS_RELEASE_VERSION)};
}

}  // namespace outrider
