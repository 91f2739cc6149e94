// SPDX-License-Identifier: Apache-2.0
// A rule group at work: its rules run in order at one time, each one's samples are appended before
// the next begins. Source: specs/prometheus.md §3.2.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/alerting/farewell.h"
#include "rules/alerting/restore.h"
#include "rules/alerting/rule_context.h"
#include "rules/alerting/rule_runner.h"
#include "rules/alerting/rule_stats.h"
#include "rules/alerting/rule_view.h"
#include "rules/rulefile/rule_group.h"

namespace outrider {

// Durations of all groups together.
struct RuleRecorders {
  DurationRecorder evaluations;  // of a rule
  DurationRecorder groups;       // of a group
  RuleRecorders();
};

// Restore, TakeOver, Dissolve and Evaluate: one caller at a time (the scheduler's claim). View and
// Stats: any thread.
class Group {
 public:
  // `seams` and `recorders` outlive the group.
  Group(RuleGroup spec, RuleContext context, const RuleSeams& seams, RuleRecorders& recorders);

  // Before the first evaluation: continues from stored rows (taken out of `restored`), holding them
  // until `hold_until` at most; or from the group of the same key before a reload. What no rule
  // continues goes to `left`: alerts at once, series as markers at the next evaluation.
  void Restore(RestoredAlerts* restored, Timestamp start, Timestamp hold_until);
  void TakeOver(const Group& predecessor, Farewell* left);
  // The group is gone: everything it has goes to `left`.
  void Dissolve(Farewell* left) const;

  // `missed` slots went by before this one.
  void Evaluate(Timestamp ts, uint64_t missed);

  std::shared_ptr<const RuleGroupView> View() const;
  RuleGroupStats Stats() const;

  const RuleGroup& spec() const { return *spec_; }
  const RuleContext& context() const { return context_; }
  DurationMs interval() const { return interval_; }
  DurationMs query_offset() const { return query_offset_; }

 private:
  void Publish();

  const std::shared_ptr<const RuleGroup> spec_;
  const RuleContext context_;
  const DurationMs interval_;
  const DurationMs query_offset_;
  const RuleSeams& seams_;
  RuleRecorders& recorders_;

  // Of the caller that evaluates.
  std::vector<std::unique_ptr<RuleRunner>> runners_;
  SeriesList orphans_;  // series of rules a reload removed: marked stale at the next evaluation
  RuleGroupStats counts_;
  Timestamp last_evaluation_ = 0;

  mutable absl::Mutex mutex_;
  std::shared_ptr<const RuleGroupView> view_ ABSL_GUARDED_BY(mutex_);
  RuleGroupStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
