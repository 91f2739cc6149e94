// SPDX-License-Identifier: Apache-2.0
// The order of alerts in a notification and of a group's alerts in the API: by job, by instance,
// then by all labels. Alerts without a job (an instance) come after those with one. What
// `max_alerts` leaves out depends on it. Source: specs/alertmanager.md §2 "Flush", compared with
// 0.25 by tests/e2e/am_differential_test.py.
#pragma once

#include "storage/model/labels.h"

namespace outrider {

// The one with fewer labels first, then name by name, where the set that lacks the smaller name
// comes first. Groups are listed in this order of their labels.
bool LabelSetBefore(const Labels& a, const Labels& b);

bool AlertBefore(const Labels& a, const Labels& b);

}  // namespace outrider
