// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/escalation_json.h"

#include "exporter/api/product_common.h"

namespace outrider {
namespace {

void WriteNames(std::string_view key, const std::vector<std::string>& names, JsonWriter* json) {
  json->Key(key).StartArray();
  for (const std::string& name : names) json->String(name);
  json->EndArray();
}

void WriteTier(const TierView& tier, int number, JsonWriter* json) {
  json->StartObject().Key("tier").Int(number);
  json->Key("status").String(tier.status);
  WriteTime("due_at", tier.due, json);
  WriteNames("targets", tier.targets, json);
  json->Key("round_robin").Bool(tier.round_robin);
  WriteNames("tells", tier.tells, json);
  WriteNames("remarks", tier.remarks, json);
  json->Key("events").StartArray();
  for (const AuditEvent& event : tier.events) {
    json->StartObject();
    WriteTime("time", event.time, json);
    json->Key("kind").String(AuditKindText(event.kind)).Key("by").String(event.who);
    json->Key("text").String(event.text).EndObject();
  }
  json->EndArray().EndObject();
}

}  // namespace

void WriteEscalationView(const EscalationView& view, JsonWriter* json) {
  json->StartObject().Key("policy").String(view.policy);
  json->Key("status").String(view.status);
  json->Key("held").Bool(view.held);
  json->Key("round").Int(view.round).Key("rounds");
  if (view.rounds == 0) {
    json->Null();
  } else {
    json->Int(view.rounds);
  }
  WriteSeconds("repeat_interval_seconds", view.repeat_interval * kNanosPerMilli, json);
  WriteTime("next_due_at", view.next_due, json);
  json->Key("tiers").StartArray();
  for (size_t i = 0; i < view.tiers.size(); ++i) {
    WriteTier(view.tiers[i], static_cast<int>(i) + 1, json);
  }
  json->EndArray();
  WriteNames("fallback", view.fallback, json);
  WriteNames("fallback_tells", view.fallback_tells, json);
  json->EndObject();
}

void WritePolicyView(const PolicyView& view, JsonWriter* json) {
  const EscalationPolicy& policy = view.policy;
  json->StartObject().Key("name").String(policy.name);
  json->Key("configured").Bool(view.configured);
  json->Key("severities").StartArray();
  for (const Severity severity : policy.severities) json->String(SeverityText(severity));
  json->EndArray().Key("match").StartArray();
  for (const Matcher& matcher : policy.match) json->String(matcher.ToString());
  json->EndArray();
  WriteNames("active_time_intervals", policy.active_time_intervals, json);
  json->Key("tiers").StartArray();
  for (const EscalationTier& tier : policy.tiers) {
    json->StartObject();
    WriteSeconds("delay_seconds", tier.delay * kNanosPerMilli, json);
    WriteNames("targets", tier.receivers, json);
    json->Key("round_robin").Bool(tier.round_robin).EndObject();
  }
  json->EndArray();
  WriteNames("fallback", policy.fallback, json);
  json->Key("repeat").Int(policy.repeat);
  WriteSeconds("repeat_interval_seconds", policy.repeat_interval * kNanosPerMilli, json);
  WriteNames("incidents", view.incidents, json);
  json->EndObject();
}

}  // namespace outrider
