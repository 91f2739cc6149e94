// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/access.h"

#include <fmt/format.h>

#include <utility>

#include "exporter/access/refusal.h"
#include "exporter/access/roles.h"
#include "exporter/api/product_common.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 64 * 1024;
constexpr size_t kMaxName = 128;
constexpr DurationMs kLongestToken = 3650 * kDay;

struct SignIn {
  std::string username;
  std::string password;
  std::string next = "/";
  bool form = false;
};

StatusOr<SignIn> ReadForm(HttpRequest& request) {
  SignIn given;
  given.form = true;
  for (const auto& [name, value] : TRY(request.Params())) {
    if (name == "username") given.username = value;
    if (name == "password") given.password = value;
    if (name == "next") given.next = value;
  }
  return given;
}

StatusOr<SignIn> ReadSignIn(HttpRequest& request) {
  const std::string type = ToLower(request.Header("Content-Type"));
  if (type.starts_with("application/x-www-form-urlencoded")) return ReadForm(request);
  const JsonValue json = TRY(ParseJson(TRY(request.ReadBody(kMaxBody))));
  SignIn given;
  given.username = json.GetString("username");
  given.password = json.GetString("password");
  return given;
}

void WriteCaller(const Caller& caller, JsonWriter* json) {
  json->StartObject().Key("name").String(caller.name);
  json->Key("role").String(RoleText(caller.role));
  json->Key("teams").StartArray();
  for (const std::string& team : caller.teams) json->String(team);
  json->EndArray().Key("via").String(caller.via);
}

HttpResponse SeeOther(const std::string& where, const std::string& cookie) {
  HttpResponse response = HttpResponse::Text(303, "");
  response.headers.emplace_back("Location", where);
  response.headers.emplace_back("Set-Cookie", cookie);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

StatusOr<HttpResponse> Login(const AccessApiDeps& deps, HttpRequest& request) {
  const SignIn given = TRY(ReadSignIn(request));
  AccessControl::LoginResult result = deps.access.Login(request, given.username, given.password);
  const std::string& prefix = deps.access.route_prefix();
  if (result.refusal) {
    if (!given.form) return *std::move(result.refusal);
    const auto json = ParseJson(result.refusal->body);
    return LoginPage(result.refusal->status, prefix, given.next,
                     json.ok() ? json->GetString("error") : "");
  }
  if (given.form) {
    const std::string next = SafeNext(given.next);
    return SeeOther(next == "/" ? prefix + "/" : next, result.cookie);
  }
  std::string body;
  JsonWriter json(&body);
  WriteCaller(result.caller, &json);
  json.EndObject();
  HttpResponse response = HttpResponse::Json(200, std::move(body));
  response.headers.emplace_back("Set-Cookie", result.cookie);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

StatusOr<HttpResponse> Logout(const AccessApiDeps& deps, HttpRequest& request) {
  const std::string cookie = deps.access.Logout(request);
  const std::string type = ToLower(request.Header("Content-Type"));
  if (type.starts_with("application/x-www-form-urlencoded")) {
    return SeeOther(deps.access.route_prefix() + "/", cookie);
  }
  HttpResponse response = HttpResponse::Empty();
  response.headers.emplace_back("Set-Cookie", cookie);
  return response;
}

StatusOr<HttpResponse> WhoAmI(const AccessApiDeps& deps, HttpRequest& request) {
  std::string body;
  JsonWriter json(&body);
  WriteCaller(request.caller, &json);
  json.Key("users_configured").Bool(deps.access.HasUsers()).EndObject();
  return HttpResponse::Json(200, std::move(body));
}

void WriteToken(const AccessToken& token, const std::string& secret, JsonWriter* json) {
  json->StartObject().Key("name").String(token.name);
  if (!secret.empty()) json->Key("token").String(secret);
  json->Key("prefix").String(token.prefix).Key("role").String(RoleText(token.role));
  json->Key("teams").StartArray();
  for (const std::string& team : token.teams) json->String(team);
  json->EndArray();
  if (token.IsFeed()) {
    json->Key("feed").StartObject().Key("schedule").String(token.feed_schedule);
    json->Key("user").String(token.feed_user).EndObject();
  }
  json->Key("created_by").String(token.created_by);
  WriteTime("created_at", token.created_at, json);
  WriteTime("expires_at", token.expires_at, json);
  WriteTime("last_used_at", token.last_used_at, json);
  json->EndObject();
}

StatusOr<std::string> TextOf(const JsonValue& value, const std::string& key) {
  if (value.kind == JsonValue::Kind::kString) return value.string;
  return InvalidArgument(fmt::format("body: {} must be a text", key));
}

StatusOr<std::vector<std::string>> TeamsOf(const JsonValue& value) {
  if (value.kind != JsonValue::Kind::kArray) {
    return InvalidArgument("body: teams must be a list of names");
  }
  std::vector<std::string> teams;
  for (const JsonValue& item : value.items) teams.push_back(TRY(TextOf(item, "a team")));
  return teams;
}

Status CheckName(const std::string& name) {
  bool good = !name.empty() && name.size() <= kMaxName && IsValidUtf8(name);
  for (const char c : name) good &= static_cast<unsigned char>(c) >= 0x20 && c != '/' && c != 0x7f;
  if (good) return absl::OkStatus();
  return InvalidArgument(
      "body: name: 1 to 128 bytes are wanted, without slashes and control characters");
}

StatusOr<AccessToken> ReadToken(HttpRequest& request, Nanos now) {
  const JsonValue json = TRY(ParseJson(TRY(request.ReadBody(kMaxBody))));
  if (json.kind != JsonValue::Kind::kObject) return InvalidArgument("body: an object is wanted");
  AccessToken token;
  for (const auto& [key, value] : json.members) {
    if (key == "name") {
      token.name = TRY(TextOf(value, key));
    } else if (key == "role") {
      const std::optional<Role> role = ParseRole(TRY(TextOf(value, key)));
      if (!role) return InvalidArgument("body: role: viewer, operator or admin is wanted");
      token.role = *role;
    } else if (key == "teams") {
      token.teams = TRY(TeamsOf(value));
    } else if (key == "expires_in") {
      const DurationMs lifetime = TRY(ParseDuration(TRY(TextOf(value, key))));
      if (lifetime <= 0 || lifetime > kLongestToken) {
        return InvalidArgument("body: expires_in must be longer than zero and at most 10y");
      }
      token.expires_at = now + lifetime * kNanosPerMilli;
    } else {
      return InvalidArgument(fmt::format("body: unknown key {}", Quote(key)));
    }
  }
  TRY(CheckName(token.name));
  return token;
}

ConfigRecorder Recorder(const AccessApiDeps& deps) {
  return [deps](const std::string& subject, const std::string& text, const Caller& by, Batch rows) {
    return deps.desk.Configure(ConfiguredBy(by, subject, text), std::move(rows),
                               deps.clock.NowNanos());
  };
}

StatusOr<HttpResponse> CreateToken(const AccessApiDeps& deps, HttpRequest& request) {
  const Nanos now = deps.clock.NowNanos();
  AccessToken token = TRY(ReadToken(request, now));
  const std::string name = token.name;
  const std::string secret =
      TRY(deps.tokens.Create(std::move(token), request.caller, now, Recorder(deps)));
  std::string body;
  JsonWriter json(&body);
  for (const AccessToken& made : deps.tokens.List()) {
    if (made.name == name) WriteToken(made, secret, &json);
  }
  HttpResponse response = HttpResponse::Json(201, std::move(body));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

StatusOr<HttpResponse> ListTokens(const AccessApiDeps& deps, HttpRequest&) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("tokens").StartArray();
  for (const AccessToken& token : deps.tokens.List()) WriteToken(token, "", &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> RevokeToken(const AccessApiDeps& deps, HttpRequest& request) {
  TRY(deps.tokens.Revoke(request.path_params.at("name"), request.caller, Recorder(deps)));
  return HttpResponse::Empty();
}

using Handler = StatusOr<HttpResponse> (*)(const AccessApiDeps&, HttpRequest&);
constexpr struct {
  const char* method;
  const char* pattern;
  Handler handler;
} kRoutes[] = {
    {"POST", "/outrider/v1/login", Login},
    {"POST", "/outrider/v1/logout", Logout},
    {"GET", "/outrider/v1/whoami", WhoAmI},
    {"GET", "/outrider/v1/tokens", ListTokens},
    {"POST", "/outrider/v1/tokens", CreateToken},
    {"DELETE", "/outrider/v1/tokens/:name", RevokeToken},
};

}  // namespace

AuditEvent ConfiguredBy(const Caller& caller, std::string subject, std::string text) {
  AuditEvent event;
  event.subject = std::move(subject);
  event.kind = AuditKind::kConfigured;
  event.who = caller.name.empty() ? "anonymous" : caller.name;
  event.channel = caller.via.empty() ? "api" : "api:" + caller.via;
  event.text = std::move(text);
  return event;
}

void RegisterAccessApi(Router& router, const AccessApiDeps& deps) {
  router.Add("GET", "/outrider/v1/login",
             [deps](HttpRequest&) { return LoginPage(200, deps.access.route_prefix(), "/", ""); });
  for (const auto& route : kRoutes) {
    router.Add(route.method, route.pattern,
               ProductRoute([deps, handler = route.handler](HttpRequest& request) {
                 return handler(deps, request);
               }));
  }
}

}  // namespace outrider
