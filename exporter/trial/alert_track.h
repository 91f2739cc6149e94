// SPDX-License-Identifier: Apache-2.0
// What one alert did over a back-test: when its expression held, when it fired. Recorded from the
// sets that the state machine (rules/alerting/alert_rule.h) makes, evaluation by evaluation.
#pragma once

#include <unordered_map>
#include <vector>

#include "rules/alerting/alert_state.h"
#include "storage/base/clock.h"
#include "storage/model/labels.h"

namespace outrider {

// Evaluations in a row at which the expression gave the alert: the first and the last of them.
struct ActiveRun {
  Timestamp first = 0;
  Timestamp last = 0;
  bool open = false;  // still so at the end
  friend bool operator==(const ActiveRun&, const ActiveRun&) = default;
};

struct Firing {
  Timestamp active_at = 0;    // pending since
  Timestamp fired_at = 0;     // evaluation that made it fire
  Timestamp resolved_at = 0;  // evaluation that resolved it; 0: fires at the end
  double value = 0;           // when it began to fire
  Annotations annotations;    // the same
};

struct AlertTrack {
  Labels labels;  // the rule's own; external labels are not added
  std::vector<ActiveRun> runs;
  std::vector<Firing> firings;
};

// Of one rule.
class AlertRecorder {
 public:
  // The set after a successful evaluation at `ts`; times ascend.
  void Observe(const AlertSet& now, Timestamp ts);
  // What is open ends, marked as such, at the last evaluation. Call once.
  std::vector<AlertTrack> Finish();

 private:
  AlertTrack& TrackOf(const Labels& labels);
  void Change(const ActiveAlert* before, const ActiveAlert* now, Timestamp ts);

  AlertSet before_;
  Timestamp last_ = 0;  // the evaluation before
  std::vector<AlertTrack> tracks_;
  std::unordered_map<Labels, size_t, LabelsHash> index_;
};

}  // namespace outrider
