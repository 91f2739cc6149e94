// SPDX-License-Identifier: Apache-2.0
// Alertmanager's --alerts.per-alertname-limit: one alert name of which too many fire must not fill
// the memory. The state counts by name; here stands what the transaction changes about it.
#include <algorithm>

#include "notifiers/desk/decide.h"

namespace outrider {

AlertNameLimit::AlertNameLimit(const Transaction& tx, Nanos now)
    : limit_(tx.plan().config().limits.alerts_per_name), now_(now) {
  if (limit_ == 0) return;
  for (const auto& [fingerprint, change] : tx.alerts.changes()) {
    const AlertRecord* before = tx.alerts.Before(fingerprint);
    const bool fired = before != nullptr && before->firing;
    const bool fires = change.row && change.row->firing;
    if (fired == fires) continue;
    Change(fires ? *change.row : *before, fires ? 1 : -1);
  }
}

void AlertNameLimit::Change(const AlertRecord& record, int64_t by) {
  changes_[std::string(record.labels().Get(kAlertName))] += by;
}

bool AlertNameLimit::Admits(const Transaction& tx, const IncomingAlert& alert) {
  if (limit_ == 0 || alert.ResolvedAt(now_)) return true;
  const AlertRecord* known = tx.alerts.Find(alert.fingerprint);
  if (known != nullptr && known->firing) return true;
  const auto name = std::ranges::find(alert.labels, kAlertName, &LabelView::name);
  const std::string_view key = name == alert.labels.end() ? std::string_view() : name->value;
  const auto known_firing = tx.state().firing_by_name.find(key);
  const size_t before = known_firing == tx.state().firing_by_name.end() ? 0 : known_firing->second;
  int64_t& change = changes_[std::string(key)];
  if (static_cast<int64_t>(before) + change >= static_cast<int64_t>(limit_)) return false;
  ++change;
  return true;
}

}  // namespace outrider
