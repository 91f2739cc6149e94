// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "exporter/advice/kustomize.h"
#include "exporter/advice/workload_object.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kYaml = "application/yaml";
constexpr std::string_view kCsv = "text/csv; charset=utf-8";
constexpr std::array<AdviceFormat, 12> kFormats = {{
    {"table", kPlain, "txt", RenderTable},
    {"json", "application/json", "json", RenderJson, true},
    {"yaml", kYaml, "yaml", RenderYaml, true},
    {"csv", kCsv, "csv", RenderCsv},
    {"csv-raw", kCsv, "csv", RenderCsvRaw},
    {"patch", kYaml, "yaml", RenderPatch},
    {"vpa", kYaml, "yaml", RenderVpa},
    {"helm", kYaml, "yaml", RenderHelm},
    {"kustomize", kYaml, "yaml", RenderKustomize},
    {"kubectl", "text/x-shellscript; charset=utf-8", "sh", RenderKubectl},
    {"markdown", "text/markdown; charset=utf-8", "md", RenderMarkdown},
    {"html", "text/html; charset=utf-8", "html", RenderHtml},
}};

// Letters, digits and a few marks: a name from a label must not lead out of the directory.
std::string FileStem(const WorkloadKey& key) {
  std::string out;
  for (const std::string& part :
       {key.cluster, key.namespace_name, ToLower(key.workload_kind), key.workload}) {
    if (part.empty()) continue;
    if (!out.empty()) out += '_';
    for (const char c : part) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '-' || c == '.';
      out += plain ? c : '_';
    }
  }
  if (out.empty() || out.front() == '.') out.insert(0, "_");
  return out.substr(0, 200);
}

std::string UniqueName(const WorkloadKey& key, std::string_view extension,
                       std::set<std::string>* taken) {
  const std::string stem = FileStem(key);
  std::string name = fmt::format("{}.{}", stem, extension);
  for (int i = 2; !taken->insert(name).second; ++i) {
    name = fmt::format("{}-{}.{}", stem, i, extension);
  }
  return name;
}

// Something to take away; comments only are nothing.
bool SaysSomething(std::string_view text) {
  for (const std::string_view line : Split(text, '\n')) {
    if (!line.empty() && line != "---" && !line.starts_with('#')) return true;
  }
  return false;
}

}  // namespace

const AdviceFormat* FindAdviceFormat(std::string_view name) {
  const auto* found = std::ranges::find(kFormats, name, &AdviceFormat::name);
  return found == kFormats.end() ? nullptr : found;
}

std::vector<std::string> AdviceFormatNames() {
  std::vector<std::string> names;
  names.reserve(kFormats.size());
  for (const AdviceFormat& format : kFormats) names.emplace_back(format.name);
  return names;
}

std::vector<AdviceFile> RenderFiles(const AdviceFormat& format, const AdviceReport& report) {
  const bool kustomize = format.render == RenderKustomize;
  std::vector<AdviceFile> files;
  std::vector<std::string> patches;
  std::set<std::string> taken = {"kustomization.yaml"};
  const ClustersOfNames clusters(report);
  for (const auto& rows : WorkloadsOf(report)) {
    if (kustomize && !clusters.WhyLeftOut(rows.front()->key).empty()) continue;
    AdviceReport one;
    one.currency = report.currency;
    for (const Recommendation* row : rows) one.rows.push_back(*row);
    std::string text = kustomize ? RenderPatch(one) : format.render(one);
    if (!SaysSomething(text)) continue;
    files.push_back({UniqueName(rows.front()->key, format.extension, &taken), std::move(text)});
    if (kustomize) patches.push_back(files.back().name);
  }
  if (kustomize) files.push_back({"kustomization.yaml", KustomizationYaml(report, patches)});
  return files;
}

}  // namespace outrider
