// SPDX-License-Identifier: Apache-2.0
// Go's time package as templates see it: layouts, zones, durations as text, and the methods of
// times.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rules/template/value.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

// Time.Format with a Go layout ("2006-01-02 15:04:05.999 -0700 MST").
std::string FormatTime(const Time& time, std::string_view layout);
// time.Parse with a Go layout; a text without a zone is UTC.
StatusOr<Time> ParseTime(std::string_view layout, std::string_view text);
// Time.String: "2006-01-02 15:04:05.999999999 -0700 MST".
std::string TimeText(const Time& time);
// Duration.String: 1h2m3.5s, 250ms, 0s.
std::string DurationText(int64_t nanos);
// The same instant in an IANA zone, "UTC" or "Local" (which is UTC here).
StatusOr<Time> InZone(const Time& time, const std::string& zone);

// A method of time.Time or time.Duration (.Format .Unix .UTC .Sub .Add .Hours …), bound to the
// receiver; nothing for another name or receiver.
std::optional<Function> FindTimeMethod(const Value& receiver, std::string_view name);

}  // namespace outrider::tmpl
