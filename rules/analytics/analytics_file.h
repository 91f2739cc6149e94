// SPDX-License-Identifier: Apache-2.0
// Reads analytics files. Source: design/contract.md "Analytics files", docs/analytics.md.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/analytics/entry.h"
#include "storage/base/status.h"

namespace outrider {

struct AnalyticsFile {
  std::vector<Entry> entries;
  std::map<std::string, bool> builtin_entries;  // name -> wanted
  size_t objectives = 0;                        // entries that were passed over
};

// Entries `kind: slo` are passed over (rules/slo/slo_file.h). Errors of YAML and schema name
// `file:line:column`. An expression that does not parse is no error here: its entry carries `error`
// (with its place) and nothing compiled, so that a daemon can go on without it and a checker can
// refuse it.
StatusOr<AnalyticsFile> ParseAnalyticsFile(std::string_view text, const std::string& file,
                                           const promql::ParseOptions& promql = {});

// The built-in entries that are wanted, then those of the files. An entry of a file takes the place
// of a built-in one of its name. Fails if two files have an entry of the same name and kind.
StatusOr<std::vector<Entry>> CombineEntries(const std::vector<AnalyticsFile>& files);

}  // namespace outrider
