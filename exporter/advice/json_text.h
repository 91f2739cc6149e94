// SPDX-License-Identifier: Apache-2.0
// What a report adds up to, as JSON.
#pragma once

#include <optional>
#include <string>

#include "exporter/advice/report.h"
#include "storage/base/json.h"

namespace outrider {

// An object: currency, containers, without_data, dollars_per_month (`spend`; null: not known),
// savings_dollars_per_month, cpu_cores_change, memory_bytes_change, score, grade.
void WriteSummary(const AdviceTotals& totals, const std::optional<double>& spend,
                  const std::string& currency, JsonWriter* json);

// "shown_currency": what people are shown money in, where that is not the dollar: `code`, `rate`.
void WriteShownCurrency(const std::string& code, double rate, JsonWriter* json);

// `"summary":{…},"namespaces":[…]`: the members before the rows.
void WriteReportHead(const AdviceReport& report, JsonWriter* json);

}  // namespace outrider
