// SPDX-License-Identifier: Apache-2.0
// Runs files of the PromQL test language: load, clear, eval. Source: specs/prometheus.md §2.4 and
// §2.5.
//
// Each eval is one case: the query as written, the same query with every selector pinned by @ at
// several other times, and each of those once more as the middle of a range query. A case fails
// when any of these disagrees.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct PromqlTestReport {
  int passed = 0;
  int failed = 0;
  std::vector<std::string> messages;  // one per failed case, `file:line: …`
};

// An error only when the file cannot be read or is not of this language.
StatusOr<PromqlTestReport> RunPromqlTestFile(const std::string& path, const Clock& clock);
StatusOr<PromqlTestReport> RunPromqlTest(std::string_view text, const std::string& name,
                                         const Clock& clock);

}  // namespace outrider
