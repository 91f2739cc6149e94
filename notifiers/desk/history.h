// SPDX-License-Identifier: Apache-2.0
// Why alerts were or were not notified, kept for a while: what each flush of a group decided about
// each of its alerts, and what became of every attempt to tell somebody. Written in the batch of
// the decision. For an alert by itself one row is written, when it is over and forgotten: its
// labels, by which it can be asked for.
//
// Rows of Family::kHistory: bucket(1) time(8) kind(1) suffix; the bucket is that of the group, or
// of the incident where there is no group. Kind 1: a flush, the suffix is group id, 0x00,
// number(8). Kind 2: an attempt, the suffix is row id, 0x00, attempt(8), outcome.
// Kind 3: an alert that is over, the suffix is its fingerprint in hex, 0x00; the bucket is its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/desk/history_records.h"
#include "notifiers/desk/transaction.h"
#include "notifiers/desk/views.h"
#include "notifiers/outbox/dispatcher.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

std::string FlushKey(const FlushRecord& flush);
std::string EncodeFlushRecord(const FlushRecord& flush);
StatusOr<FlushRecord> DecodeFlushRecord(std::string_view bytes);
std::string AttemptKey(const AttemptRecord& attempt);
std::string EncodeAttemptRecord(const AttemptRecord& attempt);
StatusOr<AttemptRecord> DecodeAttemptRecord(std::string_view bytes);

std::string EndedKey(const EndedAlert& alert);
std::string EncodeEndedAlert(const EndedAlert& alert);
StatusOr<EndedAlert> DecodeEndedAlert(std::string_view bytes);

// Of a key: when; and which of the records it is.
enum class HistoryKind : uint8_t { kFlush = 1, kAttempt = 2, kEnded = 3 };
Nanos HistoryTime(std::string_view key);
HistoryKind KindOfHistory(std::string_view key);
// Keys of a bucket from `time` on begin here.
std::string HistoryFrom(uint8_t bucket, Nanos time);

// A flush that decided the same as the one before, and told nobody, leaves no row of its own.
void KeepFlush(Transaction& tx, FlushRecord flush);
void KeepAttempt(Transaction& tx, const OutboxRow& row, const DeliveryView& delivery,
                 const FinishedAttempt* attempt);
// An alert that is about to be forgotten.
void KeepEnded(Transaction& tx, const AlertRecord& record);
// The timer: what is older than the retention may go.
void OnHistoryTrim(Transaction& tx, Nanos due);

}  // namespace outrider
