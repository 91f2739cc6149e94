// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/escalation.h"

#include <fmt/format.h>

#include "exporter/api/escalation_json.h"
#include "exporter/api/incident_json.h"
#include "exporter/api/product_common.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 64 * 1024;

// The members of a body: those of an action, and what the route adds. Typing errors are refused
// rather than lost.
struct ActionBody {
  HumanAction action;
  bool force = false;
  std::string policy;
};

Status ReadMember(const JsonValue::Member& member, std::string_view own, ActionBody* body) {
  const auto& [key, value] = member;
  if (key == "force" && own == key) {
    if (value.kind != JsonValue::Kind::kBool) return InvalidArgument("body: force must be a bool");
    body->force = value.boolean;
    return absl::OkStatus();
  }
  std::string* target = key == "by"                       ? &body->action.who
                        : key == "note" || key == "notes" ? &body->action.note
                        : key == "channel"                ? &body->action.channel
                        : key == "policy" && own == key   ? &body->policy
                                                          : nullptr;
  if (target == nullptr) return InvalidArgument(fmt::format("body: unknown key {}", Quote(key)));
  if (value.kind != JsonValue::Kind::kString) {
    return InvalidArgument(fmt::format("body: {} must be a text", key));
  }
  *target = value.string;
  return absl::OkStatus();
}

StatusOr<JsonValue> ReadObject(HttpRequest& request) {
  const std::string text = TRY(request.ReadBody(kMaxBody));
  JsonValue empty;
  empty.kind = JsonValue::Kind::kObject;
  if (Trim(text).empty()) return empty;
  StatusOr<JsonValue> json = ParseJson(text);
  if (!json.ok()) return Annotate(json.status(), "body");
  if (json->kind != JsonValue::Kind::kObject) return InvalidArgument("body: want an object");
  return json;
}

StatusOr<ActionBody> ReadAction(HttpRequest& request, std::string_view own) {
  ActionBody body;
  body.action.incident_id = request.path_params.at("id");
  body.action.channel = "api";
  const JsonValue object = TRY(ReadObject(request));
  for (const JsonValue::Member& member : object.members) TRY(ReadMember(member, own, &body));
  if (!request.caller.name.empty()) body.action.who = request.caller.name;
  return body;
}

HttpResponse IncidentAnswer(const Incident& incident) {
  std::string body;
  JsonWriter json(&body);
  WriteIncident(incident, &json);
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> Escalate(const EscalationApiDeps& deps, HttpRequest& request) {
  const ActionBody body = TRY(ReadAction(request, "force"));
  return IncidentAnswer(*TRY(deps.desk.Escalate(body.action, body.force, deps.clock.NowNanos())));
}

StatusOr<HttpResponse> Reapply(const EscalationApiDeps& deps, HttpRequest& request) {
  const ActionBody body = TRY(ReadAction(request, "policy"));
  return IncidentAnswer(
      *TRY(deps.desk.ReapplyPolicy(body.action, body.policy, deps.clock.NowNanos())));
}

StatusOr<HttpResponse> Show(const EscalationApiDeps& deps, HttpRequest& request) {
  StatusOr<EscalationView> view =
      deps.desk.GetEscalation(request.path_params.at("id"), deps.clock.NowNanos());
  if (absl::IsDataLoss(view.status())) return Internal(Message(view.status()));
  std::string body;
  JsonWriter json(&body);
  WriteEscalationView(TRY(std::move(view)), &json);
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> Policies(const EscalationApiDeps& deps, HttpRequest& /*request*/) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("policies").StartArray();
  for (const PolicyView& view : deps.desk.Policies()) WritePolicyView(view, &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

// What the preview is asked for.
struct PreviewQuestion {
  Alert alert;
  std::optional<Severity> severity;
  Nanos at = 0;
};

Status ReadLabels(const JsonValue& value, PreviewQuestion* question) {
  if (value.kind != JsonValue::Kind::kObject) {
    return InvalidArgument("body: labels must be an object of texts");
  }
  std::map<std::string, std::string> labels;
  for (const auto& [name, label] : value.members) {
    if (label.kind != JsonValue::Kind::kString) {
      return InvalidArgument(fmt::format("body: label {} must be a text", Quote(name)));
    }
    labels[name] = label.string;
  }
  question->alert.labels = Labels::FromMap(labels);
  return absl::OkStatus();
}

StatusOr<PreviewQuestion> ReadPreview(HttpRequest& request, Nanos now) {
  PreviewQuestion question;
  question.at = now;
  const JsonValue object = TRY(ReadObject(request));
  for (const auto& [key, value] : object.members) {
    if (key == "labels") {
      TRY(ReadLabels(value, &question));
      continue;
    }
    if (value.kind != JsonValue::Kind::kString) {
      return InvalidArgument(fmt::format("body: {} must be a text", key));
    }
    if (key == "severity") {
      question.severity = ParseSeverity(value.string);
      if (!question.severity) {
        return InvalidArgument(fmt::format("severity {}: want critical, high, medium, low or info",
                                           Quote(value.string)));
      }
    } else if (key == "policy") {
      question.alert.annotations["outrider_escalation"] = value.string;
    } else if (key == "at") {
      const StatusOr<Nanos> at = ParseRfc3339(value.string);
      if (!at.ok()) return Annotate(at.status(), "body: at");
      question.at = *at;
    } else {
      return InvalidArgument(fmt::format("body: unknown key {}", Quote(key)));
    }
  }
  return question;
}

StatusOr<HttpResponse> Preview(const EscalationApiDeps& deps, HttpRequest& request) {
  const PreviewQuestion question = TRY(ReadPreview(request, deps.clock.NowNanos()));
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  const Severity severity = question.severity.value_or(
      SeverityOf(config->incidents, question.alert.labels.Get("severity")));
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  json.Key("severity").String(SeverityText(severity));
  WriteTime("at", question.at, &json);
  json.Key("opens_incident").Bool(OpensIncident(config->incidents, question.alert.labels));
  json.Key("escalation");
  WriteEscalationView(deps.desk.PreviewEscalation(question.alert, severity, question.at), &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

}  // namespace

void RegisterEscalationApi(Router& router, const EscalationApiDeps& deps) {
  using Handler = StatusOr<HttpResponse> (*)(const EscalationApiDeps&, HttpRequest&);
  constexpr struct {
    const char* method;
    const char* pattern;
    Handler handle;
  } kRoutes[] = {
      {"GET", "/outrider/v1/incidents/:id/escalation", Show},
      {"POST", "/outrider/v1/incidents/:id/escalate", Escalate},
      {"POST", "/outrider/v1/incidents/:id/reapply-policy", Reapply},
      {"GET", "/outrider/v1/escalation/policies", Policies},
      {"POST", "/outrider/v1/escalation/preview", Preview},
  };
  for (const auto& route : kRoutes) {
    router.Add(route.method, route.pattern,
               ProductRoute([deps, handle = route.handle](HttpRequest& request) {
                 return handle(deps, request);
               }));
  }
}

}  // namespace outrider
