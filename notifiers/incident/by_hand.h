// SPDX-License-Identifier: Apache-2.0
// Incidents that no alert opened: by a person, or by the daemon for something that it watches.
#pragma once

#include <optional>
#include <string>

#include "notifiers/incident/decisions.h"

namespace outrider {

struct NewIncident {
  std::string title;
  std::string summary;
  std::optional<Severity> severity;  // none: that of the label severity, else the default one
  Labels labels;       // `alertname` becomes the title where it is missing, for templates
  std::string policy;  // of an escalation; "": chosen as for an alert with these labels
  IncidentSource source = IncidentSource::kHand;
};
inline constexpr size_t kMaxTitle = 256;  // bytes

// Opened like any other: clocks run, people are paged. Its key is its own, so that no alert joins
// it, and the end of an alert that was merged into it does not resolve it. InvalidArgument: no
// title, too long a one, an unknown policy.
StatusOr<IncidentDecision> OpenNewIncident(const IncidentsConfig& config, std::string id,
                                           const NewIncident& wanted, const Actor& actor,
                                           Nanos now);

}  // namespace outrider
