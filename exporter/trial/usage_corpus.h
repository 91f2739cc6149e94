// SPDX-License-Identifier: Apache-2.0
// Series of use in files: every *.csv of a directory, lines `ts,value` with seconds since 1970 that
// rise and values that are not negative.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct UsageSeries {
  std::string name;  // with .csv
  std::vector<Timestamp> times;
  std::vector<double> values;
};

// By name. An empty directory and a line that cannot be are errors (file:line:column).
StatusOr<std::vector<UsageSeries>> ReadUsageCorpus(const std::string& directory);
// One file's text; `path` is for messages.
StatusOr<UsageSeries> ParseUsageFile(std::string_view text, const std::string& path);

}  // namespace outrider
