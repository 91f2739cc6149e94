// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/incident_changes.h"

#include <fmt/format.h>

#include <algorithm>

#include "exporter/access/team_rules.h"
#include "exporter/api/incident_body.h"
#include "exporter/api/incident_json.h"
#include "exporter/api/product_common.h"
#include "notifiers/incident/overlays.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxAssignee = 256;
constexpr size_t kMaxLabels = 100;

HttpResponse Answer(int status, const Incident& incident) {
  std::string body;
  JsonWriter json(&body);
  WriteIncident(incident, &json);
  return HttpResponse::Json(status, std::move(body));
}

StatusOr<Severity> ReadSeverity(const std::string& text) {
  if (const std::optional<Severity> severity = ParseSeverity(text)) return *severity;
  return InvalidArgument(
      fmt::format("severity {}: want critical, high, medium, low or info", Quote(text)));
}

StatusOr<Labels> ReadLabels(const IncidentBody& body) {
  const JsonValue* labels = body.json.Find("labels");
  if (labels == nullptr) return Labels();
  if (labels->kind != JsonValue::Kind::kObject || labels->members.size() > kMaxLabels) {
    return InvalidArgument(
        fmt::format("body: labels must be an object of at most {} texts", kMaxLabels));
  }
  std::map<std::string, std::string> map;
  for (const auto& [name, value] : labels->members) {
    if (name.empty() || value.kind != JsonValue::Kind::kString) {
      return InvalidArgument(fmt::format("body: label {} must be a text", Quote(name)));
    }
    map[name] = value.string;
  }
  return Labels::FromMap(map);
}

StatusOr<HttpResponse> Create(const IncidentsApiDeps& deps, HttpRequest& request) {
  IncidentBody body =
      TRY(ReadIncidentBody(request, {"title", "summary", "severity", "labels", "policy"}));
  NewIncident wanted;
  wanted.title = TRY(TextOf(body, "title", true));
  wanted.summary = TRY(TextOf(body, "summary", false));
  wanted.policy = TRY(TextOf(body, "policy", false));
  wanted.labels = TRY(ReadLabels(body));
  const std::string severity = TRY(TextOf(body, "severity", false));
  if (!severity.empty()) wanted.severity = TRY(ReadSeverity(severity));
  const std::string_view team = wanted.labels.Get(deps.desk.config()->incidents.team_label);
  TRY(CheckTeam(request.caller, std::string(team), "this incident"));
  const auto incident =
      TRY(deps.desk.Create(wanted, std::move(body.action), deps.clock.NowNanos()));
  HttpResponse response = Answer(201, *incident);
  response.headers.emplace_back("Location", "/outrider/v1/incidents/" + incident->id);
  return response;
}

StatusOr<IncidentChange> ReadAssign(const IncidentBody& body, Nanos) {
  AssignTo to{TRY(TextOf(body, "assignee", true))};
  if (to.assignee.size() > kMaxAssignee) {
    return InvalidArgument(fmt::format("body: assignee has more than {} bytes", kMaxAssignee));
  }
  return to;
}

StatusOr<IncidentChange> ReadSeverityChange(const IncidentBody& body, Nanos) {
  return SetSeverity{TRY(ReadSeverity(TRY(TextOf(body, "severity", true))))};
}

StatusOr<IncidentChange> ReadSnooze(const IncidentBody& body, Nanos now) {
  const std::string duration = TRY(TextOf(body, "for", false));
  const std::string until = TRY(TextOf(body, "until", false));
  if (duration.empty() == until.empty()) {
    return InvalidArgument("body: want one of for, such as 2h, and until, a time in RFC 3339");
  }
  if (duration.empty()) {
    const StatusOr<Nanos> time = ParseRfc3339(until);
    if (!time.ok()) return Annotate(time.status(), "body: until");
    return SnoozeUntil{*time};
  }
  const StatusOr<DurationMs> given = ParseDuration(duration);
  if (!given.ok()) return Annotate(given.status(), "body: for");
  if (*given > kLongestSnooze / kNanosPerMilli) {
    return InvalidArgument("body: for: a snooze lasts at most 365d");
  }
  return SnoozeUntil{now + *given * kNanosPerMilli};
}

StatusOr<IncidentChange> ReadMerge(const IncidentBody& body, Nanos) {
  return MergeInto{TRY(TextOf(body, "into", true))};
}

template <typename Bare>
StatusOr<IncidentChange> ReadBare(const IncidentBody&, Nanos) {
  return Bare{};
}

// What follows the incident's id in the path, the keys its body has, and what they mean.
struct Door {
  const char* verb;
  std::vector<std::string_view> keys;
  StatusOr<IncidentChange> (*read)(const IncidentBody&, Nanos);
};

// An operator of a team leaves incidents of others alone, also those that the body names.
Status JudgeOther(const IncidentsApiDeps& deps, const Caller& caller,
                  const IncidentChange& change) {
  const auto* merge = std::get_if<MergeInto>(&change);
  if (merge == nullptr || ActsFor(caller, {})) return {};
  const IncidentDetail into = TRY(deps.desk.GetIncident(merge->incident_id, deps.clock.NowNanos()));
  return CheckTeam(caller, into.incident->team, "incident " + merge->incident_id);
}

void AddDoor(Router& router, const IncidentsApiDeps& deps, const Door& door) {
  router.Add("POST", fmt::format("/outrider/v1/incidents/:id/{}", door.verb),
             ProductRoute([deps, door](HttpRequest& request) -> StatusOr<HttpResponse> {
               const IncidentBody body = TRY(ReadIncidentBody(request, door.keys));
               const Nanos now = deps.clock.NowNanos();
               const IncidentChange change = TRY(door.read(body, now));
               TRY(JudgeOther(deps, request.caller, change));
               return Answer(200, *TRY(deps.desk.Change(change, body.action, now)));
             }));
}

}  // namespace

void RegisterIncidentChangesApi(Router& router, const IncidentsApiDeps& deps) {
  router.Add("POST", "/outrider/v1/incidents",
             ProductRoute([deps](HttpRequest& request) { return Create(deps, request); }));
  AddDoor(router, deps, {"assign", {"assignee"}, ReadAssign});
  AddDoor(router, deps, {"severity", {"severity"}, ReadSeverityChange});
  AddDoor(router, deps, {"snooze", {"for", "until"}, ReadSnooze});
  AddDoor(router, deps, {"wake", {}, ReadBare<WakeUp>});
  AddDoor(router, deps, {"merge", {"into"}, ReadMerge});
  AddDoor(router, deps, {"unmerge", {}, ReadBare<Unmerge>});
  AddDoor(router, deps, {"confirm", {}, ReadBare<ConfirmWork>});
}

}  // namespace outrider
