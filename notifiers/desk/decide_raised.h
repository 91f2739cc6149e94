// SPDX-License-Identifier: Apache-2.0
// An incident that nobody has answered became worse, and its policy goes on as it was: those who
// know of it hear that, once, by the contact rules for the severity it has now.
#pragma once

#include "notifiers/desk/transaction.h"
#include "notifiers/incident/decisions.h"

namespace outrider {

// `page`: one with kRaisedTier and without a receiver. Tells whom the tiers of the running round
// name now, as far as they have been told; of a tier that tells one in turn, those who were. What
// is still to be told of an earlier rise gives way.
void TellThoseTold(Transaction& tx, const Incident& incident, const PageRequest& page, Nanos now);

// A page that is still to be sent to the contact method says how severe the incident is then.
bool IsUnderWay(const Transaction& tx, const Incident& incident, const std::string& receiver,
                const std::string& integration);

// Somebody confirmed an acknowledgement, which moves the epoch on: the question under way is over,
// but news that it became worse, held by a throttle or quiet hours, are still news.
void KeepNews(Transaction& tx, const Incident& incident);

}  // namespace outrider
