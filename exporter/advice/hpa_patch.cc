// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/hpa_patch.h"

#include <fmt/format.h>

#include <cmath>

#include "notifiers/config/yaml_text.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Scalar(const YamlNode* map, std::string_view key) {
  const YamlNode* value = map == nullptr ? nullptr : map->Find(key);
  return value != nullptr && value->IsScalar() ? value->scalar : "";
}

// The values of one map that differ, with words for each.
struct Wanted {
  YamlNode values = YamlMap();
  std::vector<std::string> changes;
};

// `least`: what is set now is not lowered.
void Want(const YamlNode* map, std::string_view key, int64_t value, Wanted* wanted,
          bool least = false) {
  const std::string now = Scalar(map, key);
  if (const auto set = ParseInt(now); least && set.ok() && *set > value) return;
  const std::string text = fmt::format("{}", value);
  if (now == text) return;
  AddEntry(&wanted->values, key, YamlPlain(text));
  wanted->changes.push_back(fmt::format("{} {} -> {}", key, now.empty() ? "unset" : now, text));
}

void Put(const YamlNode& map, const Wanted& wanted, std::string_view after, YamlEditor* editor,
         HpaPatch* patch) {
  if (wanted.values.entries.empty()) return;
  const Status status = editor->Merge(map, wanted.values, after);
  if (!status.ok()) {
    patch->problems.push_back(status);
    return;
  }
  patch->changes.insert(patch->changes.end(), wanted.changes.begin(), wanted.changes.end());
}

// The `target` of the metric that is CPU's utilisation; nullptr: it does not scale on that.
const YamlNode* UtilisationTarget(const YamlNode& spec) {
  const YamlNode* metrics = spec.Find("metrics");
  if (metrics == nullptr) return nullptr;
  for (const YamlNode& metric : metrics->items) {
    const YamlNode* resource = metric.Find("resource");
    if (Scalar(&metric, "type") != "Resource" || Scalar(resource, "name") != "cpu") continue;
    const YamlNode* target = resource->Find("target");
    if (Scalar(target, "type") == "Utilization") return target;
  }
  return nullptr;
}

}  // namespace

HpaPatch PatchHpa(const YamlNode& object, const ReplicaAdvice::Hpa& advice, YamlEditor* editor) {
  HpaPatch patch;
  const YamlNode* spec = object.Find("spec");
  if (spec == nullptr || !spec->IsMap()) {
    patch.problems.push_back(InvalidArgument("it has no spec"));
    return patch;
  }
  const bool plain = spec->Find("targetCPUUtilizationPercentage") != nullptr;
  const YamlNode* target = UtilisationTarget(*spec);
  const YamlNode* metrics = spec->Find("metrics");
  // The bounds are for that. Without any metric Kubernetes scales on CPU.
  if (!plain && target == nullptr && metrics != nullptr && !metrics->items.empty()) {
    patch.problems.push_back(InvalidArgument("it does not scale on the utilisation of CPU"));
    return patch;
  }
  const auto percent = static_cast<int64_t>(std::round(100 * advice.target));
  // What else it scales on may need what is set.
  const bool others = metrics != nullptr && metrics->items.size() > 1;
  Wanted bounds;
  Want(spec, "minReplicas", static_cast<int64_t>(advice.min_replicas), &bounds, others);
  Want(spec, "maxReplicas", static_cast<int64_t>(advice.max_replicas), &bounds, others);
  if (plain) {
    Want(spec, "targetCPUUtilizationPercentage", percent, &bounds);
  }
  Put(*spec, bounds, "maxReplicas", editor, &patch);
  if (target != nullptr) {
    Wanted utilisation;
    Want(target, "averageUtilization", percent, &utilisation);
    Put(*target, utilisation, "type", editor, &patch);
  }
  return patch;
}

}  // namespace outrider
