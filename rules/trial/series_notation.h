// SPDX-License-Identifier: Apache-2.0
// The notation for test series: `metric{a="b"} 0+10x5 _ stale`. Source: specs/prometheus.md §2.5.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/native_histogram.h"

namespace outrider {

struct SequenceValue {
  bool omitted = false;  // `_`
  double value = 0;
  std::shared_ptr<const NativeHistogram> histogram{};  // of a {{…}} literal; nullptr: a float
  bool hint_written = false;                           // the literal names a counter_reset_hint
};

struct SeriesLine {
  Labels labels;
  // `metric@st …`: the start times of the next line's samples, milliseconds from each one's time.
  bool start_times = false;
  std::vector<SequenceValue> values;
};

// `_`, `_x3`, `1`, `1x3` (4 times), `1+2x3` (4 values), `1-2x3`, `stale`, `{{…}}` with x, + and -
// alike. The whole text may give at most a million values.
StatusOr<std::vector<SequenceValue>> ParseSequence(std::string_view text);
// The same of durations: `_`, `-1m`, `-1mx3`, `-1m-30sx3`; values in milliseconds.
StatusOr<std::vector<SequenceValue>> ParseStartTimes(std::string_view text);
// A metric and its sequence; `{}` is the metric without labels.
StatusOr<SeriesLine> ParseSeriesLine(std::string_view line);

}  // namespace outrider
