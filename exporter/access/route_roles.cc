// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/route_roles.h"

#include <algorithm>

#include "exporter/http/auth.h"

namespace outrider {
namespace {

bool IsBelow(std::string_view route, std::string_view top) {
  return route == top || (route.starts_with(top) && route[top.size()] == '/');
}

// Sent by POST because they are long; they change nothing.
constexpr std::string_view kReadsByPost[] = {"/api/v1/query",
                                             "/api/v1/query_range",
                                             "/api/v1/query_exemplars",
                                             "/api/v1/format_query",
                                             "/api/v1/parse_query",
                                             "/api/v1/series",
                                             "/api/v1/labels",
                                             "/api/v1/read",
                                             "/api/chat/query",
                                             "/outrider/v1/state/verify",
                                             "/outrider/v1/escalation/preview"};

// Whoever may write there decides who is paged and who may call.
constexpr std::string_view kConfigured[] = {"/outrider/v1/users",
                                            "/outrider/v1/teams",
                                            "/outrider/v1/oncall/schedules",
                                            "/outrider/v1/policies",
                                            "/outrider/v1/answers",
                                            "/api/v1/escalation-policies",
                                            "/-/reload"};

// Below those, what people on call do every day.
constexpr std::string_view kDaily[] = {
    "/outrider/v1/oncall/schedules/:name/overrides", "/outrider/v1/oncall/schedules/:name/swaps",
    "/outrider/v1/oncall/schedules/:name/temporary", "/outrider/v1/users/:name/contacts"};

// Not even to be read by everybody.
constexpr std::string_view kSecret[] = {"/outrider/v1/tokens"};
constexpr std::string_view kHooks = "/api/v1/webhooks";  // their URLs are secrets

// Fetching it is a beat.
constexpr std::string_view kBeat = "/outrider/v1/heartbeats/:name";

constexpr std::string_view kUnlimited[] = {"/-/healthy", "/-/ready", "/metrics", "/api/v1/write",
                                           "/api/v1/otlp/v1/metrics"};

template <typename List>
bool AnyAbove(const List& list, std::string_view route) {
  return std::ranges::any_of(list, [&](std::string_view top) { return IsBelow(route, top); });
}

}  // namespace

Role NeededRole(std::string_view method, std::string_view route) {
  if (IsOpenPath(route)) return Role::kNone;
  if (AnyAbove(kSecret, route)) return Role::kAdmin;
  if (IsBelow(route, kHooks)) return Role::kOperator;
  if (IsBeat(route)) return Role::kOperator;
  if (method == "GET" || method == "HEAD") return Role::kViewer;
  if (method == "POST" && std::ranges::find(kReadsByPost, route) != std::end(kReadsByPost)) {
    return Role::kViewer;
  }
  if (AnyAbove(kDaily, route)) return Role::kOperator;
  return AnyAbove(kConfigured, route) ? Role::kAdmin : Role::kOperator;
}

bool IsBeat(std::string_view route) { return route == kBeat; }

bool IsUnlimited(std::string_view method, std::string_view route) {
  if (method == "POST" && route == "/api/v2/alerts") return true;
  return std::ranges::find(kUnlimited, route) != std::end(kUnlimited);
}

}  // namespace outrider
