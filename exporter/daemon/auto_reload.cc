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

// Editors, checkouts and copies change several files, or one several times.
void WaitForQuiet(const AutoReloadSeams& seams, const std::stop_token& stop) {
  const Nanos latest = After(seams.clock, kReloadPatience);
  while (seams.clock.NowNanos() < latest) {
    const std::stop_token changed = seams.watch.NextChange();
    if (stop.stop_requested()) return;
    const Nanos quiet = std::min(After(seams.clock, kReloadQuiet), latest);
    // A log in the same directory is never finished.
    if (seams.clock.SleepUntil(quiet, changed) &&
        !AnyIsSource(seams.watch.Unfinished(), seams.patterns())) {
      return;
    }
  }
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
    // Taken first, and the files read last: no change in between is missed.
    const std::stop_token changed = seams.watch.NextChange();
    if (stop.stop_requested()) return;
    const std::vector<std::string> patterns = seams.patterns();
    seams.watch.Watch(DirectoriesOf(patterns));
    const bool differs = ReadSources(patterns).contents != seams.attempted();
    if (differs && quiet) {
      seams.reload();
      quiet = false;
      continue;  // there may be other files to watch now
    }
    quiet = differs || !seams.clock.SleepUntil(After(seams.clock, kReloadLookEvery), changed);
    if (quiet) WaitForQuiet(seams, stop);
  }
}

}  // namespace outrider
