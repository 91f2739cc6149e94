// SPDX-License-Identifier: Apache-2.0
// Advice about replicas put into the manifest of a HorizontalPodAutoscaler.
#pragma once

#include <string>
#include <vector>

#include "exporter/advice/yaml_edit.h"
#include "rules/capacity/recommend/replicas.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct HpaPatch {
  std::vector<std::string> changes;  // in words; empty: it is set as recommended
  std::vector<Status> problems;
};

// autoscaling/v1 and v2: minReplicas, maxReplicas, the target of CPU utilisation. One that
// scales on other things alone is a problem and stays as it is; of one that scales on more the
// bounds are never lowered. `editor` is of the text that `object` stands in.
HpaPatch PatchHpa(const YamlNode& object, const ReplicaAdvice::Hpa& advice, YamlEditor* editor);

}  // namespace outrider
