// SPDX-License-Identifier: Apache-2.0
// `resources:` as Helm charts take them: a document per workload. The values of charts have no
// common shape, so each document is what belongs at the place its chart keeps resources: with one
// container `resources:` itself, with several a key per container.
#include "exporter/advice/formats.h"
#include "exporter/advice/resource_change.h"
#include "exporter/advice/workload_object.h"
#include "notifiers/config/yaml_text.h"

namespace outrider {
namespace {

YamlNode Values(std::span<const Recommendation* const> rows) {
  YamlNode values = YamlMap();
  for (const Recommendation* row : rows) {
    if (!HasProposal(*row)) continue;
    YamlNode one = YamlMap();
    AddEntry(&one, "resources", ResourcesYaml(*row));
    if (rows.size() == 1) return one;
    AddEntry(&values, row->container, std::move(one));
  }
  return values;
}

}  // namespace

std::string RenderHelm(const AdviceReport& report) {
  std::string out;
  for (const auto& rows : WorkloadsOf(report)) {
    const WorkloadKey& key = rows.front()->key;
    const YamlNode values = Values(rows);
    const bool machine = key.workload_kind == kHostKind;
    const bool chart = !IsNoObject(key);
    out += "---\n";
    out += CommentLine(key, machine                  ? "a machine has no chart"
                            : !chart                 ? "no Kubernetes object"
                            : values.entries.empty() ? "not enough data"
                                                     : "values of its chart");
    out += RemarkLines(rows);
    if (chart && !values.entries.empty()) out += WriteYaml(values);
  }
  return out;
}

}  // namespace outrider
