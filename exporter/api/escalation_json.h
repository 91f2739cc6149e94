// SPDX-License-Identifier: Apache-2.0
// Escalations and their policies as JSON.
#pragma once

#include "notifiers/desk/escalation_views.h"
#include "storage/base/json.h"

namespace outrider {

void WriteEscalationView(const EscalationView& view, JsonWriter* json);
void WritePolicyView(const PolicyView& view, JsonWriter* json);

}  // namespace outrider
