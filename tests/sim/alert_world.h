// SPDX-License-Identifier: Apache-2.0
// Random alert histories against the real rule manager and relay on virtual time, with a process
// that dies at a chosen commit and is started again after a while.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/labels.h"
#include "storage/model/sample.h"
#include "storage/state/faulty_store.h"

namespace outrider::sim {

// Rules of one group, and when their conditions hold. All lengths of truth are multiples of
// kTruthUnit intervals, `for` and keep_firing_for lie between such multiples: an evaluation more or
// less does not change what happens.
inline constexpr int64_t kTruthUnit = 7;
struct AlertHistory {
  struct Series {
    size_t rule = 0;
    std::vector<int64_t> toggles;  // in intervals after the start; off before the first
  };
  DurationMs interval = 0;
  std::vector<DurationMs> holds;
  std::vector<DurationMs> keeps;
  std::vector<Series> series;
  int64_t steps = 0;  // intervals; nothing is on at the end
};
AlertHistory RandomHistory(uint64_t seed, DurationMs interval);

// The process dies at commit `at`, and truth stands still from `from` for `length`.
struct AlertCrash {
  StoreFault fault = StoreFault::kNone;
  uint64_t at = 0;
  DurationMs downtime = 0;
  Timestamp from = 0;
  DurationMs length = 0;
  bool restart_always = false;  // instead: after every evaluation
};

struct ToldLine {
  Timestamp ts = 0;
  bool resolved = false;
  friend bool operator==(const ToldLine&, const ToldLine&) = default;
};
struct Post {
  Timestamp ts = 0;
  std::string starts_at, ends_at;
  bool resolved = false;
};

// By alert: `rule/series`.
struct AlertReport {
  std::map<std::string, std::vector<ToldLine>> told;   // as committed
  std::map<std::string, std::vector<Post>> posts;      // to the external Alertmanager
  std::map<Timestamp, std::set<std::string>> changes;  // of state or clocks, by evaluation
  std::vector<Timestamp> commits;
  std::map<Labels, std::vector<Sample>> series;  // ALERTS and ALERTS_FOR_STATE
  Timestamp crashed_at = 0;
  size_t active_rows = 0;  // at the end
  size_t relay_rows = 0;   // at the end
};
AlertReport RunAlerts(const AlertHistory& history, const AlertCrash& crash);

}  // namespace outrider::sim
