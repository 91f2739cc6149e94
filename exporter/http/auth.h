// SPDX-License-Identifier: Apache-2.0
// Who may call, as long as no users are configured (contract.md "Who may call"): everything from
// this machine; from elsewhere what is open in Prometheus and Alertmanager. Our own writes need a
// user or --web.allow-anonymous.
#pragma once

#include <string>
#include <string_view>

#include "exporter/http/server.h"

namespace outrider {

struct AuthOptions {
  bool allow_anonymous = false;
  std::string external_url;  // pages below it are ours
};

enum class Access {
  kAllowed,
  kNeedsUser,      // 401
  kForeignOrigin,  // 403: a web page of another site drives a browser that can reach us
};

// Whether a route (or path) asks nobody who they are: health checks, signing in, and what brings a
// proof of its own: links that answer pages and callbacks of providers.
bool IsOpenPath(std::string_view route);

// A web page of another site drives the browser: its origin is not the host it was sent to.
bool IsForeignPage(const HttpRequest& request);

// From this machine, and not passed on by a proxy on it that says so in a header (Forwarded, Via,
// X-Forwarded-…, X-Real-IP and their like). One that adds none cannot be told from a local client.
bool IsLocalRequest(const HttpRequest& request);

// Pure. Our own writes: everything below /api/v1/webhooks (URLs of webhooks are secrets) and
// /outrider/v1/tokens, other methods than GET and HEAD below /outrider/ (but for IsOpenPath),
// /api/v1/optimize/ and /api/v1/realtime/monitor/, /api/v1/escalation-policies, and /-/reload. From
// this machine: IsLocalRequest. A page is ours when its origin is the host it was sent to, and that
// is `localhost`, an address or the external URL's host.
Access JudgeAccess(const HttpRequest& request, const AuthOptions& options);

HttpGuard MakeAuthGuard(AuthOptions options);

}  // namespace outrider
