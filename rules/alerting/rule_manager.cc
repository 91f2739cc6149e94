// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/rule_manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/alerting/told_alert.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Waiting workers look again this often, so that a reload's new groups are seen.
constexpr DurationMs kLongestSleep = kSecond;

RuleSeams MakeSeams(const RuleManager::Seams& from) {
  return {[&from](const promql::Expression& expression, Timestamp ts) {
            return from.engine.Instant(expression, from.querier, ts);
          },
          from.querier,
          from.engine.options().lookback,
          from.appender,
          from.sink,
          from.store,
          from.clock,
          from.relay};
}

void LogProblems(const std::vector<RuleFile>& files) {
  for (const RuleFile& file : files) {
    for (const RuleProblem& problem : file.problems) {
      LogError("rule disabled", {{"error", problem.text}});
    }
  }
}

}  // namespace

RuleManager::RuleManager(const Seams& seams, RuleManagerOptions options)
    : from_(seams),
      options_(options),
      workshop_(MakeSeams(from_), options_.share_from_seconds),
      farewells_(workshop_.seams) {}

Status RuleManager::Load(std::span<const RuleFileSource> files, const RuleContext& context) {
  std::vector<RuleFile> parsed;
  std::vector<std::string> errors;
  for (const RuleFileSource& source : files) {
    RuleFileOptions options;
    options.bundle = source.bundle;
    options.strict = options_.strict;
    options.promql = options_.promql;
    const StatusOr<std::string> text = ReadFile(source.path);
    StatusOr<RuleFile> file =
        text.ok() ? ParseRuleFile(*text, source.path, options) : StatusOr<RuleFile>(text.status());
    if (file.ok()) {
      parsed.push_back(*std::move(file));
    } else {
      errors.push_back(Message(file.status()));
    }
  }
  if (!errors.empty()) return InvalidArgument(Join(errors, "\n"));
  return Apply(std::move(parsed), context);
}

Status RuleManager::Apply(std::vector<RuleFile> files, const RuleContext& context) {
  const absl::MutexLock lock(&load_mutex_);
  RestoredAlerts restored;
  if (!started_) restored = TRY(RestoredAlerts::Load(from_.store));
  LogProblems(files);
  std::vector<RuleGroup> specs;
  std::set<std::string> paths;
  for (RuleFile& file : files) {
    if (!paths.insert(file.path).second) continue;  // two patterns may name one file
    for (RuleGroup& group : file.groups) specs.push_back(std::move(group));
  }
  Replace(std::move(specs), context, started_ ? nullptr : &restored);
  started_ = true;
  return absl::OkStatus();
}

void RuleManager::Replace(std::vector<RuleGroup> specs, const RuleContext& context,
                          RestoredAlerts* restored) {
  const Timestamp now = from_.clock.Now();
  std::map<std::string, std::shared_ptr<Group>> old;
  for (const std::shared_ptr<Group>& group : Groups()) old.emplace(group->spec().Key(), group);

  Farewell left;
  GroupList next;
  GroupList fresh;
  std::vector<std::pair<std::shared_ptr<Group>, std::optional<Scheduler::Outstanding>>> added;
  for (RuleGroup& spec : specs) {
    const auto at = old.find(spec.Key());
    std::shared_ptr<Group> before = at == old.end() ? nullptr : at->second;
    if (before != nullptr) old.erase(at);
    if (before != nullptr && before->spec() == spec && before->context() == context) {
      next.push_back(std::move(before));
      continue;
    }
    auto group = std::make_shared<Group>(std::move(spec), context, workshop_);
    std::optional<Scheduler::Outstanding> outstanding;
    if (before != nullptr) {
      outstanding = scheduler_.Withdraw(before.get(), now);
      group->TakeOver(*before, &left);
    } else if (restored != nullptr) {
      group->Restore(restored, &left);
    }
    added.emplace_back(group, outstanding);
    next.push_back(std::move(group));
  }
  for (const auto& [key, group] : old) {
    scheduler_.Withdraw(group.get(), now);
    group->Dissolve(&left);
  }
  if (restored != nullptr) left.Add(restored->TakeRest());
  for (const auto& [group, outstanding] : added) fresh.push_back(group);
  FindHomes(fresh, &left);
  {
    const absl::MutexLock lock(&mutex_);
    groups_ = std::move(next);
  }
  // Before any of the new groups is evaluated: an alert that has moved to another group ends first
  // and begins again.
  farewells_.Add(std::move(left));
  DeliverFarewells(now);
  for (auto& [group, outstanding] : added) {
    if (restored != nullptr) group->Begin(now, now + options_.startup_hold);
    scheduler_.Add(std::move(group), now, outstanding);
  }
}

// Alerts whose rule stands elsewhere now go on there.
void RuleManager::FindHomes(const GroupList& fresh, Farewell* left) {
  if (left->alerts.empty()) return;
  StrayAlerts strays(std::move(left->alerts));
  SeriesList written;
  for (const std::shared_ptr<Group>& group : fresh) {
    group->Adopt(&strays, left);
    group->AddSeries(&written);
  }
  left->alerts = strays.TakeRest();
  std::ranges::sort(written, {}, &Labels::packed);
  left->KeepSeries(written);
}

void RuleManager::DeliverFarewells(Timestamp now) {
  if (farewells_.empty()) return;
  const Status status = farewells_.Deliver(now);
  if (status.ok()) return;
  LogWarn("alerts of removed rules are not resolved yet", {{"error", Message(status)}});
}

void RuleManager::RunClaim(const Scheduler::Claim& claim, Timestamp now) {
  if (const auto later = claim.group->AwaitData(claim.ts, now)) {
    scheduler_.Defer(claim, *later);
    return;
  }
  workshop_.lags.Record(static_cast<double>(now - claim.due) / kSecond);
  claim.group->Evaluate(claim.ts, claim.missed);
  scheduler_.Release(claim);
}

void RuleManager::RunDue(Timestamp now) {
  DeliverFarewells(now);
  while (const auto claim = scheduler_.ClaimDue(now)) RunClaim(*claim, now);
}

Timestamp RuleManager::NextDue() const { return scheduler_.NextDue(); }

void RuleManager::RunWorker(const std::stop_token& stop) {
  const std::stop_callback wake_to_stop(stop, [this] { workshop_.crew.Wake(); });
  while (true) {
    // Taken before looking for work or for the stop, so that a call in between is not missed.
    const std::stop_token called = workshop_.crew.WakeToken();
    if (stop.stop_requested()) return;
    if (workshop_.crew.HelpOnce()) continue;
    const Timestamp now = from_.clock.Now();
    if (const auto claim = scheduler_.ClaimDue(now)) {
      RunClaim(*claim, now);
      continue;
    }
    DeliverFarewells(now);
    const Timestamp wake = std::min(scheduler_.NextDue(), now + kLongestSleep);
    from_.clock.SleepUntil(wake * kNanosPerMilli, called);
  }
}

void RuleManager::WriteRest() {
  for (const auto& group : Groups()) {
    Batch rows;
    group->AddUnwritten(&rows);
    if (rows.empty()) continue;
    const Status status = from_.store.Commit(rows, Durability::kBuffered);
    if (status.ok()) continue;
    LogWarn("the newest texts of alerts are not written", {{"error", Message(status)}});
    return;
  }
}

RuleManager::GroupList RuleManager::Groups() const {
  const absl::MutexLock lock(&mutex_);
  return groups_;
}

std::vector<std::shared_ptr<const RuleGroupView>> RuleManager::Snapshot() const {
  std::vector<std::shared_ptr<const RuleGroupView>> views;
  for (const auto& group : Groups()) views.push_back(group->View());
  return views;
}

std::set<uint64_t> RuleManager::OwnedAlerts() const {
  std::set<uint64_t> owned;
  for (const auto& group : Groups()) {
    const Labels& external_labels = group->context().external_labels;
    for (const RuleView& rule : group->View()->rules) {
      for (const AlertSet* alerts : {&rule.alerts, &rule.no_data}) {
        for (const AlertPtr& alert : *alerts) {
          if (alert->state == AlertState::kInactive) continue;
          owned.insert(ToldLabels(alert->labels, external_labels).Fingerprint());
        }
      }
    }
  }
  return owned;
}

std::vector<promql::Expression::Reach> RuleManager::Reaches() const {
  std::vector<promql::Expression::Reach> reaches;
  for (const auto& group : Groups()) {
    for (const Rule& rule : group->spec().rules) {
      if (!rule.expression) continue;
      for (auto& reach : rule.expression->Selectors(from_.engine.options().lookback)) {
        reach.horizon += group->query_offset();
        reaches.push_back(std::move(reach));
      }
    }
  }
  return reaches;
}

RuleStats RuleManager::Stats() const {
  RuleStats stats;
  stats.evaluation_duration = workshop_.evaluations.Stats();
  stats.group_duration = workshop_.groups.Stats();
  stats.group_lag = workshop_.lags.Stats();
  for (const auto& group : Groups()) {
    stats.groups.push_back(group->Stats());
    for (const RuleView& rule : group->View()->rules) {
      stats.no_data_alerts += WorstState(rule.no_data) == AlertState::kFiring ? 1 : 0;
      for (const AlertPtr& alert : rule.alerts) {
        stats.pending_alerts += alert->state == AlertState::kPending ? 1 : 0;
        stats.firing_alerts += alert->state == AlertState::kFiring ? 1 : 0;
      }
    }
  }
  return stats;
}

}  // namespace outrider
