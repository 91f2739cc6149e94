// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_raised.h"

#include <algorithm>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_paging.h"

namespace outrider {
namespace {

// Live pages of the running epoch.
std::vector<const OutboxRow*> LivePages(const Transaction& tx, const Incident& incident) {
  std::vector<const OutboxRow*> pages;
  for (const std::string& id : tx.RowsOfIncident(incident.id)) {
    const OutboxRow* row = tx.outbox.Find(id);
    if (row->kind == OutboxKind::kPage && row->epoch == incident.epoch) pages.push_back(row);
  }
  return pages;
}

bool Knows(const Transaction& tx, const Incident& incident, const std::string& receiver) {
  const auto paged = [&](const std::string& target) {
    return target.substr(0, target.rfind('/')) == receiver;
  };
  const auto pages = LivePages(tx, incident);
  return std::ranges::any_of(incident.paged, paged) ||
         std::ranges::any_of(pages,
                             [&](const OutboxRow* row) { return row->receiver == receiver; });
}

bool FallbackWasTold(const Transaction& tx, const Incident& incident) {
  const PagingRecord* record = tx.paging.Find(RoundToldKey(incident.id));
  const auto* told = record == nullptr ? nullptr : std::get_if<RoundTold>(record);
  return told != nullptr && told->epoch == incident.epoch &&
         told->loop == incident.escalation.loop &&
         told->tiers.contains(static_cast<int>(incident.escalation.tiers().size()));
}

std::vector<std::string> ThoseTold(const Transaction& tx, const Incident& incident, Nanos now) {
  const Escalation& escalation = incident.escalation;
  const auto tiers = static_cast<int>(escalation.tiers().size());
  std::vector<std::string> those;
  const auto add = [&](const std::vector<std::string>& targets, bool in_turn) {
    // As the fallback is asked: everybody, nobody's turn.
    for (std::string& receiver : WhoIsTold(tx, escalation, tiers, targets, now).receivers) {
      const bool known = std::ranges::find(those, receiver) != those.end();
      if (known || (in_turn && !Knows(tx, incident, receiver))) continue;
      those.push_back(std::move(receiver));
    }
  };
  const int told = escalation.loop > 0 ? tiers : std::min(escalation.next_tier, tiers);
  for (int tier = 0; tier < told; ++tier) {
    const EscalationTier& each = escalation.tiers()[static_cast<size_t>(tier)];
    add(each.receivers, each.round_robin);
  }
  if (FallbackWasTold(tx, incident)) add(escalation.fallback(), false);
  return those;
}

}  // namespace

bool IsUnderWay(const Transaction& tx, const Incident& incident, const std::string& receiver,
                const std::string& integration) {
  const auto pages = LivePages(tx, incident);
  return std::ranges::any_of(pages, [&](const OutboxRow* row) {
    return row->tier != kAskTier && row->state == OutboxState::kDue && row->receiver == receiver &&
           row->integration == integration;
  });
}

void TellThoseTold(Transaction& tx, const Incident& incident, const PageRequest& page, Nanos now) {
  std::vector<std::string> earlier;
  for (const OutboxRow* row : LivePages(tx, incident)) {
    const bool waits = row->state == OutboxState::kDue && row->attempt == 0;
    if (row->tier == kRaisedTier && waits) earlier.push_back(row->id);
  }
  for (const std::string& id : earlier) {
    EndRow(tx, id, OutboxOutcome::kSuperseded, "the severity rose again", now);
  }
  PageRequest each = page;
  for (const std::string& receiver : ThoseTold(tx, incident, now)) {
    each.receiver = receiver;
    QueueReceiver(tx, incident, each, now);
  }
}

void KeepNews(Transaction& tx, const Incident& incident) {
  for (const std::string& id : tx.RowsOfIncident(incident.id)) {
    const OutboxRow& row = *tx.outbox.Find(id);
    const bool news = ToldKind(row) == OutboxKind::kPage && row.tier == kRaisedTier;
    if (news && row.epoch + 1 == incident.epoch) tx.outbox.Edit(id).epoch = incident.epoch;
  }
}

}  // namespace outrider
