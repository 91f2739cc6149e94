// SPDX-License-Identifier: Apache-2.0
// VerticalPodAutoscaler objects that only recommend (updateMode Off), bounded by ours. Source:
// specs/cost_and_rightsizing.md §1.1, §5.
#include <fmt/format.h>

#include "exporter/advice/formats.h"
#include "exporter/advice/quantity.h"
#include "exporter/advice/resource_change.h"
#include "exporter/advice/workload_object.h"
#include "notifiers/config/yaml_text.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// One bound of both resources, of those that are known.
YamlNode BoundYaml(const Recommendation& row, double Bounds::* bound) {
  YamlNode map = YamlMap();
  const auto add = [&](Resource resource, std::string_view key, const ResourceAdvice& advice) {
    if (!advice.enough_data) return;
    AddEntry(&map, key, QuantityYaml(resource, advice.recommended.*bound));
  };
  add(Resource::kCpu, "cpu", row.cpu);
  add(Resource::kMemory, "memory", row.memory);
  return map;
}

YamlNode ContainerPolicy(const Recommendation& row) {
  YamlNode policy = YamlMap();
  AddEntry(&policy, "containerName", YamlText(row.container));
  if (!HasProposal(row)) {  // it has no bounds, so the autoscaler leaves it alone
    AddEntry(&policy, "mode", YamlText("Off"));
    return policy;
  }
  YamlNode resources = YamlList();
  if (row.cpu.enough_data) resources.items.push_back(YamlPlain("cpu"));
  if (row.memory.enough_data) resources.items.push_back(YamlPlain("memory"));
  AddEntry(&policy, "controlledResources", std::move(resources));
  AddEntry(&policy, "minAllowed", BoundYaml(row, &Bounds::lower));
  AddEntry(&policy, "maxAllowed", BoundYaml(row, &Bounds::upper));
  return policy;
}

// outrider.io/target.CONTAINER: cpu=250m,memory=300Mi
YamlNode Annotations(std::span<const Recommendation* const> rows) {
  YamlNode annotations = YamlMap();
  for (const Recommendation* row : rows) {
    std::vector<std::string> parts;
    if (row->cpu.enough_data) {
      parts.push_back("cpu=" + CpuQuantity(row->cpu.recommended.target));
    }
    if (row->memory.enough_data) {
      parts.push_back("memory=" + MemoryQuantity(row->memory.recommended.target));
    }
    if (parts.empty()) continue;
    AddEntry(&annotations, "outrider.io/target." + row->container, YamlText(Join(parts, ",")));
  }
  return annotations;
}

YamlNode VpaYaml(std::span<const Recommendation* const> rows) {
  const WorkloadKey& key = rows.front()->key;
  const WorkloadKindInfo* kind = FindWorkloadKind(key.workload_kind);
  YamlNode metadata = YamlMap();
  AddEntry(&metadata, "name",
           YamlText(fmt::format("outrider-{}-{}", ToLower(key.workload_kind), key.workload)));
  if (!key.namespace_name.empty()) AddEntry(&metadata, "namespace", YamlText(key.namespace_name));
  AddEntry(&metadata, "annotations", Annotations(rows));
  YamlNode target = YamlMap();
  AddEntry(&target, "apiVersion", YamlPlain(kind->api_version));
  AddEntry(&target, "kind", YamlPlain(kind->kind));
  AddEntry(&target, "name", YamlText(key.workload));
  YamlNode update = YamlMap();
  AddEntry(&update, "updateMode", YamlText("Off"));
  YamlNode policies = YamlList();
  for (const Recommendation* row : rows) policies.items.push_back(ContainerPolicy(*row));
  YamlNode policy = YamlMap();
  AddEntry(&policy, "containerPolicies", std::move(policies));
  YamlNode spec = YamlMap();
  AddEntry(&spec, "targetRef", std::move(target));
  AddEntry(&spec, "updatePolicy", std::move(update));
  AddEntry(&spec, "resourcePolicy", std::move(policy));
  YamlNode object = YamlMap();
  AddEntry(&object, "apiVersion", YamlPlain("autoscaling.k8s.io/v1"));
  AddEntry(&object, "kind", YamlPlain("VerticalPodAutoscaler"));
  AddEntry(&object, "metadata", std::move(metadata));
  AddEntry(&object, "spec", std::move(spec));
  return object;
}

std::string WhyNoVpa(std::span<const Recommendation* const> rows) {
  const WorkloadKey& key = rows.front()->key;
  if (key.workload_kind == kHostKind) return "a machine is no Kubernetes object";
  if (IsNoObject(key)) return "no Kubernetes object";
  const WorkloadKindInfo* kind = FindWorkloadKind(key.workload_kind);
  if (kind == nullptr) return "the API version of this kind is not known";
  if (kind->kind == "Pod") return "a pod without an owner has no autoscaler";
  for (const Recommendation* row : rows) {
    if (HasProposal(*row)) return "";
  }
  return "not enough data";
}

}  // namespace

std::string RenderVpa(const AdviceReport& report) {
  const ClustersOfNames clusters(report);
  std::string out;
  for (const auto& rows : WorkloadsOf(report)) {
    const WorkloadKey& key = rows.front()->key;
    out += "---\n";
    std::string why = WhyNoVpa(rows);
    if (why.empty()) why = clusters.WhyLeftOut(key);
    out += why.empty() ? ClusterLine(key) : CommentLine(key, why);
    out += RemarkLines(rows);
    if (why.empty()) out += WriteYaml(VpaYaml(rows));
  }
  return out;
}

}  // namespace outrider
