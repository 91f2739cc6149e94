// SPDX-License-Identifier: Apache-2.0
// Strategic-merge patches, a YAML document per workload. Each carries what it is for (apiVersion,
// kind, metadata), so that `kubectl patch --patch-file` takes one and `kubectl apply --server-side`
// all of them.
#include <fmt/format.h>

#include "exporter/advice/formats.h"
#include "exporter/advice/workload_object.h"
#include "notifiers/config/yaml_text.h"

namespace outrider {

std::string RenderPatch(const AdviceReport& report) {
  const ClustersOfNames clusters(report);
  std::string out;
  for (const auto& rows : WorkloadsOf(report)) {
    const WorkloadKey& key = rows.front()->key;
    out += "---\n";
    std::string why = WhyNoPatch(rows);
    if (why.empty()) why = clusters.WhyLeftOut(key);
    if (!why.empty()) {
      out += CommentLine(key, why) + RemarkLines(rows);
      continue;
    }
    out += ClusterLine(key);
    const WorkloadKindInfo& kind = *FindWorkloadKind(key.workload_kind);
    if (kind.fixed) out += CommentLine(key, kMadeAnew);
    out += RemarkLines(rows) + WriteYaml(WorkloadYaml(kind, rows));
  }
  return out;
}

}  // namespace outrider
