// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/auth.h"

#include "storage/base/json.h"

namespace outrider {
namespace {

bool IsOwnWrite(const HttpRequest& request) {
  if (request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS")
    return false;
  return request.path.starts_with("/outrider/") || request.path == "/-/reload" ||
         request.path.starts_with("/api/v1/realtime/monitor/") ||
         request.path.starts_with("/api/v1/optimize/") ||
         request.path == "/api/v1/webhooks" || request.path.starts_with("/api/v1/webhooks/");
}

bool IsLocal(const HttpRequest& request) {
  return request.FromLoopback() && !request.HasHeader("Forwarded") &&
         !request.HasHeader("X-Forwarded-For");
}

// A browser names the page's origin with every write; ours is the host it was sent to.
bool IsForeignOrigin(const HttpRequest& request) {
  const std::string origin = request.Header("Origin");
  if (origin.empty()) return false;
  const std::string host = request.Header("Host");
  return origin != "http://" + host && origin != "https://" + host;
}

HttpResponse Refuse(int status, std::string_view message) {
  std::string body;
  JsonWriter(&body).StartObject().Key("error").String(message).EndObject();
  return HttpResponse::Json(status, std::move(body));
}

}  // namespace

Access JudgeAccess(const HttpRequest& request, const AuthOptions& options) {
  if (!IsOwnWrite(request)) return Access::kAllowed;
  if (IsForeignOrigin(request)) return Access::kForeignOrigin;
  if (options.allow_anonymous || IsLocal(request)) return Access::kAllowed;
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
