// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/workload_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>

#include "exporter/advice/cells.h"
#include "exporter/advice/quantity.h"
#include "exporter/advice/resource_change.h"
#include "notifiers/config/yaml_text.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kTemplate = "spec.template.spec";
constexpr std::array<WorkloadKindInfo, 10> kKinds = {{
    {"Deployment", "apps/v1", kTemplate, true, false},
    {"StatefulSet", "apps/v1", kTemplate, true, false},
    {"DaemonSet", "apps/v1", kTemplate, true, false},
    {"ReplicaSet", "apps/v1", kTemplate, true, false},
    {"ReplicationController", "v1", kTemplate, true, false},
    {"CronJob", "batch/v1", "spec.jobTemplate.spec.template.spec", true, false},
    {"Job", "batch/v1", kTemplate, true, true},
    {"Pod", "v1", "spec", true, true},
    {"Rollout", "argoproj.io/v1alpha1", kTemplate, false, false},
    {"DeploymentConfig", "apps.openshift.io/v1", kTemplate, false, false},
}};

void AddAmount(const ResourceChange& change, std::string_view key,
               const std::optional<double>& amount, YamlNode* map) {
  if (amount) AddEntry(map, key, QuantityYaml(change.resource, *amount));
}

}  // namespace

const WorkloadKindInfo* FindWorkloadKind(std::string_view kind) {
  const auto* found = std::ranges::find(kKinds, kind, &WorkloadKindInfo::kind);
  return found == kKinds.end() ? nullptr : found;
}

YamlNode QuantityYaml(Resource resource, double amount) {
  const std::string text = QuantityText(resource, amount);
  return text.find_first_not_of("0123456789") == std::string::npos ? YamlText(text)
                                                                   : YamlPlain(text);
}

YamlNode ResourcesYaml(const Recommendation& row) {
  const ResourceChange cpu = ChangeOf(Resource::kCpu, row.cpu);
  const ResourceChange memory = ChangeOf(Resource::kMemory, row.memory);
  YamlNode requests = YamlMap();
  AddAmount(cpu, "cpu", cpu.proposed.request, &requests);
  AddAmount(memory, "memory", memory.proposed.request, &requests);
  YamlNode limits = YamlMap();
  AddAmount(cpu, "cpu", cpu.proposed.limit, &limits);
  AddAmount(memory, "memory", memory.proposed.limit, &limits);
  YamlNode resources = YamlMap();
  if (!requests.entries.empty()) AddEntry(&resources, "requests", std::move(requests));
  if (!limits.entries.empty()) AddEntry(&resources, "limits", std::move(limits));
  return resources;
}

YamlNode WorkloadYaml(const WorkloadKindInfo& kind, std::span<const Recommendation* const> rows) {
  YamlNode inner = YamlMap();
  // In the other list a merge would add a second container, without an image.
  for (const bool init : {true, false}) {
    YamlNode containers = YamlList();
    for (const Recommendation* row : rows) {
      if (!HasProposal(*row) || row->init != init) continue;
      YamlNode container = YamlMap();
      AddEntry(&container, "name", YamlText(row->container));
      AddEntry(&container, "resources", ResourcesYaml(*row));
      containers.items.push_back(std::move(container));
    }
    if (containers.items.empty()) continue;
    AddEntry(&inner, init ? "initContainers" : "containers", std::move(containers));
  }
  const std::vector<std::string_view> path = Split(kind.pod_spec, '.');
  for (const std::string_view part : std::views::reverse(path)) {
    YamlNode outer = YamlMap();
    AddEntry(&outer, part, std::move(inner));
    inner = std::move(outer);
  }
  const WorkloadKey& key = rows.front()->key;
  YamlNode metadata = YamlMap();
  AddEntry(&metadata, "name", YamlText(key.workload));
  if (!key.namespace_name.empty()) AddEntry(&metadata, "namespace", YamlText(key.namespace_name));
  YamlNode object = YamlMap();
  AddEntry(&object, "apiVersion", YamlPlain(kind.api_version));
  AddEntry(&object, "kind", YamlPlain(kind.kind));
  AddEntry(&object, "metadata", std::move(metadata));
  object.entries.push_back(std::move(inner.entries.front()));
  return object;
}

std::string RemarkLines(std::span<const Recommendation* const> rows) {
  std::string out;
  for (const Recommendation* row : rows) {
    const std::string remark = RemarkOf(*row);
    if (remark.empty()) continue;
    out += fmt::format("# container {}: {}\n", OneLine(row->container), OneLine(remark));
  }
  return out;
}

std::vector<std::vector<const Recommendation*>> WorkloadsOf(const AdviceReport& report) {
  std::vector<std::vector<const Recommendation*>> out;
  for (const std::vector<size_t>& places : RowsByWorkload(report.rows)) {
    out.emplace_back();
    for (const size_t place : places) out.back().push_back(&report.rows[place]);
  }
  return out;
}

std::string CommentLine(const WorkloadKey& key, std::string_view text) {
  return fmt::format("# {}: {}\n", WorkloadText(key), OneLine(text));
}

namespace {

std::array<std::string, 3> NameOf(const WorkloadKey& key) {
  return {key.namespace_name, key.workload_kind, key.workload};
}

}  // namespace

ClustersOfNames::ClustersOfNames(const AdviceReport& report) {
  for (const Recommendation& row : report.rows) {
    clusters_[NameOf(row.key)].insert(row.key.cluster.empty() ? "(none)" : row.key.cluster);
  }
}

std::string ClustersOfNames::WhyLeftOut(const WorkloadKey& key) const {
  const auto found = clusters_.find(NameOf(key));
  if (found == clusters_.end() || found->second.size() < 2) return "";
  return fmt::format("clusters {} have one of this name: ask for one of them (--cluster)",
                     Join({found->second.begin(), found->second.end()}, ", "));
}

std::string ClusterLine(const WorkloadKey& key) {
  return key.cluster.empty() ? "" : CommentLine(key, "of cluster " + key.cluster);
}

bool IsNoObject(const WorkloadKey& key) {
  return key.workload_kind == kHostKind ||
         (key.namespace_name.empty() && FindWorkloadKind(key.workload_kind) == nullptr);
}

std::string WhyNoPatch(std::span<const Recommendation* const> rows) {
  const Recommendation& first = *rows.front();
  if (first.key.workload_kind == kHostKind) return "a machine is no Kubernetes object";
  if (IsNoObject(first.key)) return "no Kubernetes object";
  const WorkloadKindInfo* kind = FindWorkloadKind(first.key.workload_kind);
  if (kind == nullptr || !kind->merges) {
    return "a custom resource: a merge patch would replace its list of containers; change its "
           "manifest (outrider recommend --manifest)";
  }
  const bool any = std::ranges::any_of(rows, [](const auto* row) { return HasProposal(*row); });
  return any ? "" : "not enough data";
}

}  // namespace outrider
