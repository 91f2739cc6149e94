// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/alert_rows.h"

#include "storage/base/hash.h"
#include "storage/state/row_codec.h"
#include "storage/state/schema.h"

namespace outrider {
namespace {

constexpr size_t kIdBytes = 16;

std::string Hash16(std::string_view bytes) {
  const Hash128 hash = HashBytes128(bytes);
  return BigEndian64(hash.high) + BigEndian64(hash.low);
}

}  // namespace

std::string RuleId(const RuleGroup& group, const Rule& rule, int ordinal) {
  RowWriter identity(0);
  identity.Enum(rule.kind).Text(group.file).Text(group.name).Text(rule.name).Texts(rule.labels);
  return Hash16(identity.I64(ordinal).Take());
}

std::string NoDataRuleId(const std::string& rule_id) { return Hash16(rule_id + " no data"); }

std::string AlertRowKey(const std::string& rule_id, const Labels& labels) {
  return BucketKey(rule_id) + Hash16(labels.packed());
}

std::string EncodeAlertRow(const AlertRow& row_value) {
  const ActiveAlert& alert = *row_value.alert;
  RowWriter row(kAlertRowFormat);
  row.Enum(alert.state).I64(alert.active_at).I64(alert.fired_at).I64(alert.keep_firing_since);
  row.Double(alert.value).Text(alert.labels.packed()).Texts(alert.annotations);
  row.Text(row_value.external_labels.packed()).Text(row_value.generator_url);
  return row.I64(alert.resolved_at).I64(alert.told_at).Bool(alert.untold).Take();
}

StatusOr<AlertRow> DecodeAlertRow(const Row& row) {
  if (row.key.size() != 1 + 2 * kIdBytes) return InvalidArgument("alert state: bad key");
  AlertRow decoded;
  decoded.rule_id = row.key.substr(1, kIdBytes);
  auto alert = std::make_shared<ActiveAlert>();
  RowReader reader(row.value, kAlertRowFormat, "alert state");
  alert->state = reader.Enum(AlertState::kFiring);
  alert->active_at = reader.I64();
  alert->fired_at = reader.I64();
  alert->keep_firing_since = reader.I64();
  alert->value = reader.Double();
  const std::string packed = reader.Text();
  alert->annotations = reader.Texts();
  const std::string external = reader.Text();
  decoded.generator_url = reader.Text();
  if (reader.format() >= 2) {
    alert->resolved_at = reader.I64();
    alert->told_at = reader.I64();
    alert->untold = reader.Bool();
  }
  TRY(reader.Finish());
  alert->labels = TRY(Labels::FromPacked(packed));
  decoded.external_labels = TRY(Labels::FromPacked(external));
  decoded.alert = std::move(alert);
  return decoded;
}

}  // namespace outrider
