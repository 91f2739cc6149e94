// SPDX-License-Identifier: Apache-2.0
// One expression of an objective, and how its events are counted exactly.
//
// An expression counts events by counters: `sum(rate(errors_total[{{.window}}]))`, `rate(x[5m])`,
// `increase(x[1h])`, or the bare counters `sum(errors_total)`. What is wanted is not a rate over
// some window but the events since the last look. So, in the way kCounted, the engine is shown, in
// place of each counter, what it grew by since the last look (counter_book.h), and the same PromQL
// adds, joins and filters it. Resets are handled per series, before any sum; every sample counts
// once.
//
// Expressions that are more than that (functions of ranges other than rate and increase, offset,
// subqueries, different ranges, gauges, what does not add up: counted_form.h) are kSampled:
// evaluated every minute with a window of five minutes and integrated. See docs/slo.md "How events
// are counted".
#pragma once

#include <string>
#include <string_view>

#include "rules/promql/engine.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

enum class SloCounting { kCounted, kSampled };

// Windows that stand for {{.window}}. A power of two of seconds, so that the rate over it times its
// length is the increase to the last bit.
inline constexpr DurationMs kCountedRange = 256 * kSecond;
inline constexpr DurationMs kSampledRange = 5 * kMinute;

struct SloQuery {
  std::string text;  // as written
  SloCounting counting = SloCounting::kSampled;
  bool raw_counters = false;         // as it was compiled with
  promql::Expression expr;           // with the window of `counting` put in
  promql::Expression sampled;        // the same with kSampledRange
  bool ranged = false;               // reads counters through rate() or increase()
  double scale = 1;                  // kCounted: value × scale = events since the last look
  double sampled_events_second = 1;  // kSampled: value × this × seconds = events
  // Empty, or why a value cannot be turned into events: it adds up over several ranges.
  std::string no_events = {};
};

// `raw_counters`: selectors outside of rate() and increase() are counters (they count by their
// growth); else they are gauges, read as they are. Errors have PromQL's text.
StatusOr<SloQuery> CompileSloQuery(std::string_view text, bool raw_counters,
                                   const promql::ParseOptions& options);

// A ratio written as a division or 1 minus a division, as its two sides: `a / b` (bad by all),
// `1 - a / b` (good by all). Sums of events need both; of anything else nothing is known but the
// ratio.
struct SplitRatio {
  bool split = false;
  bool good = false;  // `upper` counts the good events
  std::string upper;
  std::string lower;
};
SplitRatio SplitErrorRatio(std::string_view text, const promql::ParseOptions& options);

// `text` with its {{.window}} replaced; any other template action is an error.
StatusOr<std::string> PutWindow(std::string_view text, std::string_view window);

}  // namespace outrider
