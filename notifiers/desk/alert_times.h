// SPDX-License-Identifier: Apache-2.0
// Times of alerts that were only refreshed. A repeat moves an alert's end and nothing that decides,
// and there is one for each alert each minute: their new times go into one row for all of a
// decision, a block, instead of a row of an alert each. A start reads the blocks over the alerts.
// A block is dropped some minutes later; by then repeats have put nearly all of it into newer ones,
// and what is left gets rows of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/desk/records.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// A decision that moves fewer writes their rows.
inline constexpr size_t kFewestTimes = 8;
// After so long a block is dropped.
inline constexpr int64_t kTimesKept = 150 * kNanosPerSecond;
inline constexpr std::string_view kAlertTimesPrefix = "alert_times";

// The key of a block (Family::kMeta). Numbers grow; none is used twice while an alert knows it.
std::string AlertTimesKey(uint64_t number);
StatusOr<uint64_t> ReadAlertTimesKey(std::string_view key);

// A block as memory knows it.
struct AlertTimesBlock {
  uint64_t number = 0;
  Nanos mark = 0;        // AlertRecord::written_at of alerts whose newest times are in it
  Nanos written_at = 0;  // or when it was read
  std::vector<uint64_t> fingerprints;
};

// What a block says of one alert.
struct AlertTimes {
  uint64_t fingerprint = 0;
  AlertTime ends_at;
  Nanos updated_at = 0;
  double value = 0;
  bool timeout = false;
  bool refreshed = false;
  friend bool operator==(const AlertTimes&, const AlertTimes&) = default;
};

AlertTimes TimesOf(const AlertRecord& record);
void SetTimes(const AlertTimes& times, AlertRecord* record);
// `now` is near most of the times: they are written as what they differ by.
std::string EncodeAlertTimes(const std::vector<AlertTimes>& block, Nanos now);
StatusOr<std::vector<AlertTimes>> DecodeAlertTimes(std::string_view bytes);

}  // namespace outrider
