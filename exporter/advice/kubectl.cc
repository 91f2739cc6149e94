// SPDX-License-Identifier: Apache-2.0
// `kubectl set resources` commands, one a container.
#include <fmt/format.h>

#include "exporter/advice/formats.h"
#include "exporter/advice/quantity.h"
#include "exporter/advice/resource_change.h"
#include "exporter/advice/workload_object.h"
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

std::string Command(const Recommendation& row) {
  const ResourceChange cpu = ChangeOf(Resource::kCpu, row.cpu);
  const ResourceChange memory = ChangeOf(Resource::kMemory, row.memory);
  const WorkloadKey& key = row.key;
  std::string out = "kubectl";
  if (!key.namespace_name.empty()) out += " --namespace=" + ShellWord(key.namespace_name);
  out += " set resources " + ShellWord(ToLower(key.workload_kind) + "/" + key.workload);
  out += " --containers=" + ShellWord(row.container);
  out += List("--requests", cpu.proposed.request, memory.proposed.request);
  out += List("--limits", cpu.proposed.limit, memory.proposed.limit);
  return OneLine(out) + '\n';
}

}  // namespace

std::string RenderKubectl(const AdviceReport& report) {
  std::string out;
  for (const auto& rows : WorkloadsOf(report)) {
    const WorkloadKey& key = rows.front()->key;
    if (const std::string why = WhyNoPatch(rows); !why.empty()) {
      out += CommentLine(key, why);
      continue;
    }
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
