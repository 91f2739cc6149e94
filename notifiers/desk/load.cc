// SPDX-License-Identifier: Apache-2.0
// Start: every row into memory, then what the last end of the process left open is settled as one
// decision.
#include <fmt/format.h>

#include "notifiers/desk/answer_bundles.h"
#include "notifiers/desk/answers.h"
#include "notifiers/desk/decide_around.h"
#include "notifiers/desk/decide_attention.h"
#include "notifiers/desk/decide_sla.h"
#include "notifiers/desk/desk_impl.h"
#include "notifiers/desk/former_keys.h"
#include "notifiers/incident/opened_index.h"
#include "storage/base/log.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

// Decodes each row of a family; stops at the first that is corrupt and names the family.
template <typename Visit>
Status ReadAll(const StateStore& store, Family family, std::string_view prefix, Visit&& visit) {
  Status status;
  TRY(store.Scan(family, prefix, "", [&](const Row& row) {
    status = visit(row);
    return status.ok();
  }));
  return status.ok() ? status : Annotate(status, fmt::format("state, {}", FamilyName(family)));
}

void AddMember(uint64_t fingerprint, Incident* incident) {
  if (incident->alerts.size() < kMaxIncidentAlerts) incident->alerts.insert(fingerprint);
}

// What an alert's row knows of its incident beyond the incident's own row.
void AddJoined(const AlertRecord& record, uint64_t written_events, Incident* incident) {
  if (record.joined_as <= written_events) return;
  ++incident->count;
  incident->audit_events = std::max<uint64_t>(incident->audit_events, record.joined_as);
  incident->last_alert_at = std::max(incident->last_alert_at, record.JoinedAt());
  incident->updated_at = std::max(incident->updated_at, record.JoinedAt());
}

// Which alerts have been in the incidents, and those that fire: each says whom it feeds.
Status ReadMembers(const StateStore& store, const DeskState& state,
                   std::map<std::string, Incident>* incidents) {
  constexpr size_t kAround = 1 + 1 + 8;  // bucket, zero, fingerprint
  TRY(ReadAll(store, Family::kMembers, "", [&](const Row& row) -> Status {
    if (row.key.size() < kAround) return absl::DataLossError("a member's key is too short");
    const auto it = incidents->find(row.key.substr(1, row.key.size() - kAround));
    if (it == incidents->end()) return absl::OkStatus();
    AddMember(ReadBigEndian64(std::string_view(row.key).substr(row.key.size() - 8)), &it->second);
    return absl::OkStatus();
  }));
  absl::flat_hash_map<std::string_view, uint64_t> written;  // events that the rows know of
  for (const auto& [fingerprint, record] : state.alerts) {
    if (record->incident_id.empty()) continue;
    const auto it = incidents->find(record->incident_id);
    if (it == incidents->end()) continue;
    AddMember(fingerprint, &it->second);
    const auto events = written.try_emplace(it->first, it->second.audit_events).first;
    AddJoined(*record, events->second, &it->second);
    if (record->firing) it->second.firing.insert(fingerprint);
  }
  for (auto& [id, incident] : *incidents) {  // equal sets share their memory
    if (incident.firing == incident.alerts) incident.firing = incident.alerts;
  }
  return absl::OkStatus();
}

// `upgrade` gets the members of incidents whose rows hold them still.
Status ReadIncidents(const StateStore& store, DeskState* state, Batch* upgrade) {
  std::map<std::string, Incident> incidents;
  TRY(ReadAll(store, Family::kIncidents, "", [&](const Row& row) -> Status {
    Incident incident = TRY(DecodeIncident(row.value));
    std::string id = incident.id;
    for (const uint64_t fingerprint : incident.alerts) {
      upgrade->Put(Family::kMembers, MemberKey(id, fingerprint), "");
    }
    incidents.emplace(std::move(id), std::move(incident));
    return absl::OkStatus();
  }));
  TRY(ReadAll(store, Family::kSla, "", [&](const Row& row) -> Status {
    const SlaClock clock = TRY(DecodeSlaClock(row.value));
    constexpr size_t kAround = 3;  // bucket, zero, clock
    if (row.key.size() < kAround) return absl::DataLossError("an SLA key is too short");
    const auto it = incidents.find(row.key.substr(1, row.key.size() - kAround));
    if (it != incidents.end()) it->second.Clock(clock.kind) = clock;
    return absl::OkStatus();
  }));
  TRY(ReadMembers(store, *state, &incidents));
  for (auto& [id, incident] : incidents) {
    state->PutIncident(id, std::make_shared<Incident>(std::move(incident)));
  }
  return absl::OkStatus();
}

// Of each alert in blocks of times, the newest and the block it is in.
struct NewestTimes {
  uint64_t block = 0;
  AlertTimes times;
};
using NewestTimesMap = absl::flat_hash_map<uint64_t, NewestTimes>;

// No time of an event: a repeat is written whenever it comes.
Nanos MarkOf(uint64_t block) { return -1 - static_cast<Nanos>(block); }

Status ReadAlertTimes(const StateStore& store, Nanos now, DeskState* state,
                      NewestTimesMap* newest) {
  return ReadAll(store, Family::kMeta, kAlertTimesPrefix, [&](const Row& row) -> Status {
    AlertTimesBlock block;
    block.number = TRY(ReadAlertTimesKey(row.key));
    block.mark = MarkOf(block.number);
    block.written_at = now;
    for (const AlertTimes& times : TRY(DecodeAlertTimes(row.value))) {
      block.fingerprints.push_back(times.fingerprint);
      newest->insert_or_assign(times.fingerprint, NewestTimes{block.number, times});
    }
    state->next_alert_times = block.number + 1;
    state->alert_times.push_back(std::move(block));
    return absl::OkStatus();
  });
}

Status ReadAlerts(const StateStore& store, Nanos now, DeskState* state) {
  NewestTimesMap newest;
  TRY(ReadAlertTimes(store, now, state, &newest));
  return ReadAll(store, Family::kAlerts, "", [&](const Row& row) -> Status {
    uint64_t times_from = 0;
    AlertRecord record = TRY(DecodeAlertRecord(row.value, &times_from));
    const uint64_t fingerprint = record.fingerprint();
    state->next_alert_times = std::max(state->next_alert_times, times_from);
    const auto times = newest.find(fingerprint);
    if (times != newest.end() && times->second.block >= times_from) {
      SetTimes(times->second.times, &record);
      record.written_at = MarkOf(times->second.block);
    }
    record.end_timer = record.firing ? record.ends_at.nanos : 0;
    state->PutAlert(fingerprint, std::make_shared<const AlertRecord>(std::move(record)));
    return absl::OkStatus();
  });
}

Status ReadMessages(const StateStore& store, FormerKeys* former, DeskState* state) {
  TRY(ReadAll(store, Family::kGroups, "", [&](const Row& row) -> Status {
    GroupRecord group = former->Moved(TRY(DecodeGroupRecord(row.value)));
    const std::string id = group.id;
    state->PutGroup(id, std::make_shared<GroupRecord>(std::move(group)));
    return absl::OkStatus();
  }));
  return ReadAll(store, Family::kOutbox, "", [&](const Row& row) -> Status {
    OutboxRow message = former->Moved(TRY(DecodeOutboxRow(row.value)));
    const std::string id = message.id;
    state->PutOutbox(id, std::make_shared<const OutboxRow>(std::move(message)));
    return absl::OkStatus();
  });
}

// Incidents are read. Older rows, or none, say nothing of those that are kept.
Status ReadTotals(const StateStore& store, DeskState* state) {
  bool complete = false;
  if (const auto row = TRY(store.Get(Family::kMeta, kTotalsKey))) {
    state->totals = TRY(DecodeIncidentTotals(row->value, &complete));
  }
  TRY(ReadShares(store, state->incidents, &state->shares));
  if (complete) return absl::OkStatus();
  for (const auto& [id, incident] : state->incidents) state->totals.Count(nullptr, *incident);
  return absl::OkStatus();
}

// Other rows of the family are read by who owns them.
Status ReadPaging(const StateStore& store, DeskState* state) {
  return ReadAll(store, Family::kPaging, "", [&](const Row& row) -> Status {
    if (!IsPagingKey(row.key)) return absl::OkStatus();
    state->PutPaging(row.key,
                     std::make_shared<const PagingRecord>(TRY(DecodePagingRecord(row.value))));
    return absl::OkStatus();
  });
}

Status ReadRest(const StateStore& store, FormerKeys* former, DeskState* state) {
  auto silences = std::make_shared<SilenceBook>();
  TRY(ReadAll(store, Family::kSilences, "", [&](const Row& row) -> Status {
    silences->Put(TRY(DecodeSilence(row.value)));
    return absl::OkStatus();
  }));
  state->silences = std::move(silences);
  TRY(ReadAll(store, Family::kTimers, "", [&](const Row& row) -> Status {
    const TimerKey timer = former->Moved(TRY(DecodeTimerKey(row.key)));
    state->SetTimer({timer.kind, timer.id}, timer.due);
    return absl::OkStatus();
  }));
  TRY(ReadAll(store, Family::kPaging, kAnswerCodesPrefix, [&](const Row& row) -> Status {
    AnswerCodes codes = TRY(DecodeAnswerCodes(row.value));
    std::string phone = codes.phone;
    state->answer_codes[std::move(phone)] = std::make_shared<const AnswerCodes>(std::move(codes));
    return absl::OkStatus();
  }));
  if (const auto keys = TRY(store.Get(Family::kPaging, kAnswerKeysKey))) {
    state->answer_keys = std::make_shared<const AnswerKeys>(TRY(DecodeAnswerKeys(keys->value)));
  }
  TRY(ReadTotals(store, state));
  const std::string prefix = "audit";
  return ReadAll(store, Family::kMeta, prefix, [&](const Row& row) -> Status {
    if (row.key.size() != prefix.size() + 1) return absl::OkStatus();
    state->audit_heads[static_cast<uint8_t>(row.key.back())] = TRY(DecodeAuditHead(row.value));
    return absl::OkStatus();
  });
}

// Ends of alerts were timers with rows once; now they follow from the alerts.
void CancelOldEnds(Transaction& tx) {
  for (const auto& [timer, entry] : tx.state().timers) {
    if (timer.first == TimerKind::kAlertEnd) tx.CancelTimer(timer.first, timer.second);
  }
}

}  // namespace

Status Desk::Impl::LoadRows(Nanos now) {
  absl::MutexLock event(&event_mutex);
  TRY(journal.TakeFence());
  Batch upgrade;
  Batch moved;
  {
    absl::MutexLock lock(&state_mutex);
    TRY(ReadAlerts(store, now, &state));
    TRY(ReadIncidents(store, &state, &upgrade));
    FormerKeys former = TRY(FormerKeys::Open(store, *plan));
    TRY(ReadMessages(store, &former, &state));
    TRY(ReadPaging(store, &state));
    TRY(ReadRest(store, &former, &state));
    moved = former.Take();
    TRY(ReadAround(store, &state));
    TRY(CompleteOpenedIndex(store, &upgrade));
    for (const auto& [fingerprint, record] : state.alerts) {
      if (record->firing) inhibitor.SetFiring(record->labels(), true);
      if (record->firing) dependencies.SetFiring(record->labels(), true);
      if (record->waiting) inhibitor.SetWaiting(record->labels(), true);
    }
  }
  if (!moved.empty())
    TRY(journal.Write(std::move(moved), Durability::kSynced, false, now).status());
  Wakes wakes;
  Nanos lived = 0;
  {
    absl::ReaderMutexLock lock(&state_mutex);
    lived = state.lived;
  }
  if (lived - now > kSetBackTolerance) TRY(SetBack(lived - now, now, &wakes));
  return RunLocked(
      now,
      [&](Transaction& tx) {
        SettleAlertEnds(tx, now);
        RegroupLoaded(tx, now);  // first: who is in a group is not in its row
        SettleUnknownRows(tx, now);
        CancelOldEnds(tx);
        EnsureAnswerKey(tx, random, now);
        ForgetOldCodes(tx, now);
        ForgetOldBundles(tx, now);
        ScheduleForgettingOfAll(tx);
        RecountSlaOfAll(tx, now);
        ScheduleQuietOfAll(tx, now);
        RecheckSuppressed(tx, now);  // the rules that held them back may be gone
        SettleAround(tx, /*start=*/true, now);
        return absl::OkStatus();
      },
      std::move(upgrade), false, &wakes);
}

StatusOr<std::unique_ptr<Desk>> Desk::Load(StateStore& store, Random& random, DeskConfig config,
                                           Nanos now, DeskFaults faults) {
  auto impl = std::make_unique<Impl>(store, random, std::move(config), faults);
  if (const DurationMs delay = impl->StartDelay(); delay > 0) {
    absl::MutexLock event(&impl->event_mutex);
    impl->flush_from = now + delay * kNanosPerMilli;
  }
  TRY(impl->LoadRows(now));
  {
    absl::ReaderMutexLock lock(&impl->state_mutex);
    LogInfo("state loaded", {{"alerts", std::to_string(impl->state.alerts.size())},
                             {"incidents", std::to_string(impl->state.incidents.size())},
                             {"messages", std::to_string(impl->state.outbox.size())},
                             {"timers", std::to_string(impl->state.timers.size())}});
  }
  return std::unique_ptr<Desk>(new Desk(std::move(impl)));
}

}  // namespace outrider
