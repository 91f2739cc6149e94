// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/auth.h"

#include <algorithm>

#include "storage/base/json.h"

namespace outrider {
namespace {

constexpr std::string_view kOpenPaths[] = {"/-/healthy", "/-/ready", "/outrider/v1/login",
                                           "/outrider/v1/logout"};
// Whoever has the link or the provider's signature may call; the handlers check it.
constexpr std::string_view kOpenPrefixes[] = {"/outrider/v1/a/", "/outrider/v1/callbacks/"};

// Each is set by some proxy and by no client of ours.
constexpr std::string_view kProxyHeaders[] = {"Forwarded",           "Via",
                                              "X-Forwarded-For",     "X-Forwarded-Host",
                                              "X-Forwarded-Proto",   "X-Forwarded-Server",
                                              "X-Real-IP",           "X-Client-IP",
                                              "X-Cluster-Client-IP", "True-Client-IP",
                                              "CF-Connecting-IP"};

bool IsBelow(std::string_view path, std::string_view top) {
  return path == top || (path.starts_with(top) && path[top.size()] == '/');
}

bool IsOwnWrite(const HttpRequest& request) {
  if (IsOpenPath(request.route.empty() ? request.path : request.route)) return false;
  // URLs of webhooks are secrets: reading them needs the right too.
  if (IsBelow(request.path, "/api/v1/webhooks") || IsBelow(request.path, "/outrider/v1/tokens")) {
    return request.method != "OPTIONS";
  }
  // Fetching a heartbeat's URL is a beat.
  if (request.path.starts_with("/outrider/v1/heartbeats/")) return request.method != "OPTIONS";
  if (request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS")
    return false;
  return request.path.starts_with("/outrider/") || request.path == "/-/reload" ||
         request.path == "/api/v1/escalation-policies" ||
         request.path.starts_with("/api/v1/realtime/monitor/") ||
         request.path.starts_with("/api/v1/optimize/");
}

// `localhost`, an address, or the host of the external URL. Any other name may be one that its
// owner lets point at this machine, so that a page of theirs has our origin (DNS rebinding).
bool IsOurName(std::string_view host, std::string_view external_url) {
  const size_t scheme = external_url.find("://");
  std::string_view own = external_url.substr(scheme == external_url.npos ? 0 : scheme + 3);
  own = own.substr(0, own.find('/'));
  if (!host.empty() && host == own) return true;
  if (host.starts_with('[')) return true;
  const std::string_view name = host.substr(0, host.find(':'));
  return name == "localhost" || name.ends_with(".localhost") ||
         (!name.empty() && name.find_first_not_of("0123456789.") == name.npos);
}

bool IsForeignOrigin(const HttpRequest& request, const AuthOptions& options) {
  if (request.Header("Origin").empty()) return false;
  return IsForeignPage(request) || !IsOurName(request.Header("Host"), options.external_url);
}

HttpResponse Refuse(int status, std::string_view message) {
  std::string body;
  JsonWriter(&body).StartObject().Key("error").String(message).EndObject();
  return HttpResponse::Json(status, std::move(body));
}

}  // namespace

bool IsOpenPath(std::string_view route) {
  for (const std::string_view path : kOpenPaths) {
    if (route == path) return true;
  }
  for (const std::string_view prefix : kOpenPrefixes) {
    if (route.starts_with(prefix)) return true;
  }
  return false;
}

// A browser names the page's origin with every write; ours is the host it was sent to.
bool IsForeignPage(const HttpRequest& request) {
  const std::string origin = request.Header("Origin");
  if (origin.empty()) return false;
  const std::string host = request.Header("Host");
  return origin != "http://" + host && origin != "https://" + host;
}

bool IsLocalRequest(const HttpRequest& request) {
  return request.FromLoopback() && std::ranges::none_of(kProxyHeaders, [&](std::string_view name) {
           return request.HasHeader(name);
         });
}

Access JudgeAccess(const HttpRequest& request, const AuthOptions& options) {
  if (!IsOwnWrite(request)) return Access::kAllowed;
  if (IsForeignOrigin(request, options)) return Access::kForeignOrigin;
  if (options.allow_anonymous || IsLocalRequest(request)) return Access::kAllowed;
  return Access::kNeedsUser;
}

HttpGuard MakeAuthGuard(AuthOptions options) {
  return [options](HttpRequest& request) -> std::optional<HttpResponse> {
    switch (JudgeAccess(request, options)) {
      case Access::kAllowed:
        return std::nullopt;
      case Access::kForeignOrigin:
        return Refuse(403, "a page of another site must not change anything here");
      case Access::kNeedsUser:
        break;
    }
    HttpResponse response = Refuse(401,
                                   "no users are configured, so changes are accepted from this "
                                   "machine only: add a user with --web.config.file or "
                                   "start with --web.allow-anonymous");
    response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"outrider\"");
    return response;
  };
}

}  // namespace outrider
