// SPDX-License-Identifier: Apache-2.0
// The arithmetic of a back-test's report: how often alerts flapped, and what another `for` or
// keep_firing_for would have made of the same history. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "exporter/trial/alert_track.h"
#include "storage/base/clock.h"

namespace outrider {

struct TrialTiming {
  DurationMs hold = 0;  // `for`
  DurationMs keep_firing_for = 0;
  DurationMs interval = 0;  // of evaluations
};

struct FiringSpan {
  Timestamp from = 0;
  Timestamp to = 0;   // resolved, or the end of the history
  bool open = false;  // fires at the end
  friend bool operator==(const FiringSpan&, const FiringSpan&) = default;
};

// What the state machine makes of runs with some timing. With the rule's own it gives what was
// recorded (a test compares them), as long as no evaluation failed in between.
std::vector<FiringSpan> FiringsOf(std::span<const ActiveRun> runs, const TrialTiming& timing,
                                  Timestamp end);
std::vector<FiringSpan> SpansOf(std::span<const Firing> firings, Timestamp end);

// How often one fires again within `window` of being resolved.
int CountFlaps(std::span<const FiringSpan> spans, DurationMs window);

// All alerts of a rule together.
struct TrialTotals {
  int firings = 0;
  int flaps = 0;
  int short_firings = 0;  // ended, and took less than the limit
  DurationMs firing = 0;  // sum over the alerts
  DurationMs longest = 0;
  friend bool operator==(const TrialTotals&, const TrialTotals&) = default;
};
struct TrialLimits {
  DurationMs flap_window = 0;
  DurationMs short_firing = 0;
};
// What is wrong with each firing of one alert.
struct FiringNote {
  bool flap = false;
  DurationMs quiet = 0;  // of a flap: since the one before
  bool is_short = false;
};
std::vector<FiringNote> NotesOf(std::span<const Firing> firings, const TrialLimits& limits,
                                Timestamp end);

// As it was recorded.
TrialTotals TotalsOf(std::span<const AlertTrack> tracks, const TrialLimits& limits, Timestamp end);
// As it would have been with some timing.
TrialTotals TotalsWith(std::span<const AlertTrack> tracks, const TrialTiming& timing,
                       const TrialLimits& limits, Timestamp end);

// The smallest `for` with which none of the short firings had been; nullopt when there were none.
struct ForAdvice {
  DurationMs hold = 0;
  int avoided = 0;       // firings there were, less those there would be
  TrialTotals totals;    // with it
  DurationMs later = 0;  // what is left fires so much later
};
std::optional<ForAdvice> AdviseFor(std::span<const AlertTrack> tracks, const TrialTiming& timing,
                                   const TrialLimits& limits, Timestamp end);

// The smallest keep_firing_for with which nothing flaps; nullopt when nothing does, or none of a
// few flap windows is enough.
std::optional<DurationMs> AdviseKeepFiring(std::span<const AlertTrack> tracks,
                                           const TrialTiming& timing, const TrialLimits& limits,
                                           Timestamp end);

// The same history with other values of `for`: 0, 1m, 2m, 5m … up to the first with which nothing
// fires, the rule's own among them.
struct ForStep {
  DurationMs hold = 0;
  TrialTotals totals;
};
std::vector<ForStep> ForLadder(std::span<const AlertTrack> tracks, const TrialTiming& timing,
                               const TrialLimits& limits, Timestamp end);

// One character a slice of [start, end): blank while nothing fires, else a block as high as the
// share of the slice in which something does; never blank where something did.
std::string FiringChart(std::span<const FiringSpan> spans, Timestamp start, Timestamp end,
                        size_t width);

}  // namespace outrider
