// SPDX-License-Identifier: Apache-2.0
// What a back-test tells people while it runs, and how they end it.
#pragma once

#include <stop_token>
#include <thread>

#include "exporter/cli/signals.h"
#include "exporter/trial/backtest.h"

namespace outrider {

inline constexpr int kInterrupted = 130;  // exit code, as shells say of SIGINT

// How far it is, on standard error: in place on a terminal, now and then elsewhere.
class ProgressLine {
 public:
  ProgressLine(const Clock& clock, bool wanted);
  void Show(const BacktestProgress& progress);
  // The line is gone, and how fast it went is said.
  void End(HistoryStretch done);

 private:
  const Clock& clock_;
  const bool wanted_;
  const bool terminal_;
  int64_t begun_ = 0;
  int64_t last_ = 0;
  bool shown_ = false;
};

// Turns SIGINT and SIGTERM into a stop, as long as it lives.
class StopOnSignal {
 public:
  StopOnSignal() : waiter_([this](const std::stop_token& done) { Wait(done); }) {}
  std::stop_token token() const { return stop_.get_token(); }

 private:
  void Wait(const std::stop_token& done) {
    constexpr DurationMs kLook = 100;
    while (!done.stop_requested()) {
      if (signals_.Wait(kLook) == Signal::kStop) stop_.request_stop();
    }
  }
  SignalWaiter signals_;  // before the thread: blocked there too
  std::stop_source stop_;
  std::jthread waiter_;
};

}  // namespace outrider
