// SPDX-License-Identifier: Apache-2.0
// Start: every row into memory, then what the last end of the process left open is settled as one
// decision.
#include <fmt/format.h>

#include "notifiers/desk/desk_impl.h"
#include "storage/base/log.h"

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

Status ReadIncidents(const StateStore& store, DeskState* state) {
  std::map<std::string, Incident> incidents;
  TRY(ReadAll(store, Family::kIncidents, "", [&](const Row& row) -> Status {
    Incident incident = TRY(DecodeIncident(row.value));
    std::string id = incident.id;
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
  for (auto& [id, incident] : incidents) {
    state->PutIncident(id, std::make_shared<const Incident>(std::move(incident)));
  }
  return absl::OkStatus();
}

Status ReadAlerts(const StateStore& store, DeskState* state) {
  return ReadAll(store, Family::kAlerts, "", [&](const Row& row) -> Status {
    AlertRecord record = TRY(DecodeAlertRecord(row.value));
    const uint64_t fingerprint = record.alert.Fingerprint();
    state->PutAlert(fingerprint, std::make_shared<const AlertRecord>(std::move(record)));
    return absl::OkStatus();
  });
}

Status ReadMessages(const StateStore& store, DeskState* state) {
  TRY(ReadAll(store, Family::kGroups, "", [&](const Row& row) -> Status {
    GroupRecord group = TRY(DecodeGroupRecord(row.value));
    const std::string id = group.id;
    state->PutGroup(id, std::make_shared<const GroupRecord>(std::move(group)));
    return absl::OkStatus();
  }));
  return ReadAll(store, Family::kOutbox, "", [&](const Row& row) -> Status {
    OutboxRow message = TRY(DecodeOutboxRow(row.value));
    const std::string id = message.id;
    state->PutOutbox(id, std::make_shared<const OutboxRow>(std::move(message)));
    return absl::OkStatus();
  });
}

Status ReadRest(const StateStore& store, DeskState* state) {
  auto silences = std::make_shared<SilenceMap>();
  TRY(ReadAll(store, Family::kSilences, "", [&](const Row& row) -> Status {
    Silence silence = TRY(DecodeSilence(row.value));
    std::string id = silence.id;
    silences->emplace(std::move(id), std::move(silence));
    return absl::OkStatus();
  }));
  state->silences = std::move(silences);
  TRY(ReadAll(store, Family::kTimers, "", [&](const Row& row) -> Status {
    const TimerKey timer = TRY(DecodeTimerKey(row.key));
    state->SetTimer({timer.kind, timer.id}, timer.due);
    return absl::OkStatus();
  }));
  const std::string prefix = "audit";
  return ReadAll(store, Family::kMeta, prefix, [&](const Row& row) -> Status {
    if (row.key.size() != prefix.size() + 1) return absl::OkStatus();
    state->audit_heads[static_cast<uint8_t>(row.key.back())] = TRY(DecodeAuditHead(row.value));
    return absl::OkStatus();
  });
}

}  // namespace

Status Desk::Impl::LoadRows(Nanos now) {
  absl::MutexLock event(&event_mutex);
  TRY(journal.TakeFence());
  {
    absl::MutexLock lock(&state_mutex);
    TRY(ReadAlerts(store, &state));
    TRY(ReadIncidents(store, &state));
    TRY(ReadMessages(store, &state));
    TRY(ReadRest(store, &state));
    for (const auto& [fingerprint, record] : state.alerts) {
      if (record->firing) inhibitor.SetFiring(record->alert.labels, true);
    }
  }
  bool wake = false;
  return RunLocked(
      now,
      [&](Transaction& tx) {
        SettleAlertEnds(tx, now);
        SettleUnknownRows(tx, now);
        Regroup(tx, now);
        RecheckSuppressed(tx, now);  // the rules that held them back may be gone
        return absl::OkStatus();
      },
      {}, false, &wake);
}

StatusOr<std::unique_ptr<Desk>> Desk::Load(StateStore& store, Random& random, DeskConfig config,
                                           Nanos now, DeskFaults faults) {
  auto impl = std::make_unique<Impl>(store, random, std::move(config), faults);
  if (const DurationMs delay = impl->StartDelay(); delay > 0) {
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
