// SPDX-License-Identifier: Apache-2.0
// Alerts that the desk raises itself: a heartbeat that is missing or says that a check fails, a
// schedule with a gap. They go the way of all alerts: routes, silences, incidents.
#pragma once

#include "notifiers/desk/transaction.h"
#include "notifiers/incident/own_alert_names.h"

namespace outrider {

// It fires; one that fires already gets the new texts. Returns its fingerprint.
uint64_t RaiseAlert(Transaction& tx, const Labels& labels, const Annotations& annotations,
                    Nanos now);
// It is over; one that is not known or over already stays as it is.
void EndAlert(Transaction& tx, uint64_t fingerprint, Nanos now);
// Where an incident comes from that such an alert opens; every other alert: kAlerts, or what the
// rule says (kSourceAnnotation).
IncidentSource SourceOf(const Labels& alert);

}  // namespace outrider
