// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/backtest_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "storage/base/duration.h"

namespace outrider {

ProgressLine::ProgressLine(const Clock& clock, bool wanted)
    : clock_(clock), wanted_(wanted), terminal_(isatty(STDERR_FILENO) != 0) {
  begun_ = last_ = clock_.MonotonicNanos();
  if (!wanted_ || !terminal_) return;
  fmt::print(stderr, "back-test: fetching the first block");
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::Show(const BacktestProgress& progress) {
  const int64_t now = clock_.MonotonicNanos();
  const int64_t every = terminal_ ? kNanosPerSecond / 5 : 5 * kNanosPerSecond;
  if (!wanted_ || now - last_ < every) return;
  last_ = now;
  const double seconds = static_cast<double>(now - begun_) / kNanosPerSecond;
  const double left = progress.done > 0 ? seconds / progress.done - seconds : 0;
  fmt::print(stderr, "{}back-test: {:3.0f} %, at {}, {} samples, about {:.0f} s left{}",
             terminal_ ? "\r\x1b[K" : "", 100 * progress.done,
             FormatRfc3339(progress.reached * kNanosPerMilli), progress.samples, left,
             terminal_ ? "" : "\n");
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::End(HistoryStretch done) {
  if (terminal_ && shown_) fmt::print(stderr, "\r\x1b[K");
  const double seconds = static_cast<double>(clock_.MonotonicNanos() - begun_) / kNanosPerSecond;
  const double covered = static_cast<double>(done.to - done.from) / kSecond;
  if (wanted_) {
    fmt::print(stderr, "back-test: {} of history in {:.1f} s ({:.0f} times real time)\n",
               FormatDuration((done.to - done.from) / kSecond * kSecond), seconds,
               seconds > 0 ? covered / seconds : 0);
  }
}

}  // namespace outrider
