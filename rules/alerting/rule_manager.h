// SPDX-License-Identifier: Apache-2.0
// All rules of the process: loaded and reloaded, evaluated on time, shown. The only class of the
// room that exporter/daemon and the API talk to.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/alerting/farewell.h"
#include "rules/alerting/group.h"
#include "rules/alerting/rule_context.h"
#include "rules/alerting/rule_stats.h"
#include "rules/alerting/rule_view.h"
#include "rules/alerting/scheduler.h"
#include "rules/promql/engine.h"
#include "rules/rulefile/rule_file.h"
#include "storage/window/querier.h"

namespace outrider {

struct RuleManagerOptions {
  DurationMs startup_hold = 5 * kMinute;  // rules.startup_hold
  bool strict = false;                    // rules.strict
  promql::ParseOptions promql;
  // Rules of a group are offered to other threads when they took this long last time: waking one
  // costs some microseconds.
  double share_from_seconds = 0.05;
};

struct RuleFileSource {
  std::string path;
  bool bundle = false;  // holds routes and receivers beside its groups
};

// Thread-safe. Everything handed in is thread-safe and outlives the manager.
class RuleManager {
 public:
  struct Seams {
    const promql::Engine& engine;
    const Querier& querier;
    Appender& appender;
    AlertSink& sink;
    StateStore& store;
    const Clock& clock;
    AlertRelay* relay = nullptr;  // may be null
  };
  RuleManager(const Seams& seams, RuleManagerOptions options);

  // Replaces the rules by those of `files`, all or nothing: a file that cannot be read, YAML and
  // schema errors (with `strict`: any error) leave the old set in place. The first load continues
  // from the stored alert states, so call it when the log has been replayed. Unchanged groups keep
  // running, changed ones take their state over, firing alerts of removed rules are resolved.
  Status Load(std::span<const RuleFileSource> files, const RuleContext& context);
  // The same from parsed files.
  Status Apply(std::vector<RuleFile> files, const RuleContext& context);

  // Virtual time: evaluates every group that is due at `now`, in order of due time, on this thread.
  void RunDue(Timestamp now);
  // When RunDue has something to do next; the largest Timestamp if never.
  Timestamp NextDue() const;
  // Real time: evaluates due groups, and rules of groups that others evaluate, until stopped. Call
  // from as many threads as may work at once.
  void RunWorker(const std::stop_token& stop);

  // At a clean stop, when nobody evaluates any more: values and texts of alerts that have changed
  // since they were told, so that the next process goes on with them.
  void WriteRest();

  // In the order of the files.
  std::vector<std::shared_ptr<const RuleGroupView>> Snapshot() const;
  // Fingerprints of the alerts rules still know, pending or firing, as they are told downstream.
  std::set<uint64_t> OwnedAlerts() const;
  // What the loaded expressions read, and how far back, query offsets included.
  std::vector<promql::Expression::Reach> Reaches() const;
  RuleStats Stats() const;

 private:
  using GroupList = std::vector<std::shared_ptr<Group>>;
  void RunClaim(const Scheduler::Claim& claim, Timestamp now);
  static void FindHomes(const GroupList& fresh, Farewell* left);
  void DeliverFarewells(Timestamp now);
  GroupList Groups() const;
  void Replace(std::vector<RuleGroup> specs, const RuleContext& context, RestoredAlerts* restored);

  const Seams from_;
  const RuleManagerOptions options_;
  RuleWorkshop workshop_;
  Farewells farewells_;
  Scheduler scheduler_;

  absl::Mutex load_mutex_;  // one load at a time; never taken by evaluations or readers
  bool started_ ABSL_GUARDED_BY(load_mutex_) = false;

  mutable absl::Mutex mutex_;
  GroupList groups_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
