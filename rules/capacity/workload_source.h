// SPDX-License-Identifier: Apache-2.0
// Workloads without Kubernetes: which series tell what machines, process groups and systemd units
// use, and which labels name them. The built-in ones and those of `cost.workloads` in outrider.yml.
#pragma once

#include <string>
#include <vector>

#include "storage/model/matcher.h"

namespace outrider {

struct WorkloadSource {
  std::string kind;  // the workloads' kind: Host, Process, SystemdUnit, ...
  // Labels with the workload's name (of a path what is behind its last slash) and its namespace
  // (empty: none has one), and the label that tells several of one workload apart.
  std::string name_label;
  std::string namespace_label = {};
  std::string instance_label = "instance";
  // Selectors; empty: not told. All series of one workload and instance are summed.
  std::vector<Matcher> cpu = {};          // counters of seconds
  std::vector<Matcher> memory = {};       // gauges of bytes
  std::vector<Matcher> memory_free = {};  // bytes of `memory` that are not used
  // `cpu` tells idle seconds, one series per CPU: the machine has as many cores as there are, and
  // what is not idle is used. `memory` is what it has.
  bool machine = false;
  friend bool operator==(const WorkloadSource&, const WorkloadSource&) = default;
};

// Machines (node_exporter), process groups (process-exporter), systemd units and containers
// without Kubernetes (cAdvisor).
std::vector<WorkloadSource> BuiltinSources();
// The built-in ones, each displaced by those of the same kind in `own`, then the rest of `own`.
std::vector<WorkloadSource> CombineSources(std::vector<WorkloadSource> own);

}  // namespace outrider
