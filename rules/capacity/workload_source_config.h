// SPDX-License-Identifier: Apache-2.0
// `cost.workloads` of outrider.yml (docs/capacity.md): workloads without Kubernetes.
#pragma once

#include <string>
#include <vector>

#include "rules/capacity/workload_source.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// Errors, with their place in `file`, are remembered by `cost`, the reader of the section.
void ReadWorkloadSources(YamlReader& cost, const std::string& file,
                         std::vector<WorkloadSource>* sources);

}  // namespace outrider
