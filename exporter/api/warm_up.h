// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/analytics/warm-up: how far new analytics entries have learnt from history.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/http/server.h"
#include "storage/base/clock.h"

namespace outrider {

enum class WarmUpState { kWaiting, kRunning, kRetrying, kDone, kRefused };
std::string_view WarmUpStateText(WarmUpState state);

// Entries that look at one expression.
struct WarmUpTask {
  std::vector<std::string> entries;  // names, each once
  std::string expr;
  WarmUpState state = WarmUpState::kWaiting;
  double done = 0;        // share of the history
  Timestamp reached = 0;  // 0: nothing yet
  uint64_t samples = 0;
  uint64_t series = 0;  // that were there at the end of the history
  uint64_t attempts = 0;
  Timestamp next_try = 0;  // kRetrying
  std::string error;       // of the last attempt
};

struct WarmUpView {
  std::string url;  // without a password; "": none is configured
  DurationMs history = 0;
  uint64_t samples = 0;   // of all tasks so far
  uint64_t failures = 0;  // attempts that failed
  std::vector<WarmUpTask> tasks;
};

void RegisterWarmUpApi(Router& router, std::function<WarmUpView()> view);

}  // namespace outrider
