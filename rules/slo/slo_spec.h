// SPDX-License-Identifier: Apache-2.0
// One objective as a value, whatever file it came from: Outrider's own, Sloth's or OpenSLO's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/slo/burn_rate.h"
#include "rules/slo/event_ring.h"
#include "rules/slo/slo_query.h"
#include "storage/base/clock.h"

namespace outrider {

enum class SloOrigin { kOwn, kSloth, kOpenSlo };
// What the budget is made of: events; slices of time that went well or not (a slice without an
// event is none); slices of time, each with its own error ratio.
enum class SloMethod { kEvents, kTimeslices, kRatioTimeslices };
std::string_view SloMethodText(SloMethod method);  // events timeslices ratio_timeslices

using SloLabels = std::vector<std::pair<std::string, std::string>>;

enum class SloOp { kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
bool Holds(SloOp op, double value, double threshold);

// A source of events. Several are added, each with its weight.
struct SloPart {
  enum class Kind {
    kBad,        // `query` counts the bad events, `total` all
    kGood,       // `query` counts the good events, `total` all
    kBadRatio,   // `query` is the share of bad ones; every second weighs the same
    kGoodRatio,  // `query` is the share of good ones
    kThreshold,  // each value of `query` is an event, good if it holds
  };
  Kind kind = Kind::kBad;
  std::optional<SloQuery> query;  // none: cannot be counted, then the spec's `error` says why
  std::optional<SloQuery> total;  // kBad and kGood
  double weight = 1;
  SloOp op = SloOp::kLess;  // kThreshold
  double threshold = 0;
};

// An alert: fires while the burn rate is above the factor in both windows of one of its pairs.
struct SloAlert {
  std::string name;
  std::string severity;  // page, ticket or what an AlertCondition says
  std::vector<BurnWindows> any_of;
  std::string op = ">";  // between burn rate and factor
  DurationMs hold = 0;
  SloLabels labels = {};
  SloLabels annotations = {};
  friend bool operator==(const SloAlert&, const SloAlert&) = default;
};

struct SloSpec {
  SloOrigin origin = SloOrigin::kOwn;
  std::string name;     // label entry="…"; Sloth: <service>-<slo>
  std::string service;  // "" for none
  std::string slo;      // its name within the service
  std::string description;
  double objective = 0;  // share: 0.999
  SloPeriod period;
  SloMethod method = SloMethod::kEvents;
  DurationMs slice = 5 * kMinute;
  double slice_target = 0.95;  // share of good events from which a slice is good
  std::vector<SloPart> parts;  // at least one
  SloLabels labels;
  size_t max_series = 1000;  // label sets; each costs about 8 KB
  double min_events = 0;     // in the long window, below which nothing fires
  std::vector<SloAlert> alerts;
  std::vector<DurationMs> windows;  // shown, ascending, without the period

  std::string file;
  int line = 0;
  int column = 0;
  // Of an expression or a template, with its place: neither shown nor alerted on. Events are
  // counted on if they can be.
  std::string error;

  // 1 - objective, without the dust of the subtraction: 0.001 for 99.9 %.
  double Budget() const;
  // Every part has its expressions.
  bool CanCount() const;
  // How events are counted, as text: what has the same may go on with the same counts.
  std::string Identity() const;
  // The same without how each expression is counted: what rows of format 1 say.
  std::string OldIdentity() const;
};

// Windows every objective shows beside those of its alerts: 5m 30m 1h 2h 6h 1d 3d, as far as they
// are shorter than the period.
void FillWindows(SloSpec* spec);

}  // namespace outrider
