// SPDX-License-Identifier: Apache-2.0
// INSA's escalation policies: listed, and made. One that is made is an object of the directory like
// those of /outrider/v1/policies.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "exporter/api/insa.h"
#include "exporter/api/insa_common.h"
#include "exporter/api/prom_params.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 64 * 1024;
constexpr const char* kPath = "/api/v1/escalation-policies";

void WritePolicy(const EscalationPolicy& policy, JsonWriter* json) {
  json->StartObject().Key("id").String(policy.name).Key("name").String(policy.name);
  json->Key("severities").StartArray();
  for (const std::string& name : InsaSeverities()) {
    const bool has =
        policy.severities.empty() ||
        std::ranges::find(policy.severities, *ParseSeverity(name)) != policy.severities.end();
    if (has) json->String(name);
  }
  json->EndArray().Key("enabled").Bool(true).Key("rules").StartObject();
  json->Key("tiers").StartArray();
  int64_t level = 0;
  for (const EscalationTier& tier : policy.tiers) {
    json->StartObject().Key("level").Int(++level);
    WriteMinutes("delay", tier.delay * kNanosPerMilli, json);
    json->Key("targets").StartArray();
    for (const std::string& receiver : tier.receivers) json->String(receiver);
    json->EndArray().EndObject();
  }
  json->EndArray().EndObject().EndObject();
}

StatusOr<HttpResponse> List(const InsaPoliciesDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const StatusOr<std::optional<Severity>> severity = ReadSeverity(params);
  if (!severity.ok()) return InsaError(400, "Invalid severity", "valid_values", InsaSeverities());
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("policies").StartArray();
  int64_t total = 0;
  for (const EscalationPolicy& policy : config->incidents.escalation_policies) {
    const bool fits = !*severity || policy.severities.empty() ||
                      std::ranges::find(policy.severities, **severity) != policy.severities.end();
    if (!fits || !WantsEnabled(params)) continue;
    ++total;
    WritePolicy(policy, &json);
  }
  json.EndArray().Key("total").Int(total).EndObject();
  return HttpResponse::Json(200, std::move(body));
}

// Severities and fields are answered as there; everything else the parser of policies tells.
std::optional<HttpResponse> CheckNewPolicy(const JsonValue& body) {
  std::vector<std::string> missing;
  for (const char* field : {"name", "severities", "rules"}) {
    const JsonValue* value = body.Find(field);
    if (value == nullptr || value->IsNull()) missing.emplace_back(field);
  }
  if (!missing.empty()) {
    return InsaError(400, "Missing required fields", "missing_fields", missing);
  }
  const JsonValue& name = *body.Find("name");
  if (name.kind != JsonValue::Kind::kString || name.string.empty()) {
    return InsaError(400, "name must be a text");
  }
  const JsonValue& severities = *body.Find("severities");
  bool known = severities.kind == JsonValue::Kind::kArray && !severities.items.empty();
  for (const JsonValue& severity : severities.items) {
    known = known && severity.kind == JsonValue::Kind::kString && ParseSeverity(severity.string);
  }
  if (known) return std::nullopt;
  return InsaError(400, "Invalid severity", "valid_values", InsaSeverities());
}

StatusOr<HttpResponse> Create(const InsaPoliciesDeps& deps, HttpRequest& request) {
  DirectoryChange change{DirectoryChange::Action::kCreate, DirectoryKind::kPolicy, "", "", "", {}};
  change.text = TRY(request.ReadBody(kMaxBody));
  const StatusOr<JsonValue> body = ParseJson(change.text);
  if (!body.ok()) return InvalidArgument(fmt::format("body: {}", Message(body.status())));
  if (body->kind != JsonValue::Kind::kObject) return InvalidArgument("body: an object is wanted");
  if (auto refused = CheckNewPolicy(*body)) return *std::move(refused);
  change.name = body->GetString("name");
  TRY(deps.edit(change, request.caller));
  std::string answer;
  JsonWriter json(&answer);
  json.StartObject().Key("policy_id").String(change.name).Key("policy");
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  const std::vector<EscalationPolicy>& policies = config->incidents.escalation_policies;
  const auto made = std::ranges::find(policies, change.name, &EscalationPolicy::name);
  if (made != policies.end()) {
    WritePolicy(*made, &json);
  } else {  // made with `enabled: false`
    json.StartObject().Key("id").String(change.name).Key("name").String(change.name);
    json.Key("enabled").Bool(false).EndObject();
  }
  json.EndObject();
  return HttpResponse::Json(201, std::move(answer));
}

}  // namespace

void RegisterInsaPolicies(Router& router, const InsaPoliciesDeps& deps) {
  router.Add("GET", kPath, InsaRoute([deps](HttpRequest& request) { return List(deps, request); }));
  router.Add("POST", kPath,
             InsaRoute([deps](HttpRequest& request) { return Create(deps, request); }));
}

}  // namespace outrider
