// SPDX-License-Identifier: Apache-2.0
// What starts and reloads leave in the audit trail: who asked, which files changed, how many of
// what there were and are, or why it was refused. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "exporter/daemon/loader.h"
#include "exporter/daemon/source_files.h"
#include "notifiers/incident/audit.h"

namespace outrider {

// Who wants a reload and why.
struct ReloadReason {
  bool asked = true;               // false: files changed
  std::string who;                 // "" : a signal, or the files
  std::string channel = "signal";  // signal, files, api, api:token …
};

// How many rules, receivers, users … the files have, by name.
using LoadCounts = std::map<std::string, size_t>;
LoadCounts CountsOf(const LoadedFiles& files, size_t web_users);

// Paths of files that are new, gone, or have another text.
std::vector<std::string> ChangedFiles(const SourceFiles& before, const SourceFiles& after);

// Of the subject `configuration`. Counts that changed stand in the data by their name, as
// `before>after`, and in the text.
AuditEvent ReloadEvent(const std::string& config_file, const ReloadReason& reason,
                       const std::vector<std::string>& changed_files, const LoadCounts& before,
                       const LoadCounts& after);

// The same of one that was refused, and why.
AuditEvent RefusedEvent(const std::string& config_file, const ReloadReason& reason,
                        const std::string& error);

// Of the subject `daemon`: what runs from now on.
AuditEvent StartEvent(const std::string& config_file, const std::string& version,
                      const LoadCounts& counts);

}  // namespace outrider
