// SPDX-License-Identifier: Apache-2.0
// The one interface behind which a source series becomes derived values. A new way of looking at a
// series is a class that implements Detector and a row in table.cc.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/analytics/derived_table.h"
#include "rules/analytics/entry.h"
#include "rules/detect/series_detector.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

class PeerMember;

// The state of one source series for one entry. Not thread-safe.
class Detector {
 public:
  virtual ~Detector() = default;
  // A finite value; times ascend. Must be cheap: it runs for every sample.
  virtual void Observe(Timestamp time, double value) = 0;
  // Writes one value per output of the entry (DetectorRow::outputs), NaN where there is none (yet).
  virtual void Report(Timestamp now, std::span<double> out) const = 0;
  // The same where only some of the outputs are wanted; others may be left as they are.
  virtual void ReportDue(Timestamp now, std::span<const uint8_t> /*due*/,
                         std::span<double> out) const {
    Report(now, out);
  }
  // What Report() gave has been told: what it collected since the one before may be forgotten.
  virtual void Reported() {}
  // The whole state, for a restart; Load() goes into a fresh detector of the same entry. A state
  // that is not written begins anew.
  virtual void Save(RowWriter& /*out*/) const {}
  virtual void Load(RowReader& /*in*/) {}
  // Why the newest sample was judged as it was; anomaly detectors only.
  virtual std::optional<Explanation> Explain() const { return std::nullopt; }
  // Itself, if it is judged together with others.
  virtual PeerMember* AsPeer() { return nullptr; }
};

// One derived series per source series.
struct DerivedOutput {
  const DerivedMetric* metric = nullptr;
  std::string window;     // label window="…" unless empty
  std::string horizon{};  // label horizon="…" unless empty
  DurationMs every = 0;   // told once in each so long, if that is longer than between two runs
};

struct DetectorRow {
  EntryKind kind = EntryKind::kTrend;
  std::string_view name;  // what `detector:` says
  std::vector<DerivedOutput> (*outputs)(const Entry& entry) = nullptr;
  std::unique_ptr<Detector> (*create)(const Entry& entry) = nullptr;
  // How much of the past a fresh state wants to see.
  DurationMs (*history)(const Entry& entry) = nullptr;
  bool compares_series = false;  // creates PeerMembers
};

// The row for an entry's kind and detector; the first row of a kind is its default (empty name).
// nullptr if there is none.
const DetectorRow* FindDetector(EntryKind kind, std::string_view name);
// Names for an error message.
std::vector<std::string> DetectorNames(EntryKind kind);
}  // namespace outrider
