// SPDX-License-Identifier: Apache-2.0
// Signing in and out, and the tokens of programs.
#pragma once

#include "exporter/access/access_control.h"
#include "exporter/access/token_store.h"
#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"

namespace outrider {

// All outlive the router.
struct AccessApiDeps {
  AccessControl& access;
  TokenStore& tokens;
  Desk& desk;
  const Clock& clock;
};

//   GET    /outrider/v1/login          the page to sign in with
//   POST   /outrider/v1/login          {username, password}, or the same as a form, which leads on
//   POST   /outrider/v1/logout
//   GET    /outrider/v1/whoami         the caller, their role and teams
//   GET    /outrider/v1/tokens         without their secrets
//   POST   /outrider/v1/tokens         {name, role, teams, expires_in}: shows the token, once
//   DELETE /outrider/v1/tokens/:name
void RegisterAccessApi(Router& router, const AccessApiDeps& deps);

// A caller's name for the audit trail, and by what way they called.
AuditEvent ConfiguredBy(const Caller& caller, std::string subject, std::string text);

}  // namespace outrider
