// SPDX-License-Identifier: Apache-2.0
// Alertmanager's --alerts.per-alertname-limit: one alert name of which too many fire must not fill
// the memory. What is known already may always be said again.
#include <algorithm>
#include <map>

#include "notifiers/desk/decide.h"

namespace outrider {

size_t DropOverLimit(const Transaction& tx, std::vector<Alert>* alerts, Nanos now) {
  const size_t limit = tx.plan().config().limits.alerts_per_name;
  if (limit == 0) return 0;
  std::map<std::string, size_t, std::less<>> firing;
  tx.alerts.ForEach([&](uint64_t, const AlertRecord& record) {
    if (record.firing && !record.alert.ResolvedAt(now)) {
      ++firing[std::string(record.alert.labels.Get(kAlertName))];
    }
  });
  return std::erase_if(*alerts, [&](const Alert& alert) {
    const AlertRecord* known = tx.alerts.Find(alert.Fingerprint());
    if ((known != nullptr && known->firing) || alert.ResolvedAt(now)) return false;
    return ++firing[std::string(alert.labels.Get(kAlertName))] > limit;
  });
}

}  // namespace outrider
