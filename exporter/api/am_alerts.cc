// SPDX-License-Identifier: Apache-2.0
// /api/v2/alerts and /api/v2/alerts/groups. Source: specs/alertmanager.md §2 "Ingest", §3.
#include <fmt/format.h>

#include <algorithm>

#include "exporter/api/am_common.h"
#include "exporter/api/json_rows.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 32 << 20;

struct AlertFilter {
  bool active = true;
  bool silenced = true;
  bool inhibited = true;
  bool muted = true;
  std::vector<Matcher> labels;
  std::optional<Matcher> receiver;
  ReceiverFilter receivers;

  bool FiltersReceivers() const { return receiver || !receivers.matchers.empty(); }
  bool PassesReceiver(const AlertmanagerConfig& config, std::string_view name) const {
    return (!receiver || receiver->Matches(name)) && receivers.Passes(config, name);
  }
  bool Passes(const AlertView& view) const {
    if (!active && view.active) return false;
    if (!silenced && !view.silenced_by.empty()) return false;
    if (!inhibited && !view.inhibited_by.empty()) return false;
    if (!muted && !view.muted_by.empty()) return false;
    return MatchesAll(labels, view.alert.labels);
  }
};

StatusOr<AlertFilter> ReadFilter(HttpRequest& request, MatcherMode mode) {
  const ParamReader params = TRY(ParamReader::Read(request));
  AlertFilter filter;
  filter.active = ReadFlag(params, "active", true);
  filter.silenced = ReadFlag(params, "silenced", true);
  filter.inhibited = ReadFlag(params, "inhibited", true);
  filter.muted = ReadFlag(params, "muted", true);
  filter.labels = TRY(ReadFilters(params, "filter", mode));
  filter.receivers = TRY(ReadReceiverFilter(params, mode));
  if (!params.Text("receiver").empty()) {
    StatusOr<Matcher> receiver =
        Matcher::Create(MatchType::kRegex, "receiver", std::string(params.Text("receiver")),
                        Regex::Dot::kNoNewline);
    if (!receiver.ok()) {
      return InvalidArgument("failed to parse receiver param: " + Message(receiver.status()));
    }
    filter.receiver = *std::move(receiver);
  }
  return filter;
}

void WriteTexts(std::string_view key, const std::vector<std::string>& texts, JsonWriter* json) {
  json->Key(key).StartArray();
  for (const std::string& text : texts) json->String(text);
  json->EndArray();
}

// What a firing alert of ours says about its end: the time at which Alertmanager would give it up.
Nanos EndsAt(const Alert& alert, const AlertmanagerConfig& config, Nanos now) {
  return alert.ends_at.nanos != 0 ? alert.ends_at.nanos
                                  : now + config.resolve_timeout * kNanosPerMilli;
}

void WriteAlert(const AlertView& view, const AlertmanagerConfig& config, Nanos now,
                JsonWriter* json) {
  const Alert& alert = view.alert;
  json->StartObject().Key("annotations");
  WriteStringMap(alert.annotations, json);
  json->Key("endsAt").String(AmTime(EndsAt(alert, config, now)));
  json->Key("fingerprint").String(view.fingerprint);
  json->Key("receivers").StartArray();
  for (const std::string& receiver : view.receivers)
    json->StartObject().Key("name").String(receiver).EndObject();
  json->EndArray();
  json->Key("startsAt").String(AmTime(alert.starts_at.nanos));
  json->Key("status").StartObject();
  WriteTexts("inhibitedBy", view.inhibited_by, json);
  WriteTexts("mutedBy", view.muted_by, json);
  WriteTexts("silencedBy", view.silenced_by, json);
  json->Key("state").String(view.active ? "active" : "suppressed").EndObject();
  json->Key("updatedAt").String(AmTime(alert.updated_at));
  if (!alert.generator_url.empty()) json->Key("generatorURL").String(alert.generator_url);
  json->Key("labels");
  WriteLabels(alert.labels, json);
  json->EndObject();
}

HttpResponse Streamed(JsonPieces rows) {
  HttpResponse response = AmJson("");
  response.body.clear();
  if (rows(&response.body)) response.stream = std::move(rows);
  return response;
}

HttpResponse List(const AlertmanagerApiDeps& deps, HttpRequest& request) {
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  const StatusOr<AlertFilter> filter = ReadFilter(request, config->alertmanager.matcher_mode);
  if (!filter.ok()) return AmError(400, Message(filter.status()));
  const Nanos now = deps.clock.NowNanos();
  std::vector<AlertView> alerts = deps.desk.Alerts(now);
  std::erase_if(alerts, [&](const AlertView& view) {
    const bool received = std::ranges::any_of(view.receivers, [&](const std::string& name) {
      return filter->PassesReceiver(config->alertmanager, name);
    });
    return !filter->Passes(view) || (filter->FiltersReceivers() && !received);
  });
  return Streamed(
      JsonRows(std::move(alerts), [config, now](const AlertView& view, JsonWriter* json) {
        WriteAlert(view, config->alertmanager, now, json);
      }));
}

HttpResponse Groups(const AlertmanagerApiDeps& deps, HttpRequest& request) {
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  const StatusOr<AlertFilter> filter = ReadFilter(request, config->alertmanager.matcher_mode);
  if (!filter.ok()) return AmError(400, Message(filter.status()));
  const Nanos now = deps.clock.NowNanos();
  std::vector<GroupView> groups = deps.desk.Groups(now);
  for (GroupView& group : groups) {
    std::erase_if(group.alerts, [&](const AlertView& view) { return !filter->Passes(view); });
  }
  std::erase_if(groups, [&](const GroupView& group) {
    return group.alerts.empty() || !filter->PassesReceiver(config->alertmanager, group.receiver);
  });
  return Streamed(
      JsonRows(std::move(groups), [config, now](const GroupView& group, JsonWriter* json) {
        json->StartObject().Key("alerts").StartArray();
        for (const AlertView& view : group.alerts)
          WriteAlert(view, config->alertmanager, now, json);
        json->EndArray().Key("labels");
        WriteLabels(group.labels, json);
        json->Key("receiver").StartObject().Key("name").String(group.receiver).EndObject();
        json->Key("routeLabels");
        WriteLabels(group.route_labels, json);
        json->EndObject();
      }));
}

StatusOr<std::map<std::string, std::string>> ReadTexts(const JsonValue* object) {
  std::map<std::string, std::string> texts;
  if (object == nullptr || object->IsNull()) return texts;
  if (object->kind != JsonValue::Kind::kObject)
    return InvalidArgument("labels and annotations must be objects");
  for (const auto& [name, value] : object->members) {
    if (value.kind != JsonValue::Kind::kString) {
      return InvalidArgument(fmt::format("the value of {} must be a text", Quote(name)));
    }
    texts[name] = value.string;
  }
  return texts;
}

StatusOr<Alert> ReadAlert(const JsonValue& json) {
  Alert alert;
  alert.labels = Labels::FromMap(TRY(ReadTexts(json.Find("labels"))));
  alert.annotations = TRY(ReadTexts(json.Find("annotations")));
  alert.generator_url = json.GetString("generatorURL");
  alert.starts_at = TRY(ReadTime(json, "startsAt"));
  alert.ends_at = TRY(ReadTime(json, "endsAt"));
  alert.source = AlertSource::kApi;
  return alert;
}

// Alertmanager's text for what no label or annotation may be called, or "". A label without a value
// is no label, so its name does not matter.
std::string NameProblem(const Alert& alert, MatcherMode mode) {
  const auto bad = [mode](std::string_view name) { return !IsLabelNameIn(mode, name); };
  for (const LabelView label : alert.labels) {
    if (bad(label.name))
      return fmt::format("invalid label set: invalid name {}", Quote(label.name));
  }
  for (const auto& [name, value] : alert.annotations) {
    if (!value.empty() && bad(name))
      return fmt::format("invalid annotations: invalid name {}", Quote(name));
  }
  return "";
}

// Refused ones count as received too, by what they say.
void Count(const AlertmanagerApiDeps& deps, const std::vector<Alert>& alerts, size_t invalid,
           size_t limited) {
  if (deps.meter == nullptr) return;
  const Nanos now = deps.clock.NowNanos();
  AmAlertCounts counts;
  for (const Alert& alert : alerts) ++(alert.ResolvedAt(now) ? counts.resolved : counts.firing);
  counts.invalid = invalid;
  counts.limited = limited;
  deps.meter->CountAlerts(counts);
}

HttpResponse Post(const AlertmanagerApiDeps& deps, HttpRequest& request) {
  HttpResponse refusal;
  const StatusOr<JsonValue> json = ReadJsonBody(request, kMaxBody, &refusal);
  if (!json.ok()) return refusal;
  if (json->kind != JsonValue::Kind::kArray)
    return AmBodyError("alerts", "it is not an array of alerts");
  std::vector<Alert> alerts;
  std::vector<std::string> errors;
  const MatcherMode mode = deps.desk.config()->alertmanager.matcher_mode;
  alerts.reserve(json->items.size());
  for (size_t i = 0; i < json->items.size(); ++i) {
    const JsonValue* labels = json->items[i].Find("labels");
    if (labels == nullptr || labels->IsNull()) {
      return AmShapeError(422, 602, fmt::format("{}.labels in body is required", i));
    }
    StatusOr<Alert> alert = ReadAlert(json->items[i]);
    if (!alert.ok()) return AmBodyError("alerts", Message(alert.status()));
    if (std::string problem = NameProblem(*alert, mode); !problem.empty()) {
      errors.push_back(std::move(problem));  // the others are stored nevertheless
    } else {
      alerts.push_back(*std::move(alert));
    }
  }
  const StatusOr<PostAlertsResult> result = deps.desk.PostAlerts(alerts, deps.clock);
  if (!result.ok()) return AmError(500, Message(result.status()));
  errors.insert(errors.end(), result->errors.begin(), result->errors.end());
  Count(deps, alerts, errors.size(), result->limited);
  if (!errors.empty()) return AmError(400, Join(errors, "; "));
  return HttpResponse::Json(200, "");
}

}  // namespace

void RegisterAmAlerts(Router& router, const AlertmanagerApiDeps& deps) {
  router.Add("GET", "/api/v2/alerts", [deps](HttpRequest& request) { return List(deps, request); });
  router.Add("POST", "/api/v2/alerts",
             [deps](HttpRequest& request) { return Post(deps, request); });
  router.Add("GET", "/api/v2/alerts/groups",
             [deps](HttpRequest& request) { return Groups(deps, request); });
}

}  // namespace outrider
