// SPDX-License-Identifier: Apache-2.0
// A rule group at work: its rules run at one time, each after those it depends on, so that a rule
// sees what the rules before it wrote. Source: specs/prometheus.md §3.2.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/alerting/arrivals.h"
#include "rules/alerting/farewell.h"
#include "rules/alerting/restore.h"
#include "rules/alerting/rule_context.h"
#include "rules/alerting/rule_order.h"
#include "rules/alerting/rule_runner.h"
#include "rules/alerting/rule_stats.h"
#include "rules/alerting/rule_view.h"
#include "rules/alerting/startup_hold.h"
#include "rules/alerting/stray_alerts.h"
#include "rules/alerting/work_crew.h"
#include "rules/rulefile/rule_group.h"

namespace outrider {

// What all groups work with together.
struct RuleWorkshop {
  RuleSeams seams;
  WorkCrew crew;
  // A group whose rules took less than this last time is not worth other threads' attention.
  double share_from_seconds = 0;
  DurationRecorder evaluations;  // of a rule
  DurationRecorder groups;       // of a group
  DurationRecorder lags;         // of a group behind the time it was due
  RuleWorkshop(RuleSeams the_seams, double share_from);
};

// Restore, TakeOver, Adopt, Begin, Dissolve, AddUnwritten, AwaitData and Evaluate: one caller at a
// time (the scheduler's claim). View and Stats: any thread.
class Group {
 public:
  // `workshop` outlives the group.
  Group(RuleGroup spec, RuleContext context, RuleWorkshop& workshop);

  // Before the first evaluation: continues from stored rows (taken out of `restored`), or from the
  // group of the same key before a reload; then takes those of the stray alerts that are its
  // rules'. What no rule continues goes to `left`: alerts at once, series as markers at the next
  // evaluation.
  void Restore(RestoredAlerts* restored, Farewell* left);
  void TakeOver(const Group& predecessor, Farewell* left);
  void Adopt(StrayAlerts* strays, Farewell* left);
  // After a start: holds everything until its data is current, at most until `hold_until`.
  void Begin(Timestamp start, Timestamp hold_until);
  // The series that the last evaluation wrote.
  void AddSeries(SeriesList* all) const;
  // The group is gone: everything it has goes to `left`.
  void Dissolve(Farewell* left) const;

  // Rows of alerts that are newer than what is on disk.
  void AddUnwritten(Batch* rows) const;

  // nullopt: evaluate the slot now. Else its data is not there yet: ask again at this time.
  std::optional<Timestamp> AwaitData(Timestamp slot, Timestamp now);
  // `missed` slots went by before this one.
  void Evaluate(Timestamp ts, uint64_t missed);

  std::shared_ptr<const RuleGroupView> View() const;
  RuleGroupStats Stats() const;

  const RuleGroup& spec() const { return *spec_; }
  const RuleContext& context() const { return context_; }
  DurationMs interval() const { return interval_; }
  DurationMs query_offset() const { return query_offset_; }
  DurationMs max_wait() const;

 private:
  struct Outcome {
    uint64_t samples = 0;
    double seconds = 0;
  };
  void RunRules(Timestamp ts);
  void Account(const RuleRunner& runner, const Outcome& outcome);
  void EndOrphans(Timestamp ts);
  void LearnArrivals(Timestamp ts);
  void Publish();

  const std::shared_ptr<const RuleGroup> spec_;
  const RuleContext context_;
  const GroupPolicy policy_;
  const DurationMs interval_;
  const DurationMs query_offset_;
  const RuleOrder order_;
  const bool concurrent_;
  const GroupInputs inputs_;
  RuleWorkshop& workshop_;
  const GroupOfRules home_;

  // Of the caller that evaluates.
  std::vector<std::unique_ptr<RuleRunner>> runners_;
  SeriesList orphans_;  // series of rules a reload removed: marked stale at the next evaluation
  StartupHold hold_;
  ArrivalWatch arrivals_;
  bool was_late_ = false;  // the last slot was evaluated without all of its data
  DurationMs learning_took_ = 0;
  Timestamp learned_at_ = 0;  // what is usual of arrivals
  bool learn_again_ = false;  // something that was expected did not come
  RuleGroupStats counts_;
  Timestamp last_evaluation_ = 0;
  Nanos evaluated_at_ = 0;

  mutable absl::Mutex mutex_;
  std::shared_ptr<const RuleGroupView> view_ ABSL_GUARDED_BY(mutex_);
  RuleGroupStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
