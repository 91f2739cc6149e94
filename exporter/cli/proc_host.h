// SPDX-License-Identifier: Apache-2.0
// This machine as a host of the demo: its real figures from /proc, under the names node_exporter
// uses.
#pragma once

#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/window/appender.h"

namespace outrider {

// What /proc says. Texts are passed in, so that parsing is pure.
struct ProcTexts {
  std::string stat;     // /proc/stat
  std::string meminfo;  // /proc/meminfo
  std::string loadavg;  // /proc/loadavg
  uint64_t root_size_bytes = 0;
  uint64_t root_free_bytes = 0;
};
ProcTexts ReadProc();
std::string MachineName();

// node_cpu_seconds_total, node_memory_*, node_load1, node_filesystem_* with job="node" and
// instance=`name`.
std::vector<LabeledSample> HostSamples(const ProcTexts& proc, const std::string& name,
                                       Timestamp now);

}  // namespace outrider
