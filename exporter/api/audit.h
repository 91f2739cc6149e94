// SPDX-License-Identifier: Apache-2.0
// The audit trail for the outside: exported, and checked.
#pragma once

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"

namespace outrider {

//   GET  /outrider/v1/audit          one JSON object a line; `from`, `to` (seconds or RFC 3339),
//                                    `subject`, `kind`, `by` choose
//   POST /outrider/v1/state/verify   {"events": n, "intact": true}, or false with the first row
//   that
//                                    was tampered with
// The desk outlives the router.
void RegisterAuditApi(Router& router, const Desk& desk);

}  // namespace outrider
