// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/lifecycle.h"

#include <fmt/format.h>

namespace outrider {
namespace {

bool IsWrite(std::string_view path) {
  return path == "/api/v1/write" || path == "/api/v1/otlp/v1/metrics";
}

// What a client asks while it waits.
bool IsProgress(std::string_view path) {
  return path == "/api/v1/status/walreplay" || path == "/api/v1/notifications";
}

bool Queries(std::string_view path) {
  return path == "/graph" || (path.starts_with("/api/v1/") && !IsWrite(path) && !IsProgress(path));
}

HttpResponse Ready(const LifecycleDeps& deps) {
  if (deps.ready()) return HttpResponse::Text(200, "Outrider is Ready.\n");
  return HttpResponse::Text(503, "Service Unavailable\n");
}

HttpResponse Reload(const LifecycleDeps& deps, const HttpRequest& request) {
  const Status status = deps.reload(request);
  if (status.ok()) return HttpResponse::Text(200, "");
  return HttpResponse::Text(500, fmt::format("failed to reload config: {}\n", Message(status)));
}

}  // namespace

void RegisterLifecycle(Router& router, const LifecycleDeps& deps) {
  router.Add("GET", "/-/healthy",
             [](HttpRequest&) { return HttpResponse::Text(200, "Outrider is Healthy.\n"); });
  router.Add("GET", "/-/ready", [deps](HttpRequest&) { return Ready(deps); });
  for (const char* method : {"POST", "PUT"}) {
    router.Add(method, "/-/reload", [deps](HttpRequest& request) { return Reload(deps, request); });
  }
}

HttpGuard MakeReadyGuard(std::function<bool()> ready) {
  return [ready = std::move(ready)](HttpRequest& request) -> std::optional<HttpResponse> {
    if (!Queries(request.path) || ready()) return std::nullopt;
    HttpResponse response = HttpResponse::Text(503, "Service Unavailable\n");
    response.headers.emplace_back("Retry-After", "1");
    return response;
  };
}

}  // namespace outrider
