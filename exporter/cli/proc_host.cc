// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/proc_host.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr double kJiffiesPerSecond = 100;  // USER_HZ, the same on every Linux
constexpr std::array<std::string_view, 8> kCpuModes = {"user",   "nice", "system",  "idle",
                                                       "iowait", "irq",  "softirq", "steal"};

std::string Slurp(const char* path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

Labels HostLabels(std::string_view metric, const std::string& name) {
  return Labels{{kMetricName, metric}, {"instance", name}, {"job", "node"}};
}

void AddCpu(const ProcTexts& proc, const std::string& name, Timestamp now,
            std::vector<LabeledSample>* out) {
  for (const std::string_view line : Split(proc.stat, '\n')) {
    std::istringstream fields{std::string(line)};
    std::string cpu;
    fields >> cpu;
    if (!cpu.starts_with("cpu") || cpu == "cpu") continue;
    for (const std::string_view mode : kCpuModes) {
      double jiffies = 0;
      if (!(fields >> jiffies)) break;
      out->push_back({HostLabels("node_cpu_seconds_total", name)
                          .With("cpu", std::string_view(cpu).substr(3))
                          .With("mode", mode),
                      {now, jiffies / kJiffiesPerSecond}});
    }
  }
}

void AddMemory(const ProcTexts& proc, const std::string& name, Timestamp now,
               std::vector<LabeledSample>* out) {
  for (const std::string_view line : Split(proc.meminfo, '\n')) {
    std::istringstream fields{std::string(line)};
    std::string key;
    double kib = 0;
    fields >> key >> kib;
    for (const std::string_view wanted : {"MemTotal", "MemFree", "MemAvailable"}) {
      if (key != std::string(wanted) + ":") continue;
      const std::string metric = "node_memory_" + std::string(wanted) + "_bytes";
      out->push_back({HostLabels(metric, name), {now, kib * 1024}});
    }
  }
}

}  // namespace

ProcTexts ReadProc() {
  ProcTexts proc;
  proc.stat = Slurp("/proc/stat");
  proc.meminfo = Slurp("/proc/meminfo");
  proc.loadavg = Slurp("/proc/loadavg");
  struct statvfs root{};
  if (statvfs("/", &root) == 0) {
    proc.root_size_bytes = static_cast<uint64_t>(root.f_blocks) * root.f_frsize;
    proc.root_free_bytes = static_cast<uint64_t>(root.f_bavail) * root.f_frsize;
  }
  return proc;
}

std::string MachineName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

std::vector<LabeledSample> HostSamples(const ProcTexts& proc, const std::string& name,
                                       Timestamp now) {
  std::vector<LabeledSample> out;
  AddCpu(proc, name, now, &out);
  AddMemory(proc, name, now, &out);
  std::istringstream load(proc.loadavg);
  if (double load1 = 0; load >> load1)
    out.push_back({HostLabels("node_load1", name), {now, load1}});
  const auto disk = [&](std::string_view metric, uint64_t bytes) {
    out.push_back({HostLabels(metric, name)
                       .With("device", "/dev/root")
                       .With("fstype", "ext4")
                       .With("mountpoint", "/"),
                   {now, static_cast<double>(bytes)}});
  };
  disk("node_filesystem_size_bytes", proc.root_size_bytes);
  disk("node_filesystem_avail_bytes", proc.root_free_bytes);
  out.push_back({HostLabels("up", name), {now, 1}});
  return out;
}

}  // namespace outrider
