// SPDX-License-Identifier: Apache-2.0
// What is left to say for rules that are gone or known otherwise: their firing alerts are told as
// resolved, once, in the batch that deletes their rows, as are those that were resolved before the
// relay could tell; their series get stale markers.
#pragma once

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/alerting/alert_rows.h"
#include "rules/alerting/rule_context.h"
#include "rules/alerting/rule_runner.h"

namespace outrider {

// An alert that goes on as another row: its rule is found under another id, or the external labels
// have changed. Those who know it by other labels are told that it ended.
struct MovedAlert {
  AlertRow before;
  AlertRow after;
};

struct Farewell {
  std::vector<AlertRow> alerts;  // those of a rule follow each other
  std::vector<MovedAlert> moved;
  SeriesList series;

  bool empty() const { return alerts.empty() && moved.empty() && series.empty(); }
  // Series that somebody writes now; sorted.
  void KeepSeries(const SeriesList& written);
  void Add(const RuleRunner& runner);
  // Stored alerts whose rule is gone at the start.
  void Add(std::vector<AlertRow> rows);
};

// Keeps what the sink refused until it takes it. Thread-safe.
class Farewells {
 public:
  // `seams` outlives this.
  explicit Farewells(const RuleSeams& seams) : seams_(seams) {}
  void Add(Farewell farewell);
  bool empty() const;
  // Tells at `ts`; on an error the alerts wait for the next call.
  Status Deliver(Timestamp ts);

 private:
  Status Tell(const Farewell& now, Timestamp ts) const;
  void TellRelay(const std::vector<AlertRow>& rows, Timestamp ts) const;

  const RuleSeams& seams_;
  mutable absl::Mutex mutex_;
  Farewell waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
