// SPDX-License-Identifier: Apache-2.0
// `kubectl set resources` commands, one a container.
#include <fmt/format.h>

#include "exporter/advice/formats.h"
#include "exporter/advice/quantity.h"
#include "exporter/advice/resource_change.h"
#include "exporter/advice/workload_object.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// As one word of a shell.
std::string ShellWord(std::string_view text) {
  constexpr std::string_view kSafe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/=,-";
  if (!text.empty() && text.find_first_not_of(kSafe) == std::string_view::npos) {
    return std::string(text);
  }
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string List(std::string_view flag, const std::optional<double>& cpu,
                 const std::optional<double>& memory) {
  std::vector<std::string> parts;
  if (cpu) parts.push_back("cpu=" + CpuQuantity(*cpu));
  if (memory) parts.push_back("memory=" + MemoryQuantity(*memory));
  return parts.empty() ? "" : fmt::format(" {}={}", flag, Join(parts, ","));
}

// What a patch sets of one init container: `kubectl set resources` does not look at those.
std::string InitPatch(const Recommendation& row) {
  const std::string_view path = FindWorkloadKind(row.key.workload_kind)->pod_spec;
  std::string patch;
  JsonWriter json(&patch);
  json.StartObject();
  const std::vector<std::string_view> parts = Split(path, '.');
  for (const std::string_view part : parts) json.Key(part).StartObject();
  json.Key("initContainers").StartArray().StartObject().Key("name").String(row.container);
  json.Key("resources").StartObject();
  const YamlNode resources = ResourcesYaml(row);
  for (const auto& [list, amounts] : resources.entries) {
    json.Key(list.scalar).StartObject();
    for (const auto& [name, amount] : amounts.entries) json.Key(name.scalar).String(amount.scalar);
    json.EndObject();
  }
  json.EndObject().EndObject().EndArray();
  for (size_t i = 0; i <= parts.size(); ++i) json.EndObject();
  return patch;
}

std::string Command(const Recommendation& row) {
  const ResourceChange cpu = ChangeOf(Resource::kCpu, row.cpu);
  const ResourceChange memory = ChangeOf(Resource::kMemory, row.memory);
  const WorkloadKey& key = row.key;
  std::string out = "kubectl";
  if (!key.namespace_name.empty()) out += " --namespace=" + ShellWord(key.namespace_name);
  const std::string object = ShellWord(ToLower(key.workload_kind) + "/" + key.workload);
  if (row.init) {
    out += " patch " + object + " --patch=" + ShellWord(InitPatch(row));
    return OneLine(out) + '\n';
  }
  out += " set resources " + object;
  out += " --containers=" + ShellWord(row.container);
  out += List("--requests", cpu.proposed.request, memory.proposed.request);
  out += List("--limits", cpu.proposed.limit, memory.proposed.limit);
  return OneLine(out) + '\n';
}

}  // namespace

std::string RenderKubectl(const AdviceReport& report) {
  const ClustersOfNames clusters(report);
  std::string out;
  for (const auto& rows : WorkloadsOf(report)) {
    const WorkloadKey& key = rows.front()->key;
    std::string why = WhyNoPatch(rows);
    if (why.empty()) why = clusters.WhyLeftOut(key);
    if (!why.empty()) {
      out += CommentLine(key, why);
      continue;
    }
    out += ClusterLine(key);
    const WorkloadKindInfo* kind = FindWorkloadKind(key.workload_kind);
    const bool runs_on = kind != nullptr && kind->fixed;
    if (runs_on) out += CommentLine(key, kMadeAnew);
    for (const Recommendation* row : rows) {
      if (runs_on && HasProposal(*row)) out += "# ";
      out += HasProposal(*row)
                 ? Command(*row)
                 : CommentLine(key, fmt::format("container {}: not enough data", row->container));
    }
  }
  return out;
}

}  // namespace outrider
