// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/route_roles.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(RouteRoles, WhatARouteNeeds) {
  const struct {
    const char* method;
    const char* route;
    Role expected;
  } kCases[] = {
      {"GET", "/-/healthy", Role::kNone},
      {"GET", "/-/ready", Role::kNone},
      {"POST", "/-/reload", Role::kAdmin},
      {"PUT", "/-/reload", Role::kAdmin},
      {"GET", "/outrider/v1/a/:token", Role::kNone},
      {"POST", "/outrider/v1/a/:token", Role::kNone},
      {"POST", "/outrider/v1/callbacks/slack", Role::kNone},
      {"POST", "/outrider/v1/login", Role::kNone},
      {"POST", "/outrider/v1/logins", Role::kOperator},
      {"GET", "/outrider/v1/audit", Role::kViewer},
      {"GET", "/", Role::kViewer},
      {"GET", "/metrics", Role::kViewer},
      {"HEAD", "/metrics", Role::kViewer},
      {"GET", "/api/v1/query", Role::kViewer},
      {"POST", "/api/v1/query", Role::kViewer},
      {"POST", "/api/v1/read", Role::kViewer},
      {"PUT", "/api/v1/query", Role::kOperator},
      {"POST", "/api/v1/write", Role::kOperator},
      {"POST", "/api/v2/alerts", Role::kOperator},
      {"POST", "/api/v2/silences", Role::kOperator},
      {"DELETE", "/api/v2/silence/:id", Role::kOperator},
      {"GET", "/api/v1/webhooks", Role::kOperator},
      {"GET", "/api/v1/webhooks/:id/logs", Role::kOperator},
      {"POST", "/outrider/v1/incidents/:id/acknowledge", Role::kOperator},
      {"GET", "/outrider/v1/tokens", Role::kAdmin},
      {"DELETE", "/outrider/v1/tokens/:name", Role::kAdmin},
      {"GET", "/outrider/v1/users", Role::kViewer},
      {"PUT", "/outrider/v1/users/:name", Role::kAdmin},
      {"POST", "/outrider/v1/oncall/schedules", Role::kAdmin},
      {"DELETE", "/outrider/v1/oncall/schedules/:name", Role::kAdmin},
      {"POST", "/outrider/v1/oncall/schedules/:name/overrides", Role::kOperator},
      {"DELETE", "/outrider/v1/oncall/schedules/:name/overrides/:id", Role::kOperator},
      {"POST", "/outrider/v1/oncall/schedules/:name/swaps", Role::kOperator},
      {"POST", "/outrider/v1/policies", Role::kAdmin},
      {"POST", "/api/v1/escalation-policies", Role::kAdmin},
      {"GET", "/api/v1/escalation-policies", Role::kViewer},
      {"POST", "/outrider/v1/escalation/preview", Role::kViewer},
      {"POST", "/outrider/v1/users/:name/contacts/:method/verify/start", Role::kOperator},
      {"POST", "/outrider/v1/answers/rotate", Role::kAdmin},
      {"PATCH", "/something/new", Role::kOperator},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(NeededRole(c.method, c.route), c.expected) << c.method << " " << c.route;
  }
}

TEST(RouteRoles, IngestionIsNotLimited) {
  EXPECT_TRUE(IsUnlimited("POST", "/api/v1/write"));
  EXPECT_TRUE(IsUnlimited("POST", "/api/v2/alerts"));
  EXPECT_TRUE(IsUnlimited("GET", "/metrics"));
  EXPECT_FALSE(IsUnlimited("GET", "/api/v2/alerts"));
  EXPECT_FALSE(IsUnlimited("GET", "/api/v1/query"));
}

}  // namespace
}  // namespace outrider
