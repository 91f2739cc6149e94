// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/proc_host.h"

#include <gtest/gtest.h>

#include <map>

namespace outrider {
namespace {

TEST(ProcHost, ReadsWhatTheKernelWrites) {
  ProcTexts proc;
  proc.stat =
      "cpu  300 0 0 0\ncpu0 100 1 50 2000 7 0 3 0 0 0\ncpu1 200 0 60 1900 1 0 0 4 0 0\nintr 5\n";
  proc.meminfo =
      "MemTotal:       1000 kB\nMemFree:  10 kB\nMemAvailable:    400 kB\nBuffers: 1 kB\n";
  proc.loadavg = "0.52 0.58 0.59 1/300 1234\n";
  proc.root_size_bytes = 1000;
  proc.root_free_bytes = 250;
  std::map<std::string, double> found;
  for (const LabeledSample& sample : HostSamples(proc, "box", 5)) {
    EXPECT_EQ(sample.labels.Get("instance"), "box");
    EXPECT_EQ(sample.sample.time, 5);
    found[std::string(sample.labels.MetricName()) + "/" + std::string(sample.labels.Get("cpu")) +
          "/" + std::string(sample.labels.Get("mode"))] = sample.sample.value;
  }
  EXPECT_EQ(found.at("node_cpu_seconds_total/0/idle"), 20);
  EXPECT_EQ(found.at("node_cpu_seconds_total/1/steal"), 0.04);
  EXPECT_EQ(found.at("node_memory_MemAvailable_bytes//"), 400 * 1024);
  EXPECT_EQ(found.at("node_load1//"), 0.52);
  EXPECT_EQ(found.at("node_filesystem_avail_bytes//"), 250);
  EXPECT_EQ(found.count("node_memory_Buffers_bytes//"), 0u);
}

TEST(ProcHost, ThisMachineHasFigures) {
  const auto samples = HostSamples(ReadProc(), MachineName(), 1);
  double total = 0;
  for (const LabeledSample& sample : samples) {
    if (sample.labels.MetricName() == "node_memory_MemTotal_bytes") total = sample.sample.value;
  }
  EXPECT_GT(total, 1e6);
}

}  // namespace
}  // namespace outrider
