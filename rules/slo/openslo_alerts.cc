// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/openslo_alerts.h"

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// An item of a list of objects: a text or `refKey: text` names one, anything else is one.
StatusOr<OpenSloObject> ItemOf(const YamlNode& item, std::string_view ref_key,
                               std::string_view kind, const OpenSloObjects& objects,
                               const SloReading& reading) {
  if (item.IsScalar()) return objects.Find(kind, item, reading);
  const YamlNode* ref = item.Find(ref_key);
  if (ref == nullptr) return ReadOpenSloObject(item, reading, kind);
  YamlReader reader(item, reading.file, std::string(kind));
  reader.Child(ref_key);
  TRY(reader.Finish());
  return objects.Find(kind, *ref, reading);
}

Status ReadCondition(const OpenSloObject& condition, const SloReading& reading, SloAlert* alert) {
  YamlReader reader(*condition.spec, reading.file, "AlertCondition");
  std::string description;
  reader.String("description", &description);
  reader.String("severity", &alert->severity);
  const YamlNode* inner = reader.Child("condition");
  if (inner == nullptr || !inner->IsMap()) reader.Fail("condition", "a condition is needed");
  TRY(reader.Finish());
  YamlReader burn(*inner, reading.file, "condition");
  std::string kind = "burnrate";
  std::string op = "gte";
  std::string lookback;
  std::string after;
  BurnWindows windows;
  burn.String("kind", &kind);
  burn.String("op", &op);
  if (!burn.Double("threshold", &windows.factor) || !(windows.factor > 0)) {
    burn.Fail("threshold", "a threshold above 0 is needed");
  }
  burn.String("lookbackWindow", &lookback);
  burn.String("alertAfter", &after);
  if (kind != "burnrate") burn.Fail("kind", fmt::format("kind {} is not burnrate", Quote(kind)));
  const std::optional<SloOp> found = FindOpenSloOp(op);
  if (!found) burn.Fail("op", fmt::format("op {} is not one of lte, gte, lt, gt", Quote(op)));
  const auto window = ParseOpenSloDuration(lookback);
  if (!window || !window->Fixed()) {
    burn.Fail("lookbackWindow", "a lookbackWindow such as 1h is needed");
  }
  const auto hold = ParseOpenSloDuration(after);
  if (!after.empty() && (!hold || !hold->Fixed())) {
    burn.Fail("alertAfter", fmt::format("{} is not a duration such as 5m", Quote(after)));
  }
  TRY(burn.Finish());
  constexpr const char* kOps[] = {"<", "<=", ">", ">="};
  alert->op = kOps[static_cast<size_t>(*found)];
  windows.short_window = *window->Fixed();
  windows.long_window = windows.short_window;
  alert->any_of = {windows};
  if (hold) alert->hold = *hold->Fixed();
  if (!description.empty()) alert->annotations.emplace_back("description", description);
  return absl::OkStatus();
}

// One target is the receiver of that name, if there is one (contract.md "Notifications from rule
// files"); AlertNotificationTarget says no more than who is meant.
Status ReadTargets(const YamlNode* targets, const OpenSloObjects& objects, SloReading* reading,
                   SloAlert* alert) {
  if (targets == nullptr || targets->IsNull()) return absl::OkStatus();
  for (const YamlNode& item : targets->items) {
    const OpenSloObject target =
        TRY(ItemOf(item, "targetRef", "AlertNotificationTarget", objects, *reading));
    YamlReader reader(*target.spec, reading->file, "AlertNotificationTarget");
    reader.Child("target");
    reader.Child("description");
    TRY(reader.Finish());
    if (targets->items.size() == 1) {
      alert->annotations.emplace_back("outrider_receiver", target.name);
    }
  }
  if (targets->items.size() > 1) {
    reading->Warn(
        *targets,
        "several notificationTargets have no effect: the alert goes where routes send it");
  }
  return absl::OkStatus();
}

Status ReadPolicy(const OpenSloObject& policy, const OpenSloObjects& objects, SloReading* reading,
                  SloSpec* spec) {
  YamlReader reader(*policy.spec, reading->file, "AlertPolicy");
  std::string description;
  bool breaching = true;
  bool resolved = true;
  bool no_data = false;
  reader.String("description", &description);
  reader.Bool("alertWhenBreaching", &breaching);
  reader.Bool("alertWhenResolved", &resolved);
  reader.Bool("alertWhenNoData", &no_data);
  const YamlNode* conditions = reader.Child("conditions");
  const YamlNode* targets = reader.Child("notificationTargets");
  if (conditions == nullptr || conditions->items.size() != 1) {
    reader.Fail("conditions", "an AlertPolicy has exactly one condition");
  }
  TRY(reader.Finish());
  if (!resolved) {
    reading->Warn(*policy.spec,
                  "alertWhenResolved: false has no effect: whether the end of an "
                  "alert is told stands at the receiver (send_resolved)");
  }
  if (!breaching) return absl::OkStatus();
  const YamlNode& item = conditions->items.front();
  const OpenSloObject condition =
      TRY(ItemOf(item, "conditionRef", "AlertCondition", objects, *reading));
  SloAlert alert;
  alert.name = policy.name;
  alert.severity = "page";
  alert.annotations = {};
  TRY(ReadCondition(condition, *reading, &alert));
  TRY(ReadTargets(targets, objects, reading, &alert));
  if (!description.empty()) alert.annotations.emplace_back("policy", description);
  // It keeps its state and an alert of its own tells of the missing data.
  if (no_data) alert.annotations.emplace_back("outrider_no_data", "keep");
  alert.annotations = MergeSloLabels(DefaultAnnotations(*spec, alert.severity), alert.annotations);
  alert.labels = {{"severity", alert.severity}};
  TRY(reading->CheckAlert(item, alert, spec));
  spec->alerts.push_back(std::move(alert));
  return absl::OkStatus();
}

}  // namespace

Status ReadOpenSloAlerts(const YamlNode& policies, const OpenSloObjects& objects,
                         SloReading* reading, SloSpec* spec) {
  if (policies.IsNull()) return absl::OkStatus();
  if (!policies.IsSequence()) return reading->Error(policies, "alertPolicies must be a list");
  for (const YamlNode& item : policies.items) {
    const OpenSloObject policy =
        TRY(ItemOf(item, "alertPolicyRef", "AlertPolicy", objects, *reading));
    TRY(ReadPolicy(policy, objects, reading, spec));
  }
  return absl::OkStatus();
}

}  // namespace outrider
