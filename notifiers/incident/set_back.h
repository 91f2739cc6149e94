// SPDX-License-Identifier: Apache-2.0
// When the clock on the wall was set back, what is measured since a moment would stand still until
// the clock has caught up. So the moments of an incident move back with it: what has passed since
// them stays what it was. What was written down stays: the audit trail, and until when an incident
// is snoozed.
#pragma once

#include "notifiers/incident/incident.h"

namespace outrider {

// Clocks that count by a calendar go on from what they had counted, whatever the calendar says of
// the time that they are moved to. `now`: what the clock shows since.
void SetBack(int64_t by, Nanos now, Incident* incident);

}  // namespace outrider
