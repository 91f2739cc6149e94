// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/workload_source.h"

#include <algorithm>
#include <utility>

#include "rules/capacity/recommendation.h"
#include "storage/model/labels.h"

namespace outrider {
namespace {

std::vector<Matcher> Select(std::string metric, std::vector<Matcher> more = {}) {
  more.insert(more.begin(), Matcher::Equal(std::string(kMetricName), std::move(metric)));
  return more;
}

Matcher RegexMatcher(std::string name, std::string pattern) {
  return *Matcher::Create(MatchType::kRegex, std::move(name), std::move(pattern));
}

WorkloadSource Hosts() {
  WorkloadSource source = {.kind = std::string(kHostKind), .name_label = "instance"};
  source.cpu = Select("node_cpu_seconds_total", {Matcher::Equal("mode", "idle")});
  source.memory = Select("node_memory_MemTotal_bytes");
  source.memory_free = Select("node_memory_MemAvailable_bytes");
  source.machine = true;
  return source;
}

WorkloadSource Processes() {
  WorkloadSource source = {.kind = "Process", .name_label = "groupname"};
  source.cpu = Select("namedprocess_namegroup_cpu_seconds_total");
  source.memory =
      Select("namedprocess_namegroup_memory_bytes", {Matcher::Equal("memtype", "resident")});
  return source;
}

// cAdvisor beside no kubelet: cgroups by their path.
WorkloadSource Cgroups(std::string kind, std::string name_label, const Matcher& which) {
  const std::vector<Matcher> outside = {Matcher::Equal("container", ""), Matcher::Equal("pod", ""),
                                        which};
  WorkloadSource source = {.kind = std::move(kind), .name_label = std::move(name_label)};
  source.cpu = Select("container_cpu_usage_seconds_total", outside);
  source.cpu.push_back(RegexMatcher("cpu", "total|"));
  source.memory = Select("container_memory_working_set_bytes", outside);
  return source;
}

}  // namespace

std::vector<WorkloadSource> BuiltinSources() {
  return {Hosts(), Processes(),
          Cgroups("SystemdUnit", "id", RegexMatcher("id", "/system\\.slice/[^/]+\\.service")),
          Cgroups("Container", "name", RegexMatcher("name", ".+"))};
}

std::vector<WorkloadSource> CombineSources(std::vector<WorkloadSource> own) {
  std::vector<WorkloadSource> all = BuiltinSources();
  std::erase_if(all, [&](const WorkloadSource& one) {
    return std::ranges::any_of(own,
                               [&](const WorkloadSource& other) { return other.kind == one.kind; });
  });
  std::ranges::move(own, std::back_inserter(all));
  return all;
}

}  // namespace outrider
