// SPDX-License-Identifier: Apache-2.0
// The files a configuration is made of, and what stands in them: what decides whether there is
// something to reload.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "exporter/daemon/config.h"

namespace outrider {

struct SourceFiles {
  std::vector<std::string> patterns;            // paths and globs
  std::map<std::string, std::string> contents;  // by path: a hash of its text; "" if unreadable
};

// Those of `config_file` as it is now: itself, rule files, bundles, analytics, the Alertmanager
// configuration with its templates, incidents with its calendars. When it cannot be read or parsed:
// itself and `known`, those of before. "": none.
std::vector<std::string> SourcePatterns(const std::string& config_file,
                                        std::span<const std::string> known);
// What the patterns match, read and hashed.
SourceFiles ReadSources(std::vector<std::string> patterns);

// Whether one of the names, without directories, is that of a file they match, or that a
// link they match leads to.
bool AnyIsSource(const std::set<std::string>& names, std::span<const std::string> patterns);

// The directories to watch so that no change of what the patterns match is missed: those of the
// files, those that globs of directories look into, those that hold a symbolic link on the way, and
// those the links lead to. One that does not exist is stood for by the nearest that does.
std::set<std::string> DirectoriesOf(std::span<const std::string> patterns);

}  // namespace outrider
