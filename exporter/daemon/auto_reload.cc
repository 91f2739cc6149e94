// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/auto_reload.h"

#include <algorithm>

#include "exporter/daemon/source_files.h"

namespace outrider {
namespace {

// How often a configuration that does not want it is asked again.
constexpr DurationMs kAskAgain = 5 * kSecond;

Nanos After(const Clock& clock, DurationMs wait) {
  return clock.NowNanos() + wait * kNanosPerMilli;
}

// A log in the same directory is never finished, and no reason to read everything.
bool Matters(const FileChanges& changes, const std::vector<std::string>& patterns) {
  return changes.others || AnyIsSource(changes.written, patterns);
}

// Editors, checkouts and copies change several files, or one several times.
void WaitForQuiet(const AutoReloadSeams& seams, const std::vector<std::string>& patterns,
                  const std::stop_token& stop) {
  const Nanos latest = After(seams.clock, kReloadPatience);
  const auto later = [&] { return std::min(After(seams.clock, kReloadQuiet), latest); };
  for (Nanos quiet = later(); seams.clock.NowNanos() < latest;) {
    const std::stop_token changed = seams.watch.NextChange();
    if (stop.stop_requested()) return;
    if (Matters(seams.watch.TakeChanges(), patterns)) quiet = later();
    if (!seams.clock.SleepUntil(quiet, changed)) continue;
    // Of the files as they are now: there may be others to be written.
    if (!AnyIsSource(seams.watch.Unfinished(), seams.patterns())) return;
    quiet = later();
  }
}

// When the last attempt, if something else than the text refused it, is to be repeated.
std::optional<Nanos> AgainAt(const AutoReloadSeams& seams) {
  const std::optional<Nanos> refused = seams.refused_at();
  if (!refused) return {};
  return *refused + kReloadLookEvery * kNanosPerMilli;
}

bool IsDueAgain(const AutoReloadSeams& seams) {
  const std::optional<Nanos> again = AgainAt(seams);
  return again && seams.clock.NowNanos() >= *again;
}

// Until something happens to the files, or it is time to look anyway; true: something did.
bool WaitForChange(const AutoReloadSeams& seams, const std::vector<std::string>& patterns,
                   const std::stop_token& stop) {
  Nanos look = After(seams.clock, kReloadLookEvery);
  look = std::min(look, AgainAt(seams).value_or(look));
  while (!stop.stop_requested()) {
    const std::stop_token changed = seams.watch.NextChange();
    if (stop.stop_requested()) break;
    const FileChanges changes = seams.watch.TakeChanges();
    if (Matters(changes, patterns)) return true;
    // Names are not looked up again for each line of a log.
    const Nanos rest = std::min(After(seams.clock, kReloadQuiet), look);
    if (!changes.written.empty()) seams.clock.SleepUntil(rest, stop);
    if (seams.clock.SleepUntil(look, changed)) return false;
  }
  return false;
}

}  // namespace

void RunAutoReload(const AutoReloadSeams& seams, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [&] { seams.watch.Wake(); });
  bool quiet = false;  // since the last wait nothing was reloaded
  while (!stop.stop_requested()) {
    if (!seams.enabled()) {
      seams.watch.Watch({});
      seams.clock.SleepUntil(After(seams.clock, kAskAgain), stop);
      continue;
    }
    // Forgotten first, and the files read last: no change in between is missed.
    seams.watch.TakeChanges();
    const std::vector<std::string> patterns = seams.patterns();
    seams.watch.Watch(DirectoriesOf(patterns));
    const bool differs = ReadSources(patterns).contents != seams.attempted() || IsDueAgain(seams);
    if (differs && quiet) {
      seams.reload();
      quiet = false;
      continue;  // there may be other files to watch now
    }
    quiet = differs || WaitForChange(seams, patterns, stop);
    if (quiet) WaitForQuiet(seams, patterns, stop);
  }
}

}  // namespace outrider
