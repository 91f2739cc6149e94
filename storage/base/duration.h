// SPDX-License-Identifier: Apache-2.0
// The two duration grammars of the configuration files, and times as text.
// Source: specs/prometheus.md §2.2, specs/alertmanager.md §1.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// Prometheus model.Duration: `1y2w3d4h5m6s7ms`, units strictly descending, each at most once, no
// fractions; `0` is allowed without a unit, empty is an error. Returns milliseconds.
StatusOr<DurationMs> ParseDuration(std::string_view text);
// Prints as Prometheus does: `1w`, `90d`, `1h30m`, `0s`; y and w only when exact.
std::string FormatDuration(DurationMs duration);
// Go time.ParseDuration: `1.5s`, `1h2m`, `-3ms`, `100us`; no days. Returns nanoseconds.
StatusOr<int64_t> ParseGoDuration(std::string_view text);

// RFC 3339 in UTC with up to nine fractional digits, none when zero: `2026-11-21T06:57:26.276Z`.
// The zero time (nanos == 0) prints as `0001-01-01T00:00:00Z`.
std::string FormatRfc3339(Nanos time, int offset_seconds = 0);
// Accepts any RFC 3339 time; `offset_seconds`, if given, receives the offset it was written with.
// Year 1 gives 0.
StatusOr<Nanos> ParseRfc3339(std::string_view text, int* offset_seconds = nullptr);
// Prometheus API times: float seconds or RFC 3339, rounded to milliseconds.
StatusOr<Timestamp> ParseApiTime(std::string_view text);
// Prometheus API durations: float seconds or `5m`.
StatusOr<DurationMs> ParseApiDuration(std::string_view text);

}  // namespace outrider
