// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/memory_limit.h"

#include <algorithm>

namespace outrider {
namespace {

constexpr DurationMs kFloor = 5 * kMinute;
constexpr uint64_t kSeriesBytes = 155;  // measured, as the next: memory_limit_test.cc
constexpr uint64_t kChunkBytes = 20;    // a sealed chunk beside its bytes
constexpr uint64_t kPairBytes = 70;     // a label value beside its text

}  // namespace

uint64_t MemoryOf(const WindowsStats& stats) {
  const uint64_t chunks = stats.chunk_bytes + stats.sealed_chunks * kChunkBytes;
  const uint64_t labels = stats.index.label_pairs * kPairBytes + stats.index.text_bytes;
  return chunks + labels + stats.series * kSeriesBytes + stats.index.kept_matches_bytes;
}

const char* WordsOf(MemoryVerdict verdict) {
  using enum MemoryVerdict;
  switch (verdict) {
    case kFits:
      return "the windows are within storage.memory_limit";
    case kShortened:
      return "the windows are over storage.memory_limit: series that no rule or entry refers to "
             "are kept shorter";
    case kLengthened:
      return "there is room in storage.memory_limit: series that no rule or entry refers to are "
             "kept longer again";
    case kCannotHold:
      return "the windows are over storage.memory_limit and it cannot be held: what is left is "
             "needed by rules and entries, or too young to be dropped";
  }
  return "";
}

MemoryDecision DecideMemory(const MemoryState& state) {
  using enum MemoryVerdict;
  if (state.limit > 0 && state.used > state.limit) {
    const DurationMs floor = std::min(kFloor, state.configured);
    if (state.current <= floor) return {kCannotHold, state.current};
    return {kShortened, std::max(floor, state.current / 2)};
  }
  // used / limit < 4 / 5, without a product that may overflow.
  const bool room = state.limit == 0 || state.used < state.limit - state.limit / 5;
  if (!room || state.current >= state.configured || state.since_change < state.current) {
    return {kFits, state.current};
  }
  return {kLengthened, std::min(state.configured, state.current * 2)};
}

}  // namespace outrider
