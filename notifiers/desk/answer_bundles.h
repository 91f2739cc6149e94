// SPDX-License-Identifier: Apache-2.0
// Messages that tell of several incidents are answered for all of them. Which ones stood in the
// message is a row (AnswerBundle), made by the decision that puts them together: its tokens and
// codes name the row in place of an incident.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "notifiers/desk/answers.h"
#include "notifiers/desk/paging_records.h"
#include "notifiers/desk/transaction.h"

namespace outrider {

// What the carrier's message tells of as it is now; others leave the row and never come back, so
// that nobody answers for what they were not told.
void NoteBundle(Transaction& tx, const OutboxRow& carrier, Nanos now);
// The id of the bundle that the row's message tells of; "" : of its incident alone.
std::string BundleIdOf(const Transaction& tx, const OutboxRow& row);
// nullptr: the id is an incident's, or the bundle is forgotten.
const AnswerBundle* FindBundle(const Transaction& tx, const std::string& id);
const AnswerBundle* FindBundle(const DeskState& state, const std::string& id);
// Those whose tokens have all expired.
void ForgetOldBundles(Transaction& tx, Nanos now);

// What may be done with at least one of them now, the most likely first. `find`: an incident by
// its id, nullptr without.
std::vector<AnswerAction> OfferedForAll(const AnswerBundle& bundle, const IncidentFinder& find);
// A button that is for `count` incidents: "Acknowledge all 5".
std::string LabelForAll(AnswerAction action, size_t count);
// Completes what a token's page shows: every incident with a link of its own, and the links that
// are for all. NotFound: all are forgotten.
Status ViewBundle(const DeskState& state, const DeskConfig& config, const AnswerBundle& bundle,
                  AnswerView* view);

// What became of an answer, by the incident it was done to. One entry for an incident; for a bundle
// one for each that is known, acted on by its own rules and step.
using AnsweredIncidents = std::vector<std::pair<std::string, AnswerResult>>;
Status AnswerEach(Transaction& tx, const AnswerClaim& claim, const HumanAction& human, Nanos now,
                  AnsweredIncidents* answered);

}  // namespace outrider
