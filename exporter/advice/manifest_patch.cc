// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/manifest_patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "exporter/advice/hpa_patch.h"
#include "exporter/advice/quantity.h"
#include "exporter/advice/report.h"
#include "exporter/advice/resource_change.h"
#include "exporter/advice/workload_object.h"
#include "exporter/advice/yaml_edit.h"
#include "notifiers/config/yaml_text.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using enum ManifestOutcome;

constexpr std::string_view kTemplateMark = "{{";
constexpr std::string_view kTemplateSentence =
    "this is a template of Helm or the like: give the manifests it makes (helm template), or put "
    "the values of --format helm into its values file";

const YamlNode* Walk(const YamlNode& from, std::string_view path) {
  const YamlNode* node = &from;
  for (const std::string_view key : Split(path, '.')) {
    node = node->Find(key);
    if (node == nullptr) return nullptr;
  }
  return node;
}

std::string TextAt(const YamlNode& from, std::string_view path) {
  const YamlNode* node = Walk(from, path);
  return node != nullptr && node->IsScalar() ? node->scalar : "";
}

// Where the pod stands in an object of any kind.
const YamlNode* PodSpecOf(const YamlNode& object) {
  for (const std::string_view path :
       {"spec.template.spec", "spec.jobTemplate.spec.template.spec", "spec"}) {
    const YamlNode* spec = Walk(object, path);
    if (spec == nullptr) continue;
    const YamlNode* containers = spec->Find("containers");
    if (containers != nullptr && containers->IsSequence()) return spec;
  }
  return nullptr;
}

Status ErrorAt(std::string_view text, const std::string& file, size_t at,
               std::string_view message) {
  const std::string_view before = text.substr(0, at);
  const auto line = static_cast<size_t>(std::ranges::count(before, '\n')) + 1;
  const size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return InvalidArgument(fmt::format("{}:{}:{}: {}", file, line, at - begin + 1, message));
}

// Bytes that a YAML parser counts otherwise than lines and columns of the text go.
Status CheckBytes(std::string_view text, const std::string& file) {
  for (size_t i = 0; i < text.size(); ++i) {
    const bool lone = text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
    if (lone || text[i] == '\0' || text[i] == '\4') {
      return ErrorAt(text, file, i, "this byte has no place in a manifest");
    }
  }
  return absl::OkStatus();
}

// One object of a manifest that is worked on.
struct Target {
  std::string kind;
  std::string name;
  std::string namespace_name;  // as written or given; empty: not known
  std::string Text() const {
    const std::string full = namespace_name.empty() ? name : namespace_name + "/" + name;
    return OneLine(kind + " " + full);
  }
};

class Patcher {
 public:
  Patcher(std::string_view text, const std::string& file, std::span<const Recommendation> rows,
          const ManifestOptions& options)
      : file_(file), rows_(rows), options_(options), editor_(text, file) {}

  Status Take(const YamlNode& object) {
    const std::string kind = TextAt(object, "kind");
    if (const YamlNode* items = object.Find("items"); kind.ends_with("List") && items != nullptr) {
      for (const YamlNode& item : items->items) TRY(Take(item));
      return absl::OkStatus();
    }
    const YamlNode* pod = PodSpecOf(object);
    const bool autoscaler = kind == "HorizontalPodAutoscaler";
    if (pod == nullptr && !autoscaler) return absl::OkStatus();
    Target target = {kind, TextAt(object, "metadata.name"), TextAt(object, "metadata.namespace")};
    if (target.namespace_name.empty()) target.namespace_name = options_.namespace_name;
    for (const std::string& text : {target.name, target.namespace_name}) {
      if (Contains(text, kTemplateMark))
        return YamlError(file_, object, std::string(kTemplateSentence));
    }
    if (target.name.empty()) {
      Note(object, kNoRecommendation, OneLine(kind) + ": it has no metadata.name");
      return absl::OkStatus();
    }
    if (autoscaler) {
      TakeAutoscaler(object, target);
      return absl::OkStatus();
    }
    return TakeContainers(*pod, target);
  }

  StatusOr<PatchedManifest> Finish(const std::vector<YamlNode>& documents) {
    PatchedManifest patched;
    patched.text = TRY(editor_.Apply(documents));
    patched.notes = std::move(notes_);
    return patched;
  }

 private:
  void Note(const YamlNode& at, ManifestOutcome outcome, const std::string& text) {
    notes_.push_back(
        {outcome, fmt::format("{}:{}:{}: {}", file_, at.line, at.column, OneLine(text))});
  }

  // The rows of a workload; several workloads when the manifest does not say which.
  std::vector<const Recommendation*> RowsOf(const Target& target) const {
    std::vector<const Recommendation*> found;
    for (const Recommendation& row : rows_) {
      if (row.key.workload_kind != target.kind || row.key.workload != target.name) continue;
      const bool here =
          target.namespace_name.empty() || row.key.namespace_name == target.namespace_name;
      if (here) found.push_back(&row);
    }
    return found;
  }

  // Where else the workload runs, when it is not clear which one is meant.
  static std::string Ambiguity(const std::vector<const Recommendation*>& rows) {
    std::set<std::string> places;
    for (const Recommendation* row : rows) {
      places.insert(row->key.cluster.empty() ? row->key.namespace_name
                                             : row->key.cluster + "/" + row->key.namespace_name);
    }
    if (places.size() < 2) return "";
    return fmt::format("runs in {}: say which with --namespace or --cluster",
                       Join({places.begin(), places.end()}, ", "));
  }

  Status TakeContainers(const YamlNode& pod, const Target& target) {
    const std::vector<const Recommendation*> rows = RowsOf(target);
    if (const std::string problem = Ambiguity(rows); !problem.empty()) {
      Note(pod, kRefused, target.Text() + ": " + problem);
      return absl::OkStatus();
    }
    for (const std::string_view list : {"initContainers", "containers"}) {
      const YamlNode* containers = pod.Find(list);
      if (containers == nullptr) continue;
      for (const YamlNode& container : containers->items) {
        TRY(TakeContainer(container, target, rows, list == "initContainers"));
      }
    }
    return absl::OkStatus();
  }

  Status TakeContainer(const YamlNode& container, const Target& target,
                       const std::vector<const Recommendation*>& rows, bool init) {
    const std::string name = TextAt(container, "name");
    if (Contains(name, kTemplateMark)) {
      return YamlError(file_, container, std::string(kTemplateSentence));
    }
    const std::string what = fmt::format("{}, container {}", target.Text(), name);
    const auto row = std::ranges::find_if(
        rows, [&](const Recommendation* one) { return one->container == name; });
    if (row == rows.end()) {
      // Init containers are gone before anybody measures them; sidecars among them are not.
      const bool sidecar = TextAt(container, "restartPolicy") == "Always";
      if (!init || sidecar) {
        Note(container, kNoRecommendation, what + ": no recommendation, nothing was seen of it");
      }
      return absl::OkStatus();
    }
    return Put(**row, container, what);
  }

  // What differs from what is set; nothing for a quantity that says the same in other words.
  void Want(const YamlNode& container, std::string_view part, const ResourceChange& change,
            const std::optional<double>& amount, YamlNode* values) {
    if (!amount) return;
    const std::string_view resource = change.resource == Resource::kCpu ? "cpu" : "memory";
    const std::string set = TextAt(container, fmt::format("resources.{}.{}", part, resource));
    const auto now = ParseQuantity(set);
    const std::string text = QuantityText(change.resource, *amount);
    const auto wanted = ParseQuantity(text);
    if (now && wanted && std::abs(*now - *wanted) <= 1e-9 * *wanted) return;
    AddEntry(values, resource, QuantityYaml(change.resource, *amount));
    changes_.push_back(
        fmt::format("{} {} {} -> {}", resource, part, set.empty() ? "unset" : set, text));
  }

  // The limit of the manifest counts, not that of the cluster: it may have been changed already.
  static std::optional<double> LimitFor(const YamlNode& container, const ResourceAdvice& advice,
                                        const ResourceChange& change) {
    if (!change.known || advice.limit_wanted) return change.proposed.limit;
    const std::string_view resource = change.resource == Resource::kCpu ? "cpu" : "memory";
    const auto set = ParseQuantity(TextAt(container, fmt::format("resources.limits.{}", resource)));
    if (!set || !change.proposed.request) return std::nullopt;
    return std::max(*set, *change.proposed.request);
  }

  Status Put(const Recommendation& row, const YamlNode& container, const std::string& what) {
    if (const YamlNode* resources = container.Find("resources"); resources != nullptr) {
      TRY(CheckNoTemplate(*resources));
    }
    const ResourceChange cpu = ChangeOf(Resource::kCpu, row.cpu);
    const ResourceChange memory = ChangeOf(Resource::kMemory, row.memory);
    YamlNode requests = YamlMap();
    YamlNode limits = YamlMap();
    changes_.clear();
    Want(container, "requests", cpu, cpu.proposed.request, &requests);
    Want(container, "requests", memory, memory.proposed.request, &requests);
    Want(container, "limits", cpu, LimitFor(container, row.cpu, cpu), &limits);
    Want(container, "limits", memory, LimitFor(container, row.memory, memory), &limits);
    YamlNode resources = YamlMap();
    if (!requests.entries.empty()) AddEntry(&resources, "requests", std::move(requests));
    if (!limits.entries.empty()) AddEntry(&resources, "limits", std::move(limits));
    YamlNode values = YamlMap();
    if (!resources.entries.empty()) AddEntry(&values, "resources", std::move(resources));
    std::vector<std::string> unknown;
    if (!cpu.known) unknown.push_back("CPU: " + cpu.info);
    if (!memory.known) unknown.push_back("memory: " + memory.info);
    if (!unknown.empty()) Note(container, kNotEnoughData, what + ": " + Join(unknown, "; "));
    if (values.entries.empty()) {
      if (cpu.known && memory.known) {
        Note(container, kUnchanged, what + ": it is set as recommended");
      }
      return absl::OkStatus();
    }
    const std::string_view after = container.Find("image") != nullptr ? "image" : "name";
    const Status merged = editor_.Merge(container, values, after);
    if (merged.ok()) {
      Note(container, kChanged, what + ": " + Join(changes_, ", "));
    } else {
      notes_.push_back({kRefused, OneLine(fmt::format("{} ({})", Message(merged), what))});
    }
    return absl::OkStatus();
  }

  Status CheckNoTemplate(const YamlNode& node) const {
    if (Contains(node.scalar, kTemplateMark)) {
      return YamlError(file_, node, std::string(kTemplateSentence));
    }
    for (const auto& [key, value] : node.entries) TRY(CheckNoTemplate(value));
    return absl::OkStatus();
  }

  void TakeAutoscaler(const YamlNode& object, const Target& target) {
    const Target scaled = {TextAt(object, "spec.scaleTargetRef.kind"),
                           TextAt(object, "spec.scaleTargetRef.name"), target.namespace_name};
    const std::vector<const Recommendation*> rows = RowsOf(scaled);
    const std::string what = target.Text() + " of " + scaled.Text();
    if (const std::string problem = Ambiguity(rows); !problem.empty()) {
      Note(object, kRefused, what + ": " + problem);
      return;
    }
    const auto advised = std::ranges::find_if(
        rows, [](const Recommendation* row) { return row->replicas && row->replicas->hpa; });
    if (advised == rows.end()) {
      Note(object, kNoRecommendation, what + ": no advice about replicas");
      return;
    }
    const std::optional<ReplicaAdvice>& replicas = (*advised)->replicas;
    if (!replicas || !replicas->hpa) return;
    const HpaPatch patch = PatchHpa(object, *replicas->hpa, &editor_);
    for (const Status& problem : patch.problems) {
      notes_.push_back({kRefused, OneLine(fmt::format("{}:{}:{}: {}: {}", file_, object.line,
                                                      object.column, what, Message(problem)))});
    }
    if (!patch.changes.empty()) {
      Note(object, kChanged, what + ": " + Join(patch.changes, ", "));
    } else if (patch.problems.empty()) {
      Note(object, kUnchanged, what + ": it is set as recommended");
    }
  }

  const std::string& file_;
  const std::span<const Recommendation> rows_;
  const ManifestOptions& options_;
  YamlEditor editor_;
  std::vector<ManifestNote> notes_;
  std::vector<std::string> changes_;  // of the container at hand, in words
};

}  // namespace

StatusOr<PatchedManifest> PatchManifest(std::string_view text, const std::string& file,
                                        std::span<const Recommendation> rows,
                                        const ManifestOptions& options) {
  TRY(CheckBytes(text, file));
  const auto documents = ParseYamlDocuments(text, file);
  if (!documents.ok()) {
    const size_t at = text.find(kTemplateMark);
    return at == std::string_view::npos ? documents.status()
                                        : ErrorAt(text, file, at, kTemplateSentence);
  }
  Patcher patcher(text, file, rows, options);
  for (const YamlNode& document : *documents) TRY(patcher.Take(document));
  return patcher.Finish(*documents);
}

}  // namespace outrider
