// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/calendar_feeds.h"

#include <fmt/format.h>

#include <algorithm>

#include "exporter/api/access.h"
#include "exporter/api/product_common.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 4096;
constexpr DurationMs kLongest = 3650 * kDay;

ConfigRecorder Recorder(const CalendarFeedsApiDeps& deps) {
  return [deps](const std::string& subject, const std::string& text, const Caller& by, Batch rows) {
    return deps.desk.Configure(ConfiguredBy(by, subject, text), std::move(rows),
                               deps.clock.NowNanos());
  };
}

StatusOr<std::string> ScheduleOf(const CalendarFeedsApiDeps& deps, const HttpRequest& request) {
  const std::string& name = request.path_params.at("name");
  const auto config = deps.desk.config();
  if (std::ranges::find(config->schedules, name, &Schedule::name) == config->schedules.end()) {
    return NotFound(fmt::format("no schedule {}", Quote(name)));
  }
  return name;
}

StatusOr<AccessToken> ReadFeed(const CalendarFeedsApiDeps& deps, HttpRequest& request, Nanos now) {
  AccessToken token;
  token.role = Role::kViewer;
  token.feed_schedule = TRY(ScheduleOf(deps, request));
  token.name = "feed-" + deps.random.Uuid().substr(0, 8);
  const std::string text = TRY(request.ReadBody(kMaxBody));
  if (Trim(text).empty()) return token;
  const JsonValue json = TRY(ParseJson(text));
  if (json.kind != JsonValue::Kind::kObject) return InvalidArgument("body: an object is wanted");
  for (const auto& [key, value] : json.members) {
    if (value.kind != JsonValue::Kind::kString) {
      return InvalidArgument(fmt::format("body: {} must be a text", key));
    }
    if (key == "user") {
      token.feed_user = value.string;
    } else if (key == "expires_in") {
      const DurationMs lifetime = TRY(ParseDuration(value.string));
      if (lifetime <= 0 || lifetime > kLongest) {
        return InvalidArgument("body: expires_in must be longer than zero and at most 10y");
      }
      token.expires_at = now + lifetime * kNanosPerMilli;
    } else {
      return InvalidArgument(fmt::format("body: unknown key {}", Quote(key)));
    }
  }
  return token;
}

std::string UrlOf(const std::string& external_url, const AccessToken& token,
                  const std::string& secret) {
  std::string url = fmt::format("{}/outrider/v1/oncall/{}/calendar.ics?", external_url,
                                UrlEncodePath(token.feed_schedule));
  if (!token.feed_user.empty()) url += fmt::format("user={}&", UrlEncodeQuery(token.feed_user));
  return url + "token=" + secret;
}

// An object left open.
void WriteFeed(const AccessToken& token, JsonWriter* json) {
  json->StartObject().Key("id").String(token.name).Key("schedule").String(token.feed_schedule);
  json->Key("user").String(token.feed_user).Key("prefix").String(token.prefix);
  json->Key("created_by").String(token.created_by);
  WriteTime("created_at", token.created_at, json);
  WriteTime("expires_at", token.expires_at, json);
  WriteTime("last_used_at", token.last_used_at, json);
}

StatusOr<HttpResponse> Create(const CalendarFeedsApiDeps& deps, HttpRequest& request) {
  const Nanos now = deps.clock.NowNanos();
  AccessToken token = TRY(ReadFeed(deps, request, now));
  const std::string secret = TRY(deps.tokens.Create(token, request.caller, now, Recorder(deps)));
  token.prefix = secret.substr(0, 12);
  token.created_by = request.caller.name;
  token.created_at = now;
  std::string body;
  JsonWriter json(&body);
  WriteFeed(token, &json);
  json.Key("url").String(UrlOf(deps.desk.config()->external_url, token, secret)).EndObject();
  HttpResponse response = HttpResponse::Json(201, std::move(body));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

StatusOr<HttpResponse> List(const CalendarFeedsApiDeps& deps, HttpRequest& request) {
  const std::string schedule = TRY(ScheduleOf(deps, request));
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("feeds").StartArray();
  for (const AccessToken& token : deps.tokens.List()) {
    if (token.feed_schedule != schedule) continue;
    WriteFeed(token, &json);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

// Of a schedule that is gone too: its feeds must be revocable.
StatusOr<HttpResponse> Revoke(const CalendarFeedsApiDeps& deps, HttpRequest& request) {
  const std::string& id = request.path_params.at("id");
  const std::string& schedule = request.path_params.at("name");
  const std::vector<AccessToken> tokens = deps.tokens.List();
  const auto found = std::ranges::find(tokens, id, &AccessToken::name);
  if (found == tokens.end() || found->feed_schedule != schedule) {
    return NotFound(fmt::format("no calendar feed {} of schedule {}", Quote(id), Quote(schedule)));
  }
  TRY(deps.tokens.Revoke(id, request.caller, Recorder(deps)));
  return HttpResponse::Empty();
}

using Handler = StatusOr<HttpResponse> (*)(const CalendarFeedsApiDeps&, HttpRequest&);
constexpr struct {
  const char* method;
  const char* pattern;
  Handler handler;
} kRoutes[] = {
    {"GET", "/outrider/v1/oncall/:name/feeds", List},
    {"POST", "/outrider/v1/oncall/:name/feeds", Create},
    {"DELETE", "/outrider/v1/oncall/:name/feeds/:id", Revoke},
};

}  // namespace

void RegisterCalendarFeedsApi(Router& router, const CalendarFeedsApiDeps& deps) {
  for (const auto& route : kRoutes) {
    router.Add(route.method, route.pattern,
               ProductRoute([deps, handler = route.handler](HttpRequest& request) {
                 return handler(deps, request);
               }));
  }
}

}  // namespace outrider
