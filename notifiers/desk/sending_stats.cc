// SPDX-License-Identifier: Apache-2.0
// What is counted of attempts to send, by kind of integration, as Alertmanager counts it.
#include <algorithm>

#include "notifiers/desk/views.h"
#include "storage/base/clock.h"

namespace outrider {

void CountSending(const DeliveryView& delivery, std::map<std::string, SendingView>* kinds) {
  if (!delivery.attempted && delivery.attempt == 0) return;  // it never left
  // `webhook[0]` is of kind webhook.
  SendingView& sent = (*kinds)[delivery.integration.substr(0, delivery.integration.find('['))];
  const bool failed = delivery.outcome != "delivered";
  if (delivery.attempted) {
    if (delivery.attempt == 1) ++sent.messages;
    ++sent.attempts;
    if (failed) ++sent.failed_attempts;
    const double seconds =
        std::max(static_cast<double>(delivery.took) / static_cast<double>(kNanosPerSecond), 0.0);
    const auto bound = std::ranges::lower_bound(SendingView::kBoundsSeconds, seconds);
    ++sent.seconds[static_cast<size_t>(bound - SendingView::kBoundsSeconds.begin())];
    sent.seconds_sum += seconds;
  }
  // It was tried, and not told until the group's next flush took its place: Alertmanager's flush
  // fails then.
  const bool overtaken = delivery.outcome == "superseded" && delivery.kind == OutboxKind::kRoute;
  if (overtaken) ++sent.failed["other"];
  if (delivery.outcome != "rejected" && delivery.outcome != "expired") return;
  ++sent.failed[delivery.reason_code.empty() ? "contextDeadlineExceeded" : delivery.reason_code];
}

}  // namespace outrider
