// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/users/:name/contacts: contact methods of people, and whether they are theirs.
#pragma once

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"

namespace outrider {

// All outlive the router.
struct ContactsApiDeps {
  Desk& desk;
  const Clock& clock;
};

//   GET  /outrider/v1/users/:name/contacts
//   POST /outrider/v1/users/:name/contacts/:method/verify/start
//   POST /outrider/v1/users/:name/contacts/:method/verify/confirm   {code}
// `:method` is "email[0]", "sms" …
void RegisterContactsApi(Router& router, const ContactsApiDeps& deps);

}  // namespace outrider
