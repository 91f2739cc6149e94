// SPDX-License-Identifier: Apache-2.0
// Links in messages: who has one may do what it says, until it expires, without logging in.
#pragma once

#include <string>

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"

namespace outrider {

struct AnswerLinksDeps {
  Desk& desk;
  const Clock& clock;
};

//   GET  /outrider/v1/a/:token        a page with the button; changes nothing, because mail
//                                     scanners follow links
//   POST /outrider/v1/a/:token        acts. 200 done (again is fine), 409 somebody was faster,
//                                     403 not signed here, 410 expired, 404 forgotten
//   POST /outrider/v1/answers/rotate  another key signs from now on; `revoke=true` voids what the
//                                     old one has signed
// What `deps` refers to outlives the router.
void RegisterAnswerLinks(Router& router, const AnswerLinksDeps& deps);

}  // namespace outrider
