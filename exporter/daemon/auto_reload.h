// SPDX-License-Identifier: Apache-2.0
// Reloads when a file of the configuration has changed: looks when the watch reports something and
// things have become quiet, and every half minute for file systems that report nothing. What
// decides is the text of the files: a touch reloads nothing, and a text that could not be loaded is
// not tried again. One that failed for another reason is, every half minute.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/daemon/file_watch.h"
#include "storage/base/clock.h"

namespace outrider {

// So long nothing may have moved before a reload; but after so long it is tried anyway.
inline constexpr DurationMs kReloadQuiet = 500;
inline constexpr DurationMs kReloadPatience = 5 * kSecond;
inline constexpr DurationMs kReloadLookEvery = 30 * kSecond;

struct AutoReloadSeams {
  FileWatch& watch;
  const Clock& clock;
  std::function<bool()> enabled;                       // may change with a reload
  std::function<std::vector<std::string>()> patterns;  // of the configuration, as it is now
  // SourceFiles::contents of the last load or attempt, whoever asked for it.
  std::function<std::map<std::string, std::string>()> attempted;
  // When the last attempt, whoever asked for it, failed for another reason than the text.
  std::function<std::optional<Nanos>()> refused_at;
  std::function<void()> reload;  // says itself how it went
};

// Until stopped.
void RunAutoReload(const AutoReloadSeams& seams, const std::stop_token& stop);

}  // namespace outrider
