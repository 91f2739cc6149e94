// SPDX-License-Identifier: Apache-2.0
// Alertmanager's --alerts.per-alertname-limit: one alert name of which too many fire must not fill
// the memory.
#include <algorithm>

#include "notifiers/desk/decide.h"

namespace outrider {

AlertNameLimit::AlertNameLimit(const Transaction& tx, Nanos now)
    : limit_(tx.plan().config().limits.alerts_per_name), now_(now) {
  if (limit_ == 0) return;
  tx.alerts.ForEach([&](uint64_t, const AlertRecord& record) {
    if (FiresAt(record, now)) ++firing_[std::string(record.labels().Get(kAlertName))];
  });
}

bool AlertNameLimit::Admits(const Transaction& tx, const IncomingAlert& alert) {
  if (limit_ == 0 || alert.ResolvedAt(now_)) return true;
  const AlertRecord* known = tx.alerts.Find(alert.fingerprint);
  if (known != nullptr && known->firing) return true;
  const auto name = std::ranges::find(alert.labels, kAlertName, &LabelView::name);
  size_t& firing = firing_[name == alert.labels.end() ? "" : std::string(name->value)];
  if (firing >= limit_) return false;
  ++firing;
  return true;
}

}  // namespace outrider
