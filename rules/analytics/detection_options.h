// SPDX-License-Identifier: Apache-2.0
// The keys of an anomaly entry: its detector and how a series is judged (docs/analytics.md
// "Anomalies").
#pragma once

#include "rules/analytics/entry.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// Reads entry->detector, detection and peer_labels; entry->kind is known. Errors stay with the
// reader. Forecasts may carry `detector`, which is their model, and `threshold`, so that
// one schema fits all (contract.md); the rest is refused there.
void ReadDetection(YamlReader& reader, Entry* entry);

}  // namespace outrider
