// SPDX-License-Identifier: Apache-2.0
// On call, checked ahead: where nobody is within the next 14 days, and who is but cannot be
// reached. Each is an alert that ends by itself when the gap is filled. Checked after a start,
// after every reload and once a day. Source: specs/incidents_oncall_slo.md §2.2.
#pragma once

#include "notifiers/desk/transaction.h"

namespace outrider {

void OnOnCallCheck(Transaction& tx, Nanos due);
// After a start or a reload: the check is due now.
void SettleOnCallChecks(Transaction& tx, Nanos now);

}  // namespace outrider
