// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/incidents.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "exporter/api/incident_json.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_envelope.h"
#include "exporter/api/prom_params.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 64 * 1024;
constexpr size_t kDefaultLimit = 50;
constexpr size_t kMaxLimit = 1000;

// `state=new,acknowledged&state=…`; `open` stands for all but resolved.
StatusOr<std::vector<IncidentState>> ReadStates(const ParamReader& params) {
  std::vector<IncidentState> states;
  for (std::string_view list : params.All("state")) {
    for (std::string_view text : Split(list, ',')) {
      if (text == "open") {
        states.insert(states.end(), {IncidentState::kNew, IncidentState::kAcknowledged,
                                     IncidentState::kInvestigating});
        continue;
      }
      const std::optional<IncidentState> state = ParseIncidentState(text);
      if (!state) {
        return InvalidArgument(fmt::format(
            "state {}: want new, acknowledged, investigating, resolved or open", Quote(text)));
      }
      states.push_back(*state);
    }
  }
  return states;
}

StatusOr<std::vector<Severity>> ReadSeverities(const ParamReader& params) {
  std::vector<Severity> severities;
  for (std::string_view list : params.All("severity")) {
    for (std::string_view text : Split(list, ',')) {
      const std::optional<Severity> severity = ParseSeverity(text);
      if (!severity) {
        return InvalidArgument(
            fmt::format("severity {}: want critical, high, medium, low or info", Quote(text)));
      }
      severities.push_back(*severity);
    }
  }
  return severities;
}

// A place in the list, newest first: `after` names the last incident that was seen, so that new
// ones do not shift it.
struct Cursor {
  Nanos received_at = std::numeric_limits<Nanos>::max();
  std::string id;
  bool IsBefore(const Incident& incident) const {
    if (incident.received_at != received_at) return incident.received_at < received_at;
    return incident.id > id;
  }
};

std::string CursorText(const Incident& incident) {
  return fmt::format("{}-{}", incident.received_at, incident.id);
}

StatusOr<Cursor> ReadCursor(std::string_view text) {
  Cursor cursor;
  if (text.empty()) return cursor;
  const size_t dash = text.find('-');
  const StatusOr<int64_t> time = ParseInt(text.substr(0, dash));
  if (dash == std::string_view::npos || !time.ok()) {
    return InvalidArgument("after: want the `next` of an earlier answer");
  }
  cursor.received_at = *time;
  cursor.id = std::string(text.substr(dash + 1));
  return cursor;
}

StatusOr<HttpResponse> List(const IncidentsApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  IncidentFilter filter;
  filter.states = TRY(ReadStates(params));
  filter.severities = TRY(ReadSeverities(params));
  filter.limit = std::numeric_limits<size_t>::max();
  const size_t asked = TRY(params.Limit("limit"));
  const size_t limit = asked == 0 ? kDefaultLimit : std::min(asked, kMaxLimit);
  const Cursor cursor = TRY(ReadCursor(params.Text("after")));

  IncidentPage page = deps.desk.Incidents(filter);
  std::ranges::sort(page.incidents, [](const auto& a, const auto& b) {
    return a->received_at != b->received_at ? a->received_at > b->received_at : a->id < b->id;
  });
  std::erase_if(page.incidents, [&](const auto& incident) { return !cursor.IsBefore(*incident); });
  const bool more = page.incidents.size() > limit;
  if (more) page.incidents.resize(limit);

  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("incidents").StartArray();
  for (const auto& incident : page.incidents) WriteIncident(*incident, &json);
  json.EndArray().Key("total").Int(static_cast<int64_t>(page.total)).Key("next");
  if (more) {
    json.String(CursorText(*page.incidents.back()));
  } else {
    json.Null();
  }
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

// A trail that cannot be read is no fault of the caller.
StatusOr<IncidentDetail> Read(const IncidentsApiDeps& deps, const std::string& id) {
  StatusOr<IncidentDetail> detail = deps.desk.GetIncident(id, deps.clock.NowNanos());
  if (absl::IsDataLoss(detail.status())) return Internal(Message(detail.status()));
  return detail;
}

StatusOr<HttpResponse> Show(const IncidentsApiDeps& deps, HttpRequest& request) {
  const IncidentDetail detail = TRY(Read(deps, request.path_params.at("id")));
  std::string body;
  JsonWriter json(&body);
  WriteIncidentDetail(detail, &json);
  return HttpResponse::Json(200, std::move(body));
}

// `{"by":…,"note":…,"channel":…}`, all optional. Typing errors are refused rather than lost.
StatusOr<HumanAction> ReadAction(HttpRequest& request) {
  HumanAction action;
  action.incident_id = request.path_params.at("id");
  action.channel = "api";
  const std::string body = TRY(request.ReadBody(kMaxBody));
  if (Trim(body).empty()) return action;
  const StatusOr<JsonValue> json = ParseJson(body);
  if (!json.ok()) return Annotate(json.status(), "body");
  if (json->kind != JsonValue::Kind::kObject)
    return InvalidArgument("body: want an object with by and note");
  for (const auto& [key, value] : json->members) {
    std::string* target = key == "by"        ? &action.who
                          : key == "note"    ? &action.note
                          : key == "notes"   ? &action.note
                          : key == "channel" ? &action.channel
                                             : nullptr;
    if (target == nullptr) return InvalidArgument(fmt::format("body: unknown key {}", Quote(key)));
    if (value.kind != JsonValue::Kind::kString)
      return InvalidArgument(fmt::format("body: {} must be a text", key));
    *target = value.string;
  }
  return action;
}

using DeskAction = Desk::IncidentResult (Desk::*)(const HumanAction&, Nanos);

StatusOr<HttpResponse> Act(const IncidentsApiDeps& deps, DeskAction act, HttpRequest& request) {
  const HumanAction action = TRY(ReadAction(request));
  const std::shared_ptr<const Incident> incident =
      TRY((deps.desk.*act)(action, deps.clock.NowNanos()));
  std::string body;
  JsonWriter json(&body);
  WriteIncident(*incident, &json);
  return HttpResponse::Json(200, std::move(body));
}

constexpr std::pair<const char*, DeskAction> kActions[] = {
    {"/outrider/v1/incidents/:id/acknowledge", &Desk::Acknowledge},
    {"/outrider/v1/incidents/:id/investigate", &Desk::StartInvestigation},
    {"/outrider/v1/incidents/:id/resolve", &Desk::Resolve},
    {"/outrider/v1/incidents/:id/reopen", &Desk::Reopen},
    {"/outrider/v1/incidents/:id/unacknowledge", &Desk::Unacknowledge},
    {"/outrider/v1/incidents/:id/notes", &Desk::AddNote},
};

}  // namespace

StatusOr<HumanAction> ReadIncidentAction(HttpRequest& request) { return ReadAction(request); }

void RegisterIncidentsApi(Router& router, const IncidentsApiDeps& deps) {
  router.Add("GET", "/outrider/v1/incidents",
             ProductRoute([deps](HttpRequest& request) { return List(deps, request); }));
  router.Add("GET", "/outrider/v1/incidents/:id",
             ProductRoute([deps](HttpRequest& request) { return Show(deps, request); }));
  for (const auto& [pattern, act] : kActions) {
    router.Add("POST", pattern,
               ProductRoute([deps, act](HttpRequest& request) { return Act(deps, act, request); }));
  }
}

}  // namespace outrider
