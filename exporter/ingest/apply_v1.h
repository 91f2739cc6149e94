// SPDX-License-Identifier: Apache-2.0
// A decoded body into the windows: the same for a request and for its replay.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/ingest/series_check.h"
#include "storage/base/status.h"
#include "storage/window/windows.h"

namespace outrider {

struct ApplyResult {
  AppendCounts samples;
  std::array<uint64_t, static_cast<size_t>(SeriesVerdict::kEnd)> series{};  // by verdict
  uint64_t samples_of_refused_series = 0;
  uint64_t own_samples = 0;
  uint64_t exemplars = 0;
  uint64_t histograms = 0;
  uint64_t metadata = 0;
  // One line for each kind of refusal: how many, and the first one's labels. Empty when nothing was
  // refused.
  std::vector<std::string> Refusals() const;

  // The first offender of each kind: series verdicts, then the fields of AppendCounts in
  // SampleReasons() order.
  std::array<std::string, static_cast<size_t>(SeriesVerdict::kEnd) + 4> first;
};

// Why samples are refused: name for metrics, text for people, the count.
struct SampleReason {
  const char* reason;
  const char* text;
  uint64_t AppendCounts::* count;
};
std::span<const SampleReason> SampleReasons();

struct ApplyOptions {
  Origin origin = Origin::kRemote;
  Timestamp now = 0;
  bool explain = true;  // remember first offenders
};

// `body` is decompressed. With `windows` null only the labels are judged, and their samples count
// as accepted. A broken message ends with its error; what stood before it is applied (check first
// with CheckV1).
StatusOr<ApplyResult> ApplyV1(std::string_view body, const ApplyOptions& options, Windows* windows);

}  // namespace outrider
