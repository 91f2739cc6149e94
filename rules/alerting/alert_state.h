// SPDX-License-Identifier: Apache-2.0
// The state of one alert of a rule, and the set of them a rule has.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "rules/alerting/alert.h"
#include "storage/base/clock.h"
#include "storage/model/labels.h"

namespace outrider {

enum class AlertState : uint8_t { kInactive, kPending, kFiring };  // on disk: add at the end
std::string_view AlertStateText(AlertState state);                 // "inactive" "pending" "firing"

// Times are evaluation times in milliseconds, 0: not set.
struct ActiveAlert {
  Labels labels;            // the identity; with alertname, without __name__
  Annotations annotations;  // as last rendered
  AlertState state = AlertState::kPending;
  double value = 0;                 // of the expression, at the last evaluation that gave one
  Timestamp active_at = 0;          // pending since
  Timestamp fired_at = 0;           // firing since
  Timestamp resolved_at = 0;        // set when inactive
  Timestamp keep_firing_since = 0;  // missing since, while keep_firing_for holds it
  Timestamp told_at = 0;            // when the sink last heard of it
  bool untold = false;              // the annotations have changed since
  bool unwritten = false;           // newer than its row, which a clean stop catches up with
  uint64_t source_hash = 0;  // of the sample's labels the texts were rendered from; 0: unknown
};

using AlertPtr = std::shared_ptr<const ActiveAlert>;
// Sorted by labels.packed(). A set is a value: a step makes a new one that shares what did not
// change, so that readers and a failed step keep the old one.
using AlertSet = std::vector<AlertPtr>;

// The worst state in the set.
AlertState WorstState(const AlertSet& alerts);
// Whether one is pending or firing.
inline bool AnyActive(const AlertSet& alerts) {
  return WorstState(alerts) != AlertState::kInactive;
}
// The member with these labels, or nullptr.
const ActiveAlert* FindAlert(const AlertSet& alerts, const Labels& labels);

}  // namespace outrider
