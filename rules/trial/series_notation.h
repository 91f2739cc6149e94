// SPDX-License-Identifier: Apache-2.0
// The notation for test series: `metric{a="b"} 0+10x5 _ stale`. Source: specs/prometheus.md §2.5.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/status.h"
#include "storage/model/labels.h"

namespace outrider {

struct SequenceValue {
  bool omitted = false;    // `_`
  bool histogram = false;  // a {{…}} literal: recognised, its content is not kept
  double value = 0;
};

struct SeriesLine {
  Labels labels;
  bool start_times = false;  // `metric@st …`: start timestamps, values are not kept
  std::vector<SequenceValue> values;
};

// `_`, `_x3`, `1`, `1x3` (4 times), `1+2x3` (4 values), `1-2x3`, `stale`, `{{…}}` with x and +
// alike. The whole text may give at most a million values.
StatusOr<std::vector<SequenceValue>> ParseSequence(std::string_view text);
// A metric and its sequence; `{}` is the metric without labels.
StatusOr<SeriesLine> ParseSeriesLine(std::string_view line);

}  // namespace outrider
