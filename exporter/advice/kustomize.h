// SPDX-License-Identifier: Apache-2.0
// A Kustomize component: patches of workloads, to be named under `components:` of an overlay.
#pragma once

#include <string>
#include <vector>

#include "exporter/advice/report.h"

namespace outrider {

// kustomization.yaml. `files`: of the patches, in the order of the workloads that get one
// (WhyNoPatch); empty: the patches stand in it.
std::string KustomizationYaml(const AdviceReport& report, const std::vector<std::string>& files);

}  // namespace outrider
