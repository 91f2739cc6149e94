// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/channel.h"

namespace outrider {

void ArrangeAlerts(bool stay_packed, Notification* notification) {
  if (notification->packed.empty()) return;
  SortAlerts(&notification->packed);
  if (stay_packed) return;
  notification->alerts.reserve(notification->packed.size());
  for (const PackedAlert& alert : notification->packed) {
    notification->alerts.push_back(alert.ToAlert());
  }
  notification->packed.clear();
}

}  // namespace outrider
