// SPDX-License-Identifier: Apache-2.0
// Answering from a message, as decisions: which answers a page offers, and what becomes of one.
// Sources: specs/incidents_oncall_slo.md §3 "Acknowledge from the message".
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "notifiers/desk/answer_codes.h"
#include "notifiers/desk/answer_token.h"
#include "notifiers/desk/desk.h"
#include "notifiers/desk/transaction.h"

namespace outrider {

// Makes the first key. Nothing happens where there is one, or where nothing can be answered.
void EnsureAnswerKey(Transaction& tx, Random& random, Nanos now);
// A page is about to be sent: its bundle is what it tells of now; on a phone its incident, or its
// bundle, gets a number.
void NumberPage(Transaction& tx, const OutboxRow& row, Nanos now);
// After a start: phones that nobody can answer from any more are forgotten.
void ForgetOldCodes(Transaction& tx, Nanos now);
// What the page of this row may be answered with, for Notification::actions.
std::vector<NotificationAction> ActionsOf(const Transaction& tx, const OutboxRow& row, Nanos now);
// The links of an incident's page for the bearer of a token; they expire with it.
std::vector<NotificationAction> LinksFor(const DeskConfig& config, const AnswerKeys& keys,
                                         const Incident& incident, const AnswerClaim& bearer);

// Does what somebody answered; see Desk::Answer.
// An incident that was merged into another one is answered there: `human` names that one then.
Status AnswerIncident(Transaction& tx, const AnswerClaim& claim, HumanAction& human, Nanos now,
                      AnswerResult* result);
// What people may do about it now in answer to a page of that step, the most likely first.
std::vector<AnswerAction> OfferedFor(const Incident& incident, const AnsweredStep& step);
std::string LinkOf(const DeskConfig& config, const AnswerKeys& keys, const AnswerClaim& claim);
// An incident by its id, nullptr without.
using IncidentFinder = std::function<const Incident*(const std::string&)>;
// The incident that is acted on for this one: where it was merged into, else itself.
template <typename Find>
const Incident* ActsFor(const Incident* incident, Find&& find) {
  constexpr int kMostMerges = 16;
  for (int i = 0; i < kMostMerges && incident != nullptr && !incident->merged_into.empty(); ++i) {
    incident = find(incident->merged_into);
  }
  return incident;
}

}  // namespace outrider
