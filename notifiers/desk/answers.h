// SPDX-License-Identifier: Apache-2.0
// Answering from a message, as decisions: which answers a page offers, and what becomes of one.
// Sources: specs/incidents_oncall_slo.md §3 "Acknowledge from the message".
#pragma once

#include <string>

#include "notifiers/desk/answer_codes.h"
#include "notifiers/desk/answer_token.h"
#include "notifiers/desk/desk.h"
#include "notifiers/desk/transaction.h"

namespace outrider {

// Makes the first key. Nothing happens where there is one, or where nothing can be answered.
void EnsureAnswerKey(Transaction& tx, Random& random, Nanos now);
// A page is about to be sent to a phone: its incident gets a number there.
void NumberPage(Transaction& tx, const OutboxRow& row, Nanos now);
// After a start: phones that nobody can answer from any more are forgotten.
void ForgetOldCodes(Transaction& tx, Nanos now);
// What the page of this row may be answered with, for Notification::actions.
std::vector<NotificationAction> ActionsOf(const Transaction& tx, const OutboxRow& row, Nanos now);
// The links of an incident's page for the bearer of a token; they expire with it.
std::vector<NotificationAction> LinksFor(const DeskConfig& config, const AnswerKeys& keys,
                                         const Incident& incident, const AnswerClaim& bearer);

// Does what somebody answered; see Desk::Answer.
Status AnswerIncident(Transaction& tx, AnswerAction action, const HumanAction& human, Nanos now,
                      AnswerResult* result);

}  // namespace outrider
