// SPDX-License-Identifier: Apache-2.0
// storage.memory_limit: how long unreferenced series are kept while memory is short. Source:
// contract.md "How long samples are kept".
//
// Over the limit, the retention of unreferenced series is halved at each check, down to five
// minutes; what rules and entries refer to is kept as long as they need it, whatever it costs.
// Below four fifths of the limit it is doubled again, but not before the windows are as full as the
// retention in force lets them be: before that, their size says nothing about it.
#pragma once

#include <cstdint>

#include "storage/base/clock.h"
#include "storage/window/windows.h"

namespace outrider {

// What the windows take: chunks to the byte, and by estimate what every series, label pair and
// chunk costs beside (docs/configuration.md). Not in it: free space inside the allocator, requests
// and queries on their way, the state store.
uint64_t MemoryOf(const WindowsStats& stats);

struct MemoryState {
  uint64_t used = 0;
  uint64_t limit = 0;           // 0: none
  DurationMs current = 0;       // retention of unreferenced series in force
  DurationMs configured = 0;    // storage.unreferenced_retention
  DurationMs since_change = 0;  // how long `current` has been in force
};

enum class MemoryVerdict {
  kFits,        // nothing to do
  kShortened,   // over the limit
  kLengthened,  // there is room again
  kCannotHold,  // over the limit, and nothing is left to be shortened
};

struct MemoryDecision {
  MemoryVerdict verdict = MemoryVerdict::kFits;
  DurationMs next = 0;  // retention of unreferenced series from now on
  friend bool operator==(const MemoryDecision&, const MemoryDecision&) = default;
};
MemoryDecision DecideMemory(const MemoryState& state);
// What the log says of it.
const char* WordsOf(MemoryVerdict verdict);

struct MemoryStats {
  uint64_t used = 0;  // at the last check
  uint64_t limit = 0;
  DurationMs unreferenced_retention = 0;  // in force
  bool held = true;                       // false: over the limit with nothing left to shorten
  uint64_t shortened = 0;                 // how often
};

}  // namespace outrider
