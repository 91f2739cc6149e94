// SPDX-License-Identifier: Apache-2.0
// What is refused of a series' labels, and what is put right. Source: specs/prometheus.md §1.2.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "exporter/ingest/incoming.h"

namespace outrider {

enum class SeriesVerdict : uint8_t {
  kFine,
  kOwn,  // outrider_*: our own metrics coming back; left out, not an error (contract.md)
  kNoName,
  kEmptyLabelName,
  kDuplicateLabel,
  kBadUtf8,
  kTooManyLabels,
  kBadRefs,  // 2.0: a symbol that is not there, or a name without a value
  kNoData,   // 2.0: neither samples nor histograms
  kEnd,      // how many there are
};
struct SeriesVerdictText {
  const char* reason;  // label value of our metrics
  const char* text;    // for people
};
SeriesVerdictText TextOf(SeriesVerdict verdict);

// Drops labels with empty values, sorts the rest in place, and judges them.
SeriesVerdict CheckSeries(IncomingSeries* series);

// The labels for people, cut to a few hundred bytes; they may be anything.
std::string DescribeSeries(std::span<const LabelView> labels);

}  // namespace outrider
