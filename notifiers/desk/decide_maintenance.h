// SPDX-License-Identifier: Apache-2.0
// Maintenance windows: a pause, no loss. While all firing alerts of an incident lie in one, nobody
// is paged for it and its clocks stand still; routes tell of such alerts when it is over.
#pragma once

#include <string>
#include <vector>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/transaction.h"

namespace outrider {

// The windows that are configured or were made by the API, and not yet over. Pointers hold until
// the transaction changes.
std::vector<const MaintenanceWindow*> MaintenanceWindows(const Transaction& tx);
// The name of a window that holds at `now` and matches; "" : none.
std::string InMaintenance(const Transaction& tx, const Labels& alert, Nanos now);
// The same for an incident, if all its firing alerts lie in one: that of the first.
std::string IncidentMaintenance(const Transaction& tx, const Incident& incident, Nanos now);

// InvalidArgument: the end is past. AlreadyExists: the name is taken.
Status AddMaintenance(Transaction& tx, const MaintenanceWindow& window, const HumanAction& by,
                      Nanos now);
// NotFound, or FailedPrecondition: it is one of the file.
Status EndMaintenance(Transaction& tx, const std::string& name, const HumanAction& by, Nanos now);
void OnMaintenanceEdge(Transaction& tx, const std::string& name, Nanos due);
// After a start or a reload: timers and pauses as the windows are now.
void SettleMaintenance(Transaction& tx, Nanos now);
// Stops or continues the clocks of an incident that is about to be stored.
void PauseInMaintenance(const Transaction& tx, IncidentDecision* decision, Nanos now);

}  // namespace outrider
