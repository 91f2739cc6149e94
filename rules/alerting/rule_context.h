// SPDX-License-Identifier: Apache-2.0
// What all rule groups share: settings of the configuration, and the seams an evaluation works on.
#pragma once

#include <functional>
#include <string>

#include "rules/alerting/alert_relay.h"
#include "rules/alerting/alert_sink.h"
#include "rules/alerting/group_policy.h"
#include "rules/promql/engine.h"
#include "storage/base/clock.h"
#include "storage/model/labels.h"
#include "storage/state/state_store.h"
#include "storage/window/appender.h"
#include "storage/window/querier.h"

namespace outrider {

// From outrider.yml and the flags; a reload may change it, which counts as a change of every group.
struct RuleContext {
  DurationMs evaluation_interval = 15 * kSecond;  // of groups that give none
  DurationMs query_offset = 0;                    // of groups that give none
  Labels external_labels;                         // added to told alerts where absent
  std::string external_url;                       // without a slash at the end
  promql::ParseOptions promql;                    // of queries in templates
  GroupPolicies policies;
  friend bool operator==(const RuleContext&, const RuleContext&) = default;
};

// All are thread-safe and outlive the groups.
struct RuleSeams {
  // The value of an expression at a time.
  std::function<StatusOr<promql::QueryResult>(const promql::Expression&, Timestamp)> query;
  const Querier& querier;
  DurationMs lookback;  // of instant selectors
  Appender& appender;
  AlertSink& sink;
  StateStore& store;
  const Clock& clock;  // for durations of work only
  AlertRelay* relay = nullptr;
  bool alert_series = true;  // write ALERTS and ALERTS_FOR_STATE
};

}  // namespace outrider
