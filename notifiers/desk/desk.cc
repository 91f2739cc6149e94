// SPDX-License-Identifier: Apache-2.0
// The shell: each event takes the event lock, decides on a transaction (pure), writes it as one
// batch, applies it. Long, because each door of Desk that decides is here, a few lines each.
#include "notifiers/desk/desk.h"

#include "notifiers/desk/answers.h"
#include "notifiers/desk/decide_around.h"
#include "notifiers/desk/decide_attention.h"
#include "notifiers/desk/decide_contacts.h"
#include "notifiers/desk/decide_dependencies.h"
#include "notifiers/desk/decide_heartbeats.h"
#include "notifiers/desk/decide_maintenance.h"
#include "notifiers/desk/decide_oncall_checks.h"
#include "notifiers/desk/decide_overlays.h"
#include "notifiers/desk/decide_paging.h"
#include "notifiers/desk/decide_sla.h"
#include "notifiers/desk/desk_impl.h"
#include "notifiers/desk/history.h"
#include "notifiers/outbox/lane.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr size_t kRecentDeliveries = 1000;
// How much of what is due is one event, and so one commit, at most: who comes meanwhile waits.
constexpr size_t kTimersAtOnce = 32;
constexpr size_t kEndsAtOnce = 512;
// How long a clock that has nothing to do sleeps at most.
constexpr int64_t kIdle = 60 * kNanosPerSecond;

}  // namespace

Desk::Desk(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Desk::~Desk() = default;

// ---- the life of a decision
// -----------------------------------------------------------------------------------------

Status Desk::Impl::Finish(Transaction& tx, Nanos now, Batch extra, bool keep, Wakes* wakes) {
  if (tx.empty() && extra.empty()) return absl::OkStatus();
  Batch batch = tx.Encode();
  for (auto& [key, row] : tx.effects.history) {
    batch.Put(Family::kHistory, std::move(key), std::move(row));
  }
  batch.Append(std::move(extra));
  if (!batch.empty()) AddLived(&batch);
  const Durability durability = tx.synced() ? Durability::kSynced : Durability::kBuffered;
  StatusOr<Journal::Kept> kept = Journal::Kept::kWritten;
  if (!batch.empty()) kept = journal.Write(std::move(batch), durability, keep, now);
  {
    absl::MutexLock lock(&state_mutex);
    store_failing = journal.failing();
    unrecorded = journal.unrecorded();
    next_retry = journal.NextRetry();
    if (!kept.ok()) {
      tx.Rollback();
      return kept.status();
    }
    if (*kept == Journal::Kept::kInMemory) tx.MarkUnrecorded();
    const std::optional<Nanos> before = state.NextDue();
    tx.Apply(&state);
    ApplyEffects(tx.effects);
    queued_since_claim = queued_since_claim || tx.queues_messages();
    const std::optional<Nanos> after = state.NextDue();
    wakes->timers = wakes->timers || (after && (!before || *after < *before));
    wakes->messages = wakes->messages || tx.queues_messages();
  }
  LogDecision(tx);
  return absl::OkStatus();
}

namespace {

void NoteLaneError(const DeliveryView& delivery, std::map<std::string, LaneError>* errors) {
  if (!delivery.attempted) return;
  const std::string lane = LaneName(delivery.receiver, delivery.integration);
  if (delivery.outcome == "delivered") {
    errors->erase(lane);
  } else {
    (*errors)[lane] = {delivery.detail, delivery.reason_code};
  }
}

}  // namespace

void Desk::Impl::ApplyEffects(const Effects& effects) {
  for (const DeliveryView& delivery : effects.deliveries) {
    const auto lane = state.lane_errors.find(LaneName(delivery.receiver, delivery.integration));
    CountSending(delivery, lane == state.lane_errors.end() ? nullptr : &lane->second, &sending);
    ++notifications[{delivery.receiver, delivery.integration, delivery.outcome}];
    NoteLaneError(delivery, &state.lane_errors);
    deliveries.push_back(delivery);
    if (deliveries.size() > kRecentDeliveries) deliveries.pop_front();
  }
  for (const auto& [key, count] : effects.escalations) escalations[key] += count;
  CountBegins(plan->config().limits.damping, effects.begins, &state.begins);
  for (const auto& [reason, count] : effects.suppressed) suppressed[reason] += count;
  trim_before = std::max(trim_before, effects.trim_before);
  if (effects.set_back == 0) return;
  for (auto& [fingerprint, times] : state.begins) {
    for (Nanos& time : times) time -= effects.set_back;
  }
  queued_since_claim = true;  // what the last claim said is of another time
}

void Desk::Impl::Wake(const Wakes& wakes) {
  if (!wakes.timers && !wakes.messages) return;
  std::function<void()> wake;
  {
    absl::MutexLock lock(&wake_mutex);
    if (wakes.timers) {
      timer_wait.request_stop();
      timer_wait = std::stop_source();
    }
    if (wakes.messages) wake = wake_dispatcher;
  }
  if (wake) wake();
}

std::stop_token Desk::Impl::WaitToken() {
  absl::MutexLock lock(&wake_mutex);
  return timer_wait.get_token();
}

void Desk::SetWakeDispatcher(std::function<void()> wake) {
  absl::MutexLock lock(&impl_->wake_mutex);
  impl_->wake_dispatcher = std::move(wake);
}

// ---- alerts
// ---------------------------------------------------------------------------------------------------------

namespace {

IncomingAlerts Incoming(std::span<const Alert> alerts) {
  IncomingAlerts incoming;
  for (const Alert& alert : alerts) incoming.Add(alert);
  return incoming;
}

}  // namespace

Status Desk::OnAlerts(std::span<const Alert> alerts, Batch rule_state, Nanos now) {
  const IncomingAlerts incoming = Incoming(alerts);
  return impl_->Run(
      now,
      [&](Transaction& tx, Nanos at) {
        TakeAlerts(tx, incoming, at);
        return absl::OkStatus();
      },
      std::move(rule_state));
}

Status Desk::ReconcileRuleAlerts(const std::set<uint64_t>& owned, Nanos now) {
  return impl_->Run(now, [&](Transaction& tx, Nanos at) {
    ResolveUnowned(tx, owned, at);
    return absl::OkStatus();
  });
}

StatusOr<PostAlertsResult> Desk::PostAlerts(std::span<const Alert> alerts, Nanos now) {
  PostAlertsResult result;
  const IncomingAlerts incoming = Incoming(alerts);
  TRY(impl_->Run(now, [&](Transaction& tx, Nanos at) {
    result.stored = TakePosted(tx, incoming, at, &result);
    return absl::OkStatus();
  }));
  return result;
}

StatusOr<PostAlertsResult> Desk::PostAlerts(const IncomingAlerts& alerts, const Clock& clock) {
  PostAlertsResult result;
  TRY(impl_->RunAt(clock, [&](Transaction& tx, Nanos now) {
    result.stored = TakePosted(tx, alerts, now, &result);
    return absl::OkStatus();
  }));
  return result;
}

// ---- people
// ---------------------------------------------------------------------------------------------------------

namespace {

template <typename Impl, typename Decide>
Desk::IncidentResult DecideIncident(Impl& impl, const HumanAction& human, Nanos now,
                                    Decide&& decide) {
  TRY(impl.Run(now, decide));
  absl::ReaderMutexLock lock(&impl.state_mutex);
  const auto it = impl.state.incidents.find(human.incident_id);
  if (it == impl.state.incidents.end()) return NotFound("no incident " + human.incident_id);
  return it->second;
}

}  // namespace

#define OUTRIDER_INCIDENT_ACTION_(method, action)                              \
  Desk::IncidentResult Desk::method(const HumanAction& human, Nanos now) {     \
    return DecideIncident(*impl_, human, now, [&](Transaction& tx, Nanos at) { \
      return ActOnIncident(tx, IncidentAction::action, human, at);             \
    });                                                                        \
  }
OUTRIDER_INCIDENT_ACTION_(Acknowledge, kAcknowledge)
OUTRIDER_INCIDENT_ACTION_(StartInvestigation, kInvestigate)
OUTRIDER_INCIDENT_ACTION_(Resolve, kResolve)
OUTRIDER_INCIDENT_ACTION_(Reopen, kReopen)
OUTRIDER_INCIDENT_ACTION_(Unacknowledge, kUnacknowledge)
#undef OUTRIDER_INCIDENT_ACTION_

Desk::IncidentResult Desk::AddNote(const HumanAction& human, Nanos now) {
  return DecideIncident(*impl_, human, now,
                        [&](Transaction& tx, Nanos at) { return NoteOnIncident(tx, human, at); });
}

Desk::IncidentResult Desk::Hold(const HumanAction& human, Nanos now) {
  return DecideIncident(*impl_, human, now,
                        [&](Transaction& tx, Nanos at) { return PutOnHold(tx, human, true, at); });
}

Desk::IncidentResult Desk::Unhold(const HumanAction& human, Nanos now) {
  return DecideIncident(*impl_, human, now,
                        [&](Transaction& tx, Nanos at) { return PutOnHold(tx, human, false, at); });
}

Desk::IncidentResult Desk::Change(const IncidentChange& change, const HumanAction& human,
                                  Nanos now) {
  return DecideIncident(*impl_, human, now, [&](Transaction& tx, Nanos at) {
    return ChangeIncident(tx, change, human, at);
  });
}

Desk::IncidentResult Desk::Create(const NewIncident& wanted, HumanAction human, Nanos now) {
  return DecideIncident(*impl_, human, now, [&](Transaction& tx, Nanos at) -> Status {
    human.incident_id = TRY(CreateIncident(tx, wanted, ToActor(human), at));
    return absl::OkStatus();
  });
}

Desk::IncidentResult Desk::Escalate(const HumanAction& human, bool force, Nanos now) {
  return DecideIncident(*impl_, human, now, [&](Transaction& tx, Nanos at) {
    return EscalateIncident(tx, human, force, at);
  });
}

Desk::IncidentResult Desk::ReapplyPolicy(const HumanAction& human, const std::string& policy,
                                         Nanos now) {
  return DecideIncident(*impl_, human, now, [&](Transaction& tx, Nanos at) {
    return outrider::ReapplyPolicy(tx, human, policy, at);
  });
}

StatusOr<std::string> Desk::SetSilence(Silence silence, const std::string& channel, Nanos now,
                                       bool force) {
  const std::string new_id = impl_->random.Uuid();
  std::string id;
  TRY(impl_->Run(now, [&](Transaction& tx, Nanos at) -> Status {
    id = TRY(PutSilence(tx, silence, new_id, channel, at, force));
    return absl::OkStatus();
  }));
  return id;
}

Status Desk::ExpireSilence(const std::string& id, const std::string& channel, Nanos now,
                           const std::string& who) {
  return impl_->Run(now, [&](Transaction& tx, Nanos at) {
    return outrider::ExpireSilence(tx, id, channel, at, who);
  });
}

Status Desk::Configure(AuditEvent event, Batch rows, Nanos now) {
  const auto decide = [&](Transaction& tx, Nanos at) {
    event.time = at;
    tx.Audit(event);
    tx.RequireSync();
    return absl::OkStatus();
  };
  return impl_->Run(now, decide, std::move(rows));
}

// ---- reports
// ---------------------------------------------------------------------------------------------------------

StatusOr<std::vector<std::string>> Desk::QueueReports(std::span<const DeskReport> reports,
                                                      Batch extra, Nanos now) {
  std::vector<std::string> homeless;
  TRY(impl_->Run(
      now,
      [&](Transaction& tx, Nanos at) {
        homeless.clear();
        for (const DeskReport& report : reports) {
          if (!QueueReport(tx, report, at)) homeless.push_back(report.id);
        }
        return absl::OkStatus();
      },
      std::move(extra)));
  return homeless;
}

// ---- time
// -----------------------------------------------------------------------------------------------------------

void Desk::Impl::RunTimer(Transaction& tx, const TimerKey& timer, Nanos now) {
  switch (timer.kind) {
    case TimerKind::kGroupFlush:
      if (now < flush_from) {
        tx.SetTimer(timer.kind, timer.id, flush_from);
        break;
      }
      FlushGroup(tx, timer.id, timer.due, now);
      break;
    case TimerKind::kSettle:
      OnSettled(tx, timer.id, timer.due);
      break;
    case TimerKind::kSilenceEdge:
      OnSilenceEdge(tx, timer.id, timer.due);
      break;
    case TimerKind::kGroupDamp:
      OnDampingEnd(tx, timer.id);
      break;
    case TimerKind::kSilenceIdle:
      OnSilenceIdle(tx, timer.id, timer.due, now);
      break;
    case TimerKind::kForgetIncident:
      OnForgetIncident(tx, timer.id, now);
      break;
    case TimerKind::kHeartbeat:
      OnHeartbeatTimer(tx, timer.id, timer.due);
      break;
    case TimerKind::kMaintenanceEdge:
      OnMaintenanceEdge(tx, timer.id, timer.due);
      break;
    case TimerKind::kDependency:
      OnDependencyTimer(tx, timer.id, timer.due);
      break;
    case TimerKind::kOnCallCheck:
      OnOnCallCheck(tx, timer.due);
      break;
    case TimerKind::kHistoryTrim:
      OnHistoryTrim(tx, timer.due);
      break;
    case TimerKind::kAckReminder:
    case TimerKind::kAckTimeout:
    case TimerKind::kSnoozeEnd:
    case TimerKind::kAutoResolve:
      OnAttentionTimer(tx, timer.kind, timer.id, timer.due, now);
      break;
    case TimerKind::kPageBundle:
      OnPageBundle(tx, timer.id, timer.due);
      break;
    case TimerKind::kContactRule:
      OnContactRule(tx, timer.id, timer.due, now);
      break;
    default:
      OnIncidentTimer(tx, timer.kind, timer.id, timer.due, now);
      break;
  }
}

int Desk::Impl::RunTimersOf(Transaction& tx, Nanos now) {
  const std::vector<TimerKey> due = tx.state().timers.DueBy(now, kTimersAtOnce);
  int ran = 0;
  for (const TimerKey& timer : due) {
    // In order: what one sets may be due before the next, and the end of an alert too.
    if (tx.earliest_timer() <= timer.due) break;
    if (ran > 0 && !state.ends.empty() && state.ends.front().due <= timer.due) break;
    if (tx.TimerDue(timer.kind, timer.id) != timer.due) continue;
    RunTimer(tx, timer, now);
    ++ran;
  }
  return ran;
}

StatusOr<int> Desk::Impl::RunSomeDue(Nanos now) {
  int ran = 0;
  Wakes wakes;
  Status status;
  {
    absl::MutexLock event(&event_mutex);
    const StatusOr<Nanos> at = NoteTime(now, &wakes);  // before ends are taken that it moves
    if (!at.ok()) return at.status();
    now = *at;
    std::vector<AlertEnd> ends;
    {
      absl::MutexLock lock(&state_mutex);
      ends = state.TakeEnds(std::min(now, state.timers.FirstDue().value_or(now)), kEndsAtOnce);
    }
    status = RunLocked(
        now,
        [&](Transaction& tx) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex) {
          OnAlertEnds(tx, ends);
          ran = ends.empty() ? RunTimersOf(tx, now) : static_cast<int>(ends.size());
          return absl::OkStatus();
        },
        {}, false, &wakes);
    if (!status.ok()) {
      absl::MutexLock lock(&state_mutex);
      for (const AlertEnd& end : ends) state.PushEnd(end);  // they stay due
    }
  }
  Wake(wakes);
  TRY(status);
  return ran;
}

StatusOr<int> Desk::Tick(Nanos now) {
  int ran = 0;
  while (const int some = TRY(impl_->RunSomeDue(now))) ran += some;
  bool wrote = false;
  {
    absl::MutexLock event(&impl_->event_mutex);
    const Nanos retry = impl_->journal.NextRetry();
    if (retry != 0 && retry <= now) TRY(impl_->journal.Retry(now));
    wrote = retry != 0 && impl_->journal.NextRetry() == 0;
    impl_->KeepLived(/*at_end=*/false, now);
    absl::MutexLock lock(&impl_->state_mutex);
    impl_->store_failing = impl_->journal.failing();
    impl_->next_retry = impl_->journal.NextRetry();
    impl_->unrecorded = impl_->journal.unrecorded();
  }
  if (wrote) impl_->WakeAll();
  TRY(impl_->TrimHistory(now));
  return ran;
}

std::optional<Nanos> Desk::NextDue() const {
  absl::ReaderMutexLock lock(&impl_->state_mutex);
  std::optional<Nanos> due = impl_->state.NextDue();
  if (impl_->next_retry != 0) due = std::min(due.value_or(impl_->next_retry), impl_->next_retry);
  // More of the history is to be trimmed: a time that has passed.
  const Nanos trim = std::max(impl_->trimming.before, impl_->trim_before);
  if (trim != 0) due = std::min(due.value_or(trim), trim);
  return due;
}

void Desk::RunTimers(const Clock& clock, std::stop_token stop) {
  // A stop of the thread ends the wait as well.
  const std::stop_callback on_stop(stop, [this] { impl_->WakeAll(); });
  while (!stop.stop_requested()) {
    const std::stop_token wait = impl_->WaitToken();
    const Nanos now = clock.NowNanos();
    const StatusOr<int> ran = Tick(now);
    if (!ran.ok()) {
      LogError("a timer could not be run", {{"error", Message(ran.status())}});
      clock.SleepUntil(now + kNanosPerSecond, stop);
      continue;
    }
    if (stop.stop_requested()) break;
    clock.SleepUntil(std::min(NextDue().value_or(now + kIdle), now + kIdle), wait);
  }
  absl::MutexLock event(&impl_->event_mutex);
  impl_->KeepLived(/*at_end=*/true, clock.NowNanos());
}

Status Desk::Reload(DeskConfig config, Nanos now) { return Reload(std::move(config), now, {}, {}); }

Status Desk::Reload(DeskConfig config, Nanos now, std::vector<AuditEvent> events, Batch rows) {
  return Replace({std::move(config), std::move(events), std::move(rows)}, now);
}

Status Desk::ReplaceApiRoutes(std::vector<RouteConfig> routes,
                              std::shared_ptr<const Receivers> receivers, Nanos now) {
  DeskConfig changed = *config();
  changed.api_routes = std::move(routes);
  changed.receivers = std::move(receivers);
  return Replace({.config = std::move(changed), .keeps_timers = true}, now);
}

Status Desk::Replace(NewConfig change, Nanos now) {
  Impl& impl = *impl_;
  auto plan = std::make_shared<const Plan>(std::move(change.config));
  Impl::Wakes wakes;
  Status status;
  {
    absl::MutexLock one(&impl.event_mutex);
    const StatusOr<Nanos> at = impl.NoteTime(now, &wakes);  // by the plan there was
    if (!at.ok()) return at.status();
    now = *at;
    std::shared_ptr<const Plan> old_plan;
    Inhibitor old_inhibitor({});
    Inhibitor old_dependencies({});
    {
      absl::MutexLock lock(&impl.state_mutex);
      Inhibitor inhibitor(plan->config().alertmanager.inhibit_rules);
      Inhibitor dependencies(AsInhibition(plan->config().around.dependencies));
      for (const auto& [fingerprint, record] : impl.state.alerts) {
        if (record->firing) inhibitor.SetFiring(record->labels(), true);
        if (record->firing) dependencies.SetFiring(record->labels(), true);
        if (record->waiting) inhibitor.SetWaiting(record->labels(), true);
      }
      old_plan = std::exchange(impl.plan, plan);
      old_inhibitor = std::exchange(impl.inhibitor, std::move(inhibitor));
      old_dependencies = std::exchange(impl.dependencies, std::move(dependencies));
    }
    status = impl.RunLocked(
        now,
        [&](Transaction& tx) {
          if (change.keeps_timers) {
            MoveMembers(tx, now);
          } else {
            Regroup(tx, now);
          }
          ScheduleForgettingOfAll(tx);
          RecountSlaOfAll(tx, now);
          ScheduleQuietOfAll(tx, now);
          EnsureAnswerKey(tx, impl.random, now);
          RecheckSuppressed(tx, now);
          for (AuditEvent& event : change.events) {
            event.time = now;
            tx.Audit(std::move(event));
            tx.RequireSync();
          }
          SettleAround(tx, /*start=*/false, now);
          return absl::OkStatus();
        },
        std::move(change.rows), false, &wakes);
    if (!status.ok()) {
      absl::MutexLock lock(&impl.state_mutex);
      impl.plan = old_plan;
      impl.inhibitor = std::move(old_inhibitor);
      impl.dependencies = std::move(old_dependencies);
    }
  }
  impl.WakeAll();
  return status;
}

// ---- messages
// -------------------------------------------------------------------------------------------------------

StatusOr<ClaimAnswer> Desk::Claim(Nanos now, size_t most, const RoomOf& room) {
  ClaimAnswer answer;
  TRY(impl_->Run(now, [&](Transaction& tx, Nanos at) {
    answer = {};
    const ClaimedRows claimed = ClaimRows(tx, at, most, room, impl_->faults.ignore_epoch);
    if (claimed.next != 0) answer.next = claimed.next;
    for (const OutboxRow& row : claimed.rows) {
      ClaimedMessage& message = answer.messages.emplace_back();
      NumberPage(tx, row, at);
      message.notification = BuildNotification(tx, row, at);
      message.receivers = tx.plan().config().receivers;
      message.channel =
          message.receivers->FindIntegration(row.receiver, row.integration)->channel.get();
      message.row = row;
    }
    return absl::OkStatus();
  }));
  absl::MutexLock lock(&impl_->state_mutex);
  impl_->next_claim = answer.next;
  impl_->queued_since_claim = false;
  return answer;
}

bool Desk::StillWanted(const OutboxRow& row, Nanos now) {
  if (row.incident_id.empty()) {  // nobody can acknowledge it; its group may be gone
    absl::ReaderMutexLock lock(&impl_->state_mutex);
    return impl_->state.outbox.contains(row.id);
  }
  bool wanted = true;
  const Status status = impl_->Run(
      now,
      [&](Transaction& tx, Nanos at) {
        wanted =
            tx.outbox.Find(row.id) != nullptr && (impl_->faults.ignore_epoch || IsCurrent(tx, row));
        if (!wanted) {
          EndRow(tx, row.id, OutboxOutcome::kStale, StaleText(row), at);
        } else if (row.kind == OutboxKind::kPage) {
          wanted = !HoldPage(tx, row.id, at);
        }
        return absl::OkStatus();
      },
      {}, /*keep=*/true);
  return wanted && status.ok();
}

Status Desk::OnOutcomes(std::span<const FinishedAttempt> attempts, Nanos now) {
  return impl_->Run(
      now,
      [&](Transaction& tx, Nanos at) {
        for (const FinishedAttempt& attempt : attempts) {
          OnSendResult(tx, attempt, impl_->random.Unit(), at);
        }
        return absl::OkStatus();
      },
      {}, /*keep=*/true);
}

std::optional<Nanos> Desk::NextMessageDue() const {
  absl::ReaderMutexLock lock(&impl_->state_mutex);
  if (!impl_->queued_since_claim) return impl_->next_claim;
  const OutboxQueues& queues = impl_->state.outbox_queues;
  if (queues.empty()) return std::nullopt;
  return queues.FirstDue();
}

}  // namespace outrider
