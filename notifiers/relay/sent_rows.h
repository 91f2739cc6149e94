// SPDX-License-Identifier: Apache-2.0
// When an alert was last sent, as rows of Family::kRelay, so that after a restart the resend delay
// goes on, and what nobody was sent is sent.
//
//   key    bucket(1) rule id hash of the label set(8)   bucket = that of the rule id
//   value  format(1), sent at (ms), audience (8 bytes as a number)
//
// The audience is a hash of the Alertmanagers' URLs: what others were sent does not count.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "notifiers/relay/relay_config.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

inline constexpr uint8_t kSentRowFormat = 1;
// Rows that nobody has renewed for so long are of rules that are gone.
inline constexpr DurationMs kSentRowsExpire = kDay;

struct SentRow {
  std::string rule_id;
  uint64_t labels_hash = 0;
  Timestamp sent_at = 0;
  uint64_t audience = 0;
};

uint64_t AudienceOf(const RelayConfig& config);

std::string SentRowKey(const std::string& rule_id, uint64_t labels_hash);
std::string EncodeSentRow(const SentRow& row);
// InvalidArgument for a corrupt row or one of a newer format.
StatusOr<SentRow> DecodeSentRow(const Row& row);

// All rows; expired and unreadable ones, and those of a clock that was ahead, are put into `gone`
// as deletions instead.
StatusOr<std::vector<SentRow>> LoadSentRows(const StateStore& store, Timestamp now, Batch* gone);

}  // namespace outrider
