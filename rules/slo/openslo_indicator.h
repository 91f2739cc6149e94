// SPDX-License-Identifier: Apache-2.0
// OpenSLO's SLI: where the events of an objective come from.
#pragma once

#include "rules/slo/openslo_objects.h"

namespace outrider {

struct OpenSloIndicator {
  SloPart part;
  bool threshold = false;  // a thresholdMetric: the objective says op and value
};

// `holder` has `indicator` or `indicatorRef`.
StatusOr<OpenSloIndicator> ReadOpenSloIndicator(const YamlNode& holder,
                                                const OpenSloObjects& objects,
                                                const SloReading& reading, SloSpec* spec);

}  // namespace outrider
