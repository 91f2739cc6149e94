// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/alert_times.h"

#include <bit>

#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kTimesFormat = 1;

// What follows of an alert, as bits.
constexpr uint64_t kTimeout = 1;
constexpr uint64_t kRefreshed = 2;
constexpr uint64_t kHasOffset = 4;
constexpr uint64_t kHasValue = 8;

// Wraps rather than overflows: times come from outside.
int64_t Beyond(Nanos time, Nanos base) {
  return static_cast<int64_t>(static_cast<uint64_t>(time) - static_cast<uint64_t>(base));
}

Nanos Plus(Nanos base, int64_t by) {
  return static_cast<Nanos>(static_cast<uint64_t>(base) + static_cast<uint64_t>(by));
}

}  // namespace

std::string AlertTimesKey(uint64_t number) {
  return std::string(kAlertTimesPrefix) + BigEndian64(number);
}

StatusOr<uint64_t> ReadAlertTimesKey(std::string_view key) {
  if (key.size() != kAlertTimesPrefix.size() + 8) {
    return absl::DataLossError("a key of alert times has another size");
  }
  return ReadBigEndian64(key.substr(kAlertTimesPrefix.size()));
}

AlertTimes TimesOf(const AlertRecord& record) {
  AlertTimes times;
  times.fingerprint = record.fingerprint();
  times.ends_at = record.ends_at;
  times.updated_at = record.updated_at;
  times.value = record.value;
  times.timeout = record.timeout;
  times.refreshed = record.refreshed;
  return times;
}

void SetTimes(const AlertTimes& times, AlertRecord* record) {
  record->ends_at = times.ends_at;
  record->updated_at = times.updated_at;
  record->value = times.value;
  record->timeout = times.timeout;
  record->refreshed = times.refreshed;
}

std::string EncodeAlertTimes(const std::vector<AlertTimes>& block, Nanos now) {
  RowWriter out(kTimesFormat);
  out.Reserve(24 + 20 * block.size());
  out.I64(now).U64(block.size());
  for (const AlertTimes& times : block) {
    const bool has_value = std::bit_cast<uint64_t>(times.value) != 0;
    const uint64_t bits = (times.timeout ? kTimeout : 0) | (times.refreshed ? kRefreshed : 0) |
                          (times.ends_at.offset_seconds != 0 ? kHasOffset : 0) |
                          (has_value ? kHasValue : 0);
    out.Double(std::bit_cast<double>(times.fingerprint))  // eight bytes, as in number_rows.cc
        .U64(bits)
        .I64(Beyond(times.ends_at.nanos, now))
        .I64(Beyond(times.updated_at, now));
    if ((bits & kHasOffset) != 0) out.I64(times.ends_at.offset_seconds);
    if (has_value) out.Double(times.value);
  }
  return out.Take();
}

StatusOr<std::vector<AlertTimes>> DecodeAlertTimes(std::string_view bytes) {
  RowReader in(bytes, kTimesFormat, "times of alerts");
  std::vector<AlertTimes> block;
  const Nanos base = in.I64();
  const uint64_t count = in.Count();
  block.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    AlertTimes& times = block.emplace_back();
    times.fingerprint = std::bit_cast<uint64_t>(in.Double());
    const uint64_t bits = in.U64();
    times.timeout = (bits & kTimeout) != 0;
    times.refreshed = (bits & kRefreshed) != 0;
    times.ends_at.nanos = Plus(base, in.I64());
    times.updated_at = Plus(base, in.I64());
    if ((bits & kHasOffset) != 0) times.ends_at.offset_seconds = static_cast<int>(in.I64());
    if ((bits & kHasValue) != 0) times.value = in.Double();
  }
  TRY(in.Finish());
  return block;
}

}  // namespace outrider
