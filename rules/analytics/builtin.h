// SPDX-License-Identifier: Apache-2.0
// The entries that are there without a file (design/contract.md "Analytics files").
#pragma once

#include <string>
#include <vector>

#include "rules/analytics/entry.h"

namespace outrider {

// workload_cpu, workload_memory, host_cpu, host_memory, host_disk.
std::vector<std::string> BuiltinEntryNames();
// Several kinds of analysis share a name. Compiled.
std::vector<Entry> BuiltinEntries();

}  // namespace outrider
