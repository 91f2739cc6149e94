// SPDX-License-Identifier: Apache-2.0
// The decisions of decide_paging.cc: from the steps of an escalation to pages of people.
#pragma once

#include <string>
#include <vector>

#include "notifiers/desk/transaction.h"
#include "notifiers/incident/decisions.h"

namespace outrider {

// Queues the pages of one decision, step by step. A last step that finds nobody does not cost the
// wait for the next tier, a round that finds nobody tells the policy's fallback. The incident has
// been put.
void QueuePages(Transaction& tx, const std::string& incident_id,
                const std::vector<PageRequest>& pages, Nanos now);

// Whom a step of an escalation tells at `now`: each receiver once, one alone of a tier that tells
// its people in turn.
struct StepPeople {
  std::vector<std::string> receivers;
  std::vector<std::string> remarks;  // names that stand for nobody, or for a fallback
  bool in_turn = false;
};
StepPeople WhoIsTold(const Transaction& tx, const Escalation& escalation, int tier,
                     const std::vector<std::string>& targets, Nanos now);

// Whether anything sent to the receiver may arrive: it has an integration, and of a user one that
// is verified where that is required.
bool CanReach(const Transaction& tx, const Receiver& receiver);

// Queues the page to one receiver, a user by the rules for the incident's severity. False: nothing
// that is sent would arrive.
bool QueueReceiver(Transaction& tx, const Incident& incident, const PageRequest& page, Nanos now);

// A page of the row's step arrived.
void NoteStepTold(Transaction& tx, const OutboxRow& row);
// The row's page was refused for good or has no receiver any more, and is gone: when nobody else of
// its step is told or being told, the next tier is due at once; when nobody of the round was, its
// fallback is told.
void OnPageLost(Transaction& tx, const OutboxRow& row, Nanos now);

// The next contact methods of a page to a user are due (TimerKind::kContactRule). While the
// incident is held they stand still.
void OnContactRule(Transaction& tx, const std::string& id, Nanos due, Nanos now);
// It is held no longer, after `held` nanoseconds: what is to follow keeps its distance.
void ContinueContactSteps(Transaction& tx, const Incident& incident, int64_t held);
// Pages of an older epoch are told no more: what was to follow them is forgotten.
void DropContactSteps(Transaction& tx, const Incident& incident);

// The tier's name in audit and messages: the policy's fallback stands behind its last tier.
std::string StepName(const Incident& incident, int tier);

}  // namespace outrider
