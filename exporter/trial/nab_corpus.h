// SPDX-License-Identifier: Apache-2.0
// A directory in the layout of the Numenta Anomaly Benchmark: data/<category>/<file>.csv with
// `timestamp,value`, and combined_windows.json with the labelled windows of each file.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct NabFile {
  std::string category;
  std::string name;  // with .csv
  std::vector<std::string> time_texts;
  std::vector<Timestamp> times;  // the texts read as UTC
  std::vector<std::string> value_texts;
  std::vector<double> values;
  std::vector<std::pair<size_t, size_t>> windows;  // first and last point
};

// All files below data/, by category and name. A file that is not in combined_windows.json, a
// window without a point and a line that is not `YYYY-MM-DD HH:MM:SS,number` are errors that name
// file and line (and column).
StatusOr<std::vector<NabFile>> ReadNabCorpus(const std::string& directory);

// One file's text; `path` is for messages. Windows are left empty.
StatusOr<NabFile> ParseNabFile(std::string_view text, const std::string& path);
// `2014-04-10 16:15:00` with optional fractions of a second, as UTC.
StatusOr<Timestamp> ParseNabTime(std::string_view text);

}  // namespace outrider
