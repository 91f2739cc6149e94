// SPDX-License-Identifier: Apache-2.0
// From a rule's own view of an alert to the value that everybody downstream reads.
#pragma once

#include <string>

#include "rules/alerting/alert.h"
#include "rules/alerting/alert_rows.h"

namespace outrider {

// externalURL + /graph?g0.expr=<QueryEscape>&g0.tab=1
std::string GeneratorUrl(const std::string& external_url, const std::string& expr);

// The identity downstream: external labels are added where absent.
Labels ToldLabels(const Labels& labels, const Labels& external_labels);

// ends_at is set only when the alert is inactive.
Alert ToldAlert(const AlertRow& row, Timestamp ts);

}  // namespace outrider
