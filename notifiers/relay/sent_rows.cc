// SPDX-License-Identifier: Apache-2.0
#include "notifiers/relay/sent_rows.h"

#include <algorithm>

#include "storage/base/hash.h"
#include "storage/base/log.h"
#include "storage/state/row_codec.h"
#include "storage/state/schema.h"

namespace outrider {
namespace {

constexpr size_t kHashBytes = 8;

}  // namespace

uint64_t AudienceOf(const RelayConfig& config) {
  std::vector<std::string> urls;
  urls.reserve(config.targets.size());
  for (const RelayTarget& target : config.targets) urls.push_back(target.url);
  std::ranges::sort(urls);
  std::string all;
  for (const std::string& url : urls) all += url + '\n';
  return HashBytes128(all).low;
}

std::string SentRowKey(const std::string& rule_id, uint64_t labels_hash) {
  return BucketKey(rule_id) + BigEndian64(labels_hash);
}

std::string EncodeSentRow(const SentRow& row) {
  return RowWriter(kSentRowFormat).I64(row.sent_at).U64(row.audience).Take();
}

StatusOr<SentRow> DecodeSentRow(const Row& row) {
  if (row.key.size() <= 1 + kHashBytes) return InvalidArgument("sent alert: bad key");
  SentRow decoded;
  const size_t at_hash = row.key.size() - kHashBytes;
  decoded.rule_id = row.key.substr(1, at_hash - 1);
  decoded.labels_hash = ReadBigEndian64(std::string_view(row.key).substr(at_hash));
  RowReader reader(row.value, kSentRowFormat, "sent alert");
  decoded.sent_at = reader.I64();
  decoded.audience = reader.U64();
  TRY(reader.Finish());
  return decoded;
}

StatusOr<std::vector<SentRow>> LoadSentRows(const StateStore& store, Timestamp now, Batch* gone) {
  std::vector<SentRow> rows;
  TRY(store.Scan(Family::kRelay, "", "", [&](const Row& row) {
    StatusOr<SentRow> decoded = DecodeSentRow(row);
    if (!decoded.ok()) {
      LogError("row of a sent alert dropped", {{"error", Message(decoded.status())}});
    } else if (decoded->sent_at <= now && now - decoded->sent_at <= kSentRowsExpire) {
      rows.push_back(*std::move(decoded));
      return true;
    }
    gone->Delete(Family::kRelay, row.key);
    return true;
  }));
  return rows;
}

}  // namespace outrider
