// SPDX-License-Identifier: Apache-2.0
// Recommendations put into Kubernetes manifests: requests and limits of containers, bounds and
// target of horizontal autoscalers. Everything else of the text stays as it is. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/capacity/recommendation.h"
#include "storage/base/status.h"

namespace outrider {

struct ManifestOptions {
  std::string namespace_name;  // of objects that name none; empty: whichever has the workload
};

enum class ManifestOutcome {
  kChanged,
  kUnchanged,         // it is set as recommended already
  kNotEnoughData,     // of CPU or memory; what is known is set
  kNoRecommendation,  // nothing was seen of it
  kRefused,           // there is a recommendation that cannot be put in
};

// What became of one container or autoscaler, in the order of the file.
struct ManifestNote {
  ManifestOutcome outcome = ManifestOutcome::kChanged;
  std::string text;  // `file:line:column: Deployment shop/checkout, container app: …`
};

struct PatchedManifest {
  std::string text;
  std::vector<ManifestNote> notes;
};

// `text`: one or several documents (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob,
// Pod, whatever else has spec.template.spec, HorizontalPodAutoscaler, and List of these; others are
// passed over), YAML or JSON. An error (`file:line:column: …`) for what is no YAML; for a template
// of Helm a sentence that says so.
StatusOr<PatchedManifest> PatchManifest(std::string_view text, const std::string& file,
                                        std::span<const Recommendation> rows,
                                        const ManifestOptions& options);

}  // namespace outrider
