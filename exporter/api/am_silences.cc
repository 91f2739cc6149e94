// SPDX-License-Identifier: Apache-2.0
// /api/v2/silences and /api/v2/silence/<id>. Source: specs/alertmanager.md §2 "Silences", §3.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "exporter/api/am_common.h"
#include "exporter/api/silence_json.h"
#include "notifiers/mute/recurrence.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 1 << 20;

void WriteSilence(const Silence& silence, Nanos now, JsonWriter* json) {
  json->StartObject().Key("id").String(silence.id);
  json->Key("status")
      .StartObject()
      .Key("state")
      .String(SilenceStateText(silence.StateAt(now)))
      .EndObject();
  json->Key("updatedAt").String(AmTime(silence.updated_at));
  json->Key("comment").String(silence.comment).Key("createdBy").String(silence.created_by);
  json->Key("endsAt").String(AmTime(silence.ends_at));
  json->Key("matchers").StartArray();
  for (const Matcher& matcher : silence.matchers) {
    const MatchType type = matcher.type();
    json->StartObject().Key("isEqual").Bool(type == MatchType::kEqual || type == MatchType::kRegex);
    json->Key("isRegex").Bool(type == MatchType::kRegex || type == MatchType::kNotRegex);
    json->Key("name").String(matcher.name()).Key("value").String(matcher.value()).EndObject();
  }
  json->EndArray().Key("startsAt").String(AmTime(silence.starts_at));
  if (!silence.annotations.empty()) {
    json->Key("annotations");
    WriteStringMap(silence.annotations, json);
  }
  if (!silence.recurrence.empty()) {
    json->Key("recurrence");
    WriteRecurrence(silence.recurrence, json);
  }
  if (silence.idle_end > 0) json->Key("expireWhenIdle").String(FormatDuration(silence.idle_end));
  json->EndObject();
}

// Active ones first, those that end soonest before; then pending by start; then expired, the latest
// end first.
void SortSilences(Nanos now, std::vector<Silence>* silences) {
  const auto key = [now](const Silence& silence) {
    const SilenceState state = silence.StateAt(now);
    switch (state) {
      case SilenceState::kActive:
        return std::tuple(0, silence.ends_at);
      case SilenceState::kPending:
        return std::tuple(1, silence.starts_at);
      case SilenceState::kExpired:
        break;
    }
    return std::tuple(2, -silence.ends_at);
  };
  std::ranges::stable_sort(*silences,
                           [&](const Silence& a, const Silence& b) { return key(a) < key(b); });
}

// A silence passes when it contains every matcher of the filter.
bool ContainsAll(const Silence& silence, const std::vector<Matcher>& filter) {
  return std::ranges::all_of(filter, [&](const Matcher& wanted) {
    return std::ranges::find(silence.matchers, wanted) != silence.matchers.end();
  });
}

HttpResponse List(const AlertmanagerApiDeps& deps, HttpRequest& request) {
  const StatusOr<ParamReader> params = ParamReader::Read(request);
  if (!params.ok()) return AmError(400, Message(params.status()));
  const MatcherMode mode = deps.desk.config()->alertmanager.matcher_mode;
  const StatusOr<std::vector<Matcher>> filter = ReadFilters(*params, "filter", mode);
  if (!filter.ok()) return AmError(400, Message(filter.status()));
  const Nanos now = deps.clock.NowNanos();
  const bool wanted[] = {ReadFlag(*params, "pending", true), ReadFlag(*params, "active", true),
                         ReadFlag(*params, "expired", true)};  // by SilenceState
  std::vector<Silence> silences = deps.desk.Silences();
  std::erase_if(silences, [&](const Silence& silence) {
    return !wanted[static_cast<size_t>(silence.StateAt(now))] || !ContainsAll(silence, *filter);
  });
  SortSilences(now, &silences);
  std::string body;
  JsonWriter json(&body);
  json.StartArray();
  for (const Silence& silence : silences) WriteSilence(silence, now, &json);
  json.EndArray();
  return AmJson(std::move(body));
}

bool IsA(const JsonValue* member, JsonValue::Kind kind) {
  return member == nullptr || member->IsNull() || member->kind == kind;
}

std::optional<std::string> MatcherTypeProblem(const JsonValue& matcher, size_t index) {
  if (!IsA(&matcher, JsonValue::Kind::kObject)) {
    return fmt::format("matchers.{} is not an object", index);
  }
  for (std::string_view key : {"name", "value"}) {
    if (IsA(matcher.Find(key), JsonValue::Kind::kString)) continue;
    return fmt::format("matchers.{}.{} is not a text", index, key);
  }
  for (std::string_view key : {"isRegex", "isEqual"}) {
    if (IsA(matcher.Find(key), JsonValue::Kind::kBool)) continue;
    return fmt::format("matchers.{}.{} is not true or false", index, key);
  }
  return std::nullopt;
}

std::optional<std::string> AnnotationTypeProblem(const JsonValue* annotations) {
  if (!IsA(annotations, JsonValue::Kind::kObject)) return "annotations is not an object";
  if (annotations == nullptr) return std::nullopt;
  for (const auto& [name, value] : annotations->members) {
    if (!IsA(&value, JsonValue::Kind::kString)) {
      return fmt::format("annotations.{} is not a text", name);
    }
  }
  return std::nullopt;
}

// The first member of another type than it has. As in Go, null is an absent one.
std::optional<std::string> TypeProblem(const JsonValue& json) {
  for (std::string_view key :
       {"id", "comment", "createdBy", "startsAt", "endsAt", "expireWhenIdle"}) {
    if (!IsA(json.Find(key), JsonValue::Kind::kString)) return fmt::format("{} is not a text", key);
  }
  const JsonValue* matchers = json.Find("matchers");
  if (!IsA(matchers, JsonValue::Kind::kArray)) return "matchers is not a list";
  for (size_t i = 0; matchers != nullptr && i < matchers->items.size(); ++i) {
    if (auto problem = MatcherTypeProblem(matchers->items[i], i)) return problem;
  }
  if (auto problem = AnnotationTypeProblem(json.Find("annotations"))) return problem;
  for (std::string_view key : {"startsAt", "endsAt"}) {
    if (const auto time = ReadTime(json, key); !time.ok()) return Message(time.status());
  }
  return std::nullopt;
}

constexpr std::string_view kRequired[] = {"comment", "createdBy", "endsAt", "matchers", "startsAt"};

// The first thing wrong with the body's shape, as go-openapi words it.
std::optional<HttpResponse> CheckShape(const JsonValue& json) {
  if (!IsA(&json, JsonValue::Kind::kObject)) {
    return AmBodyError("silence", "it is not an object");
  }
  if (const auto problem = TypeProblem(json)) return AmBodyError("silence", *problem);
  for (std::string_view key : kRequired) {
    const JsonValue* member = json.Find(key);
    if (member == nullptr || member->IsNull()) {
      return AmShapeError(422, 602, fmt::format("{} in body is required", key));
    }
  }
  if (json.Find("matchers")->items.empty()) {
    return AmShapeError(422, 612, "matchers in body should have at least 1 items");
  }
  int index = 0;
  for (const JsonValue& matcher : json.Find("matchers")->items) {
    for (std::string_view key : {"isRegex", "name", "value"}) {
      const JsonValue* member = matcher.Find(key);
      if (member == nullptr || member->IsNull()) {
        return AmShapeError(422, 602,
                            fmt::format("matchers.{}.{} in body is required", index, key));
      }
    }
    ++index;
  }
  return std::nullopt;
}

// amtool and karma update a silence by posting what they know of it: what they do not know stays.
void KeepExtensions(const AlertmanagerApiDeps& deps, const JsonValue& json, Silence* silence) {
  if (silence->id.empty()) return;
  const StatusOr<Silence> current = deps.desk.GetSilence(silence->id);
  if (!current.ok()) return;
  if (json.Find("recurrence") == nullptr) silence->recurrence = current->recurrence;
  if (json.Find("expireWhenIdle") == nullptr) silence->idle_end = current->idle_end;
}

HttpResponse Post(const AlertmanagerApiDeps& deps, HttpRequest& request) {
  HttpResponse refusal;
  const StatusOr<JsonValue> json = ReadJsonBody(request, kMaxBody, &refusal, "silence");
  if (!json.ok()) return refusal;
  if (std::optional<HttpResponse> answer = CheckShape(*json)) return *std::move(answer);
  StatusOr<Silence> silence = ReadSilence(*json);
  if (!silence.ok()) return AmError(400, Message(silence.status()));
  const Nanos now = deps.clock.NowNanos();
  if (silence->ends_at <= silence->starts_at) {
    return AmError(400, "Failed to create silence: start time must be before end time");
  }
  if (silence->ends_at < now)
    return AmError(400, "Failed to create silence: end time can't be in the past");
  KeepExtensions(deps, *json, &*silence);
  if (!request.caller.name.empty()) silence->created_by = request.caller.name;
  const StatusOr<ParamReader> params = ParamReader::Read(request);
  const bool force = params.ok() && ReadFlag(*params, "force", false);
  const StatusOr<std::string> id = deps.desk.SetSilence(*std::move(silence), "api", now, force);
  if (absl::IsNotFound(id.status())) return AmError(404, Message(id.status()));
  if (absl::IsInvalidArgument(id.status())) {
    return AmError(400, Message(id.status()));
  }
  if (!id.ok()) return AmError(500, Message(id.status()));
  std::string body;
  JsonWriter(&body).StartObject().Key("silenceID").String(*id).EndObject();
  return AmJson(std::move(body));
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0)
      return false;
  }
  return true;
}

using OneSilence = HttpResponse (*)(const AlertmanagerApiDeps&, const std::string& id,
                                    const Caller& caller);

HttpHandler WithId(const AlertmanagerApiDeps& deps, OneSilence handler) {
  return [deps, handler](HttpRequest& request) {
    const std::string& id = request.path_params.at("id");
    if (!IsUuid(id)) {
      return AmShapeError(422, 601,
                          fmt::format("silenceID in path must be of type uuid: {}", Quote(id)));
    }
    return handler(deps, id, request.caller);
  };
}

HttpResponse GetOne(const AlertmanagerApiDeps& deps, const std::string& id,
                    const Caller& /*caller*/) {
  const StatusOr<Silence> silence = deps.desk.GetSilence(id);
  if (!silence.ok()) return HttpResponse::Json(404, "");
  std::string body;
  JsonWriter json(&body);
  WriteSilence(*silence, deps.clock.NowNanos(), &json);
  return AmJson(std::move(body));
}

HttpResponse Expire(const AlertmanagerApiDeps& deps, const std::string& id, const Caller& caller) {
  const Status status = deps.desk.ExpireSilence(id, "api", deps.clock.NowNanos(), caller.name);
  if (absl::IsNotFound(status)) return HttpResponse::Json(404, "");
  if (!status.ok()) return AmError(500, Message(status));
  return HttpResponse::Json(200, "");
}

}  // namespace

void RegisterAmSilences(Router& router, const AlertmanagerApiDeps& deps) {
  router.Add("GET", "/api/v2/silences",
             [deps](HttpRequest& request) { return List(deps, request); });
  router.Add("POST", "/api/v2/silences",
             [deps](HttpRequest& request) { return Post(deps, request); });
  router.Add("GET", "/api/v2/silence/:id", WithId(deps, GetOne));
  router.Add("DELETE", "/api/v2/silence/:id", WithId(deps, Expire));
  RegisterSilencePreview(router, deps);
}

}  // namespace outrider
