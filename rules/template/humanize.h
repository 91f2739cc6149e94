// SPDX-License-Identifier: Apache-2.0
// Numbers for people, as Prometheus writes them. Source: specs/prometheus.md §4.
#pragma once

#include <string>

#include "rules/template/value.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

// A float, an int, a duration (in seconds) or a text that is a number.
StatusOr<double> NumberArg(const Value& value);

std::string Humanize(double v);            // 1234567 -> 1.235M
std::string Humanize1024(double v);        // 1048576 -> 1Mi
std::string HumanizePercentage(double v);  // 0.123 -> 12.3%
std::string HumanizeDuration(double seconds);
// Seconds since the epoch as Go's Time.String in UTC; NaN and infinities as %.4g.
StatusOr<std::string> HumanizeTimestamp(double seconds);
// Seconds since the epoch as a time; an error beyond what nanoseconds hold.
StatusOr<Time> ToTime(double seconds);

// Towards zero; what no int64 holds is the smallest one, as where Prometheus runs.
int64_t TruncateToInt(double value);

}  // namespace outrider::tmpl
