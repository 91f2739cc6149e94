// SPDX-License-Identifier: Apache-2.0
// The decisions of decide_contacts.cc: when a page that is due reaches a
// person's contact method.
#pragma once

#include <string>
#include <string_view>

#include "notifiers/channel/channel.h"
#include "notifiers/desk/transaction.h"

namespace outrider {

inline constexpr std::string_view kQuietReason = "quiet hours of ";  // why a page was put off

// Whether a page that is due has to wait: for the end of its user's quiet
// hours, for the others it is sent together with, or because the contact method
// was sent enough. Puts it aside if so; its incident's trail says why, once.
// Nothing is dropped: it is asked again when it is due again.
bool PutOffPage(Transaction& tx, const std::string& row_id, Nanos now);
// The same of a recovery: whether it is told together with others whose pages went in one message.
bool PutOffRecovery(Transaction& tx, const std::string& row_id, Nanos now);
// The first attempt of a page begins.
void CountPage(Transaction& tx, const OutboxRow& row, Nanos now);
// The window in which pages of a contact method were collected is over
// (TimerKind::kPageBundle).
void OnPageBundle(Transaction& tx, const std::string& id, Nanos now);
// A page ended: those that went with it did too, or go on their own.
void SettleBundle(Transaction& tx, const OutboxRow& row, OutboxOutcome outcome, Nanos now);
// What a page tells beside its own incident.
void AddBundled(const Transaction& tx, const OutboxRow& row, Notification* notification);

}  // namespace outrider
