// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/alert_advice.h"

#include <algorithm>
#include <set>

namespace outrider {
namespace {

// Evaluations happen every `interval` only.
DurationMs RoundUp(DurationMs duration, DurationMs interval) {
  return interval <= 0 ? duration : (duration + interval - 1) / interval * interval;
}

DurationMs LengthOf(const ActiveRun& run) { return run.last - run.first; }

bool IsShort(const FiringSpan& span, DurationMs limit) {
  return !span.open && span.to - span.from < limit;
}

void AddTo(std::span<const FiringSpan> spans, const TrialLimits& limits, TrialTotals* totals) {
  totals->firings += static_cast<int>(spans.size());
  totals->flaps += CountFlaps(spans, limits.flap_window);
  for (const FiringSpan& span : spans) {
    totals->short_firings += IsShort(span, limits.short_firing) ? 1 : 0;
    totals->firing += span.to - span.from;
    totals->longest = std::max(totals->longest, span.to - span.from);
  }
}

// The longest run that begins within the firing or was under way when it began.
DurationMs LongestRun(std::span<const ActiveRun> runs, const FiringSpan& span) {
  DurationMs longest = 0;
  for (const ActiveRun& run : runs) {
    if (run.last < span.from || run.first >= span.to) continue;
    longest = std::max(longest, LengthOf(run));
  }
  return longest;
}

}  // namespace

std::vector<FiringSpan> FiringsOf(std::span<const ActiveRun> runs, const TrialTiming& timing,
                                  Timestamp end) {
  std::vector<FiringSpan> spans;
  bool firing = false;
  Timestamp resolves = 0;  // unless it holds again by then
  const auto resolve = [&] {
    spans.back().to = resolves;
    spans.back().open = false;
    firing = false;
  };
  for (const ActiveRun& run : runs) {
    if (firing && run.first > resolves) resolve();
    const Timestamp fires = run.first + RoundUp(timing.hold, timing.interval);
    if (!firing && fires <= run.last) {
      spans.push_back({.from = fires, .to = end, .open = true});
      firing = true;
    }
    resolves = run.last + timing.interval + RoundUp(timing.keep_firing_for, timing.interval);
  }
  if (firing && !runs.back().open && resolves <= end) resolve();
  return spans;
}

std::vector<FiringSpan> SpansOf(std::span<const Firing> firings, Timestamp end) {
  std::vector<FiringSpan> spans;
  spans.reserve(firings.size());
  for (const Firing& firing : firings) {
    const bool open = firing.resolved_at == 0;
    spans.push_back({firing.fired_at, open ? end : firing.resolved_at, open});
  }
  return spans;
}

int CountFlaps(std::span<const FiringSpan> spans, DurationMs window) {
  int flaps = 0;
  for (size_t i = 1; i < spans.size(); ++i) {
    if (spans[i].from - spans[i - 1].to <= window) ++flaps;
  }
  return flaps;
}

std::vector<FiringNote> NotesOf(std::span<const Firing> firings, const TrialLimits& limits,
                                Timestamp end) {
  const std::vector<FiringSpan> spans = SpansOf(firings, end);
  std::vector<FiringNote> notes(spans.size());
  for (size_t i = 0; i < spans.size(); ++i) {
    notes[i].is_short = IsShort(spans[i], limits.short_firing);
    if (i == 0 || spans[i].from - spans[i - 1].to > limits.flap_window) continue;
    notes[i].flap = true;
    notes[i].quiet = spans[i].from - spans[i - 1].to;
  }
  return notes;
}

TrialTotals TotalsOf(std::span<const AlertTrack> tracks, const TrialLimits& limits, Timestamp end) {
  TrialTotals totals;
  for (const AlertTrack& track : tracks) AddTo(SpansOf(track.firings, end), limits, &totals);
  return totals;
}

TrialTotals TotalsWith(std::span<const AlertTrack> tracks, const TrialTiming& timing,
                       const TrialLimits& limits, Timestamp end) {
  TrialTotals totals;
  for (const AlertTrack& track : tracks) {
    AddTo(FiringsOf(track.runs, timing, end), limits, &totals);
  }
  return totals;
}

std::optional<ForAdvice> AdviseFor(std::span<const AlertTrack> tracks, const TrialTiming& timing,
                                   const TrialLimits& limits, Timestamp end) {
  DurationMs longest = -1;
  for (const AlertTrack& track : tracks) {
    for (const FiringSpan& span : FiringsOf(track.runs, timing, end)) {
      if (IsShort(span, limits.short_firing)) {
        longest = std::max(longest, LongestRun(track.runs, span));
      }
    }
  }
  if (longest < 0) return std::nullopt;
  TrialTiming other = timing;
  other.hold = longest + timing.interval;
  ForAdvice advice;
  advice.hold = other.hold;
  advice.totals = TotalsWith(tracks, other, limits, end);
  advice.avoided = TotalsWith(tracks, timing, limits, end).firings - advice.totals.firings;
  advice.later = RoundUp(other.hold, timing.interval) - RoundUp(timing.hold, timing.interval);
  return advice;
}

// Longer firings also come nearer to each other: joining some may make flaps of others, so each way
// of joining is tried.
std::optional<DurationMs> AdviseKeepFiring(std::span<const AlertTrack> tracks,
                                           const TrialTiming& timing, const TrialLimits& limits,
                                           Timestamp end) {
  constexpr size_t kMostTried = 240;
  constexpr int64_t kLongest = 4;  // flap windows: who waits longer wants another rule
  if (TotalsWith(tracks, timing, limits, end).flaps == 0) return std::nullopt;
  std::set<DurationMs> gaps;
  for (const AlertTrack& track : tracks) {
    for (size_t r = 1; r < track.runs.size(); ++r) {
      const DurationMs gap = track.runs[r].first - track.runs[r - 1].last - timing.interval;
      if (gap > 0 && gap <= kLongest * limits.flap_window) gaps.insert(gap);
    }
  }
  const size_t stride = gaps.size() / kMostTried + 1;
  size_t at = 0;
  for (const DurationMs gap : gaps) {
    ++at;
    if (at % stride != 0 && at != gaps.size()) continue;
    TrialTiming other = timing;
    other.keep_firing_for = gap;
    if (TotalsWith(tracks, other, limits, end).flaps == 0) return gap;
  }
  return std::nullopt;
}

std::vector<ForStep> ForLadder(std::span<const AlertTrack> tracks, const TrialTiming& timing,
                               const TrialLimits& limits, Timestamp end) {
  std::set<DurationMs> holds = {timing.hold};
  for (const int64_t minutes : {0, 1, 2, 5, 10, 15, 20, 30, 45, 60, 120, 240, 480, 1440}) {
    holds.insert(minutes * kMinute);
  }
  std::vector<ForStep> steps;
  for (const DurationMs hold : holds) {
    TrialTiming other = timing;
    other.hold = hold;
    steps.push_back({hold, TotalsWith(tracks, other, limits, end)});
    if (hold >= timing.hold && steps.back().totals.firings == 0) break;
  }
  return steps;
}

std::string FiringChart(std::span<const FiringSpan> spans, Timestamp start, Timestamp end,
                        size_t width) {
  constexpr std::string_view kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (width == 0 || end <= start) return "";
  // Merged, so that alerts that fire together do not count twice.
  std::vector<FiringSpan> sorted(spans.begin(), spans.end());
  std::ranges::sort(sorted, {}, &FiringSpan::from);
  std::string chart;
  const auto slices = static_cast<Timestamp>(width);
  for (Timestamp slice = 0; slice < slices; ++slice) {
    const Timestamp from = start + (end - start) * slice / slices;
    const Timestamp to = start + (end - start) * (slice + 1) / slices;
    Timestamp covered_to = from;
    Timestamp covered = 0;
    bool any = false;
    for (const FiringSpan& span : sorted) {
      if (span.from >= to) break;
      any |= span.to > from;
      const Timestamp begin = std::max(span.from, covered_to);
      const Timestamp stop = std::min(span.to, to);
      if (stop <= begin) continue;
      covered += stop - begin;
      covered_to = stop;
    }
    if (!any) {
      chart += ' ';
      continue;
    }
    const Timestamp length = std::max<Timestamp>(to - from, 1);
    const auto level = static_cast<size_t>(std::min<Timestamp>(covered * 8 / length, 7));
    chart += kBlocks[level];
  }
  return chart;
}

}  // namespace outrider
