// SPDX-License-Identifier: Apache-2.0
#include "storage/state/schema.h"

#include <fmt/format.h>

#include "storage/base/hash.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

std::string Bucketed(std::string_view aggregate_id, std::string_view rest) {
  std::string key(1, static_cast<char>(BucketOf(aggregate_id)));
  key += rest;
  return key;
}

}  // namespace

std::string BucketKey(std::string_view aggregate_id) {
  return Bucketed(aggregate_id, aggregate_id);
}

std::string AlertKey(uint64_t fingerprint) {
  const std::string bytes = BigEndian64(fingerprint);
  return Bucketed(bytes, bytes);
}

std::string SlaKey(std::string_view incident_id, uint8_t clock) {
  std::string key = BucketKey(incident_id);
  key.push_back('\0');
  key.push_back(static_cast<char>(clock));
  return key;
}

std::string AuditPrefix(std::string_view subject) {
  std::string key = BucketKey(subject);
  key.push_back('\0');
  return key;
}

std::string AuditKey(std::string_view subject, uint64_t sequence) {
  return AuditPrefix(subject) + BigEndian64(sequence);
}

std::string AuditHeadKey(uint8_t bucket) {
  std::string key = "audit";
  key.push_back(static_cast<char>(bucket));
  return key;
}

std::string EncodeTimerKey(const TimerKey& timer) {
  std::string rest = BigEndian64(static_cast<uint64_t>(timer.due));
  rest.push_back(static_cast<char>(timer.kind));
  rest += timer.id;
  return Bucketed(timer.id, rest);
}

StatusOr<TimerKey> DecodeTimerKey(std::string_view key) {
  constexpr size_t kFixed = 1 + 8 + 1;
  if (key.size() < kFixed) return absl::DataLossError("a timer key is too short");
  TimerKey timer;
  timer.due = static_cast<Nanos>(ReadBigEndian64(key.substr(1, 8)));
  const auto kind = static_cast<uint8_t>(key[9]);
  if (kind < static_cast<uint8_t>(TimerKind::kGroupFlush) ||
      kind > static_cast<uint8_t>(kLastTimerKind)) {
    return absl::DataLossError(fmt::format("a timer of unknown kind {}", kind));
  }
  timer.kind = static_cast<TimerKind>(kind);
  timer.id = std::string(key.substr(kFixed));
  return timer;
}

}  // namespace outrider
