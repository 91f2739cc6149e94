// SPDX-License-Identifier: Apache-2.0
// Bodies of the real-time API: whatever comes, each field is a value that is allowed or an error.
#include <cstdlib>

#include "exporter/api/realtime_body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  RealtimeBody body(std::string_view(reinterpret_cast<const char*>(data), size));
  const MonitoredContainer who = body.Container();
  const DurationMs window = body.Window();
  const std::vector<MonitoredContainer> list = body.Workloads();
  const DurationMs interval = body.CheckInterval();
  if (window < 5 * kMinute || window > kDay) std::abort();
  if (interval < WorkloadMonitor::kShortest || interval > WorkloadMonitor::kLongest) std::abort();
  const bool whole = !who.namespace_name.empty() && !who.workload.empty() && !who.container.empty();
  if (body.errors().empty() && !whole) std::abort();
  return 0;
}
