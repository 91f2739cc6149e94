// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/kustomize.h"

#include <fmt/format.h>

#include <map>

#include "exporter/advice/formats.h"
#include "exporter/advice/workload_object.h"
#include "notifiers/config/yaml_text.h"
#include "storage/base/regex.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Indented(const std::string& text, std::string_view by) {
  std::string out;
  for (const std::string_view line : Split(Trim(text), '\n')) {
    out += fmt::format("{}{}\n", by, line);
  }
  return out;
}

// Two workloads of one kind and name differ in their namespace only; of others it is left out,
// because in a component most manifests do not have theirs yet.
std::map<std::pair<std::string, std::string>, int> CountNames(const AdviceReport& report) {
  std::map<std::pair<std::string, std::string>, int> count;
  for (const auto& rows : WorkloadsOf(report)) {
    ++count[{rows.front()->key.workload_kind, rows.front()->key.workload}];
  }
  return count;
}

// A target's fields are regular expressions.
YamlNode Target(const WorkloadKey& key, bool with_namespace) {
  YamlNode target = YamlMap();
  AddEntry(&target, "kind", YamlText(key.workload_kind));
  AddEntry(&target, "name", YamlText(QuoteRegexMeta(key.workload)));
  if (with_namespace) AddEntry(&target, "namespace", YamlText(QuoteRegexMeta(key.namespace_name)));
  return target;
}

}  // namespace

std::string KustomizationYaml(const AdviceReport& report, const std::vector<std::string>& files) {
  const auto names = CountNames(report);
  const ClustersOfNames clusters(report);
  std::string remarks;
  std::string patches;
  size_t next = 0;
  for (const auto& rows : WorkloadsOf(report)) {
    const WorkloadKey& key = rows.front()->key;
    std::string why = WhyNoPatch(rows);
    if (why.empty()) why = clusters.WhyLeftOut(key);
    if (!why.empty()) {
      remarks += CommentLine(key, why);
      continue;
    }
    remarks += ClusterLine(key);
    YamlNode target = YamlMap();
    AddEntry(&target, "target", Target(key, names.at({key.workload_kind, key.workload}) > 1));
    patches += "- ";
    std::string entry;
    if (files.empty()) {
      const WorkloadKindInfo& kind = *FindWorkloadKind(key.workload_kind);
      entry = "patch: |-\n" + Indented(WriteYaml(WorkloadYaml(kind, rows)), "  ");
    } else {
      YamlNode path = YamlMap();
      AddEntry(&path, "path", YamlText(files[next++]));
      entry = WriteYaml(path);
    }
    patches += Indented(entry + WriteYaml(target), "  ").substr(2);
    if (const std::string lines = RemarkLines(rows); !lines.empty()) {
      remarks += CommentLine(key, "remarks") + lines;
    }
  }
  std::string out = remarks;
  out += "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
  return out + (patches.empty() ? "patches: []\n" : "patches:\n" + patches);
}

std::string RenderKustomize(const AdviceReport& report) { return KustomizationYaml(report, {}); }

}  // namespace outrider
