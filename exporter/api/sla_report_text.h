// SPDX-License-Identifier: Apache-2.0
// The SLA report as JSON, CSV and Markdown; and where it is asked for.
#pragma once

#include <string>

#include "exporter/api/incidents.h"
#include "notifiers/incident/report.h"

namespace outrider {

std::string SlaReportJson(const SlaReport& report);
// RFC 4180, a header line, times in UTC, seconds with fractions; the last line is the total.
std::string SlaReportCsv(const SlaReport& report);
// A table per clock.
std::string SlaReportMarkdown(const SlaReport& report);

// GET /outrider/v1/sla/report; part of RegisterSlaApi.
void RegisterSlaReport(Router& router, const IncidentsApiDeps& deps);

}  // namespace outrider
