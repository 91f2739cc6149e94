// SPDX-License-Identifier: Apache-2.0
// OpenSLO's alert policies and conditions as alerts over the burn rate of one window.
#pragma once

#include "rules/slo/openslo_objects.h"

namespace outrider {

// `policies`: the list alertPolicies of an SLO; references or objects written inline.
Status ReadOpenSloAlerts(const YamlNode& policies, const OpenSloObjects& objects,
                         SloReading* reading, SloSpec* spec);

}  // namespace outrider
