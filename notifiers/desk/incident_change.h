// SPDX-License-Identifier: Apache-2.0
// What people do to an incident beside moving it from state to state; notifiers/incident/overlays.h
// says what each means.
#pragma once

#include <string>
#include <variant>

#include "notifiers/config/incidents_config.h"
#include "storage/base/clock.h"

namespace outrider {

struct AssignTo {
  std::string assignee;  // "": nobody
};
struct SetSeverity {
  Severity severity = Severity::kMedium;
};
struct SnoozeUntil {
  Nanos until = 0;
};
struct WakeUp {};
struct MergeInto {
  std::string incident_id;
};
struct Unmerge {};
struct ConfirmWork {};  // whoever acknowledged still works on it

using IncidentChange =
    std::variant<AssignTo, SetSeverity, SnoozeUntil, WakeUp, MergeInto, Unmerge, ConfirmWork>;

}  // namespace outrider
