// SPDX-License-Identifier: Apache-2.0
// What is counted of attempts to send, by kind of integration, as Alertmanager counts it.
#include <algorithm>

#include "notifiers/desk/views.h"
#include "storage/base/clock.h"

namespace outrider {

namespace {

// A flush that was not told by the next one is a failure of Alertmanager, which tries until then;
// also one that waited behind a breaker or for a Retry-After, where Alertmanager would have tried.
bool IsFailedFlush(const DeliveryView& delivery, const LaneError* lane) {
  return delivery.kind == OutboxKind::kRoute && delivery.outcome == "superseded" &&
         (delivery.attempt > 0 || lane != nullptr);
}

}  // namespace

void CountSending(const DeliveryView& delivery, const LaneError* lane,
                  std::map<std::string, SendingView>* kinds) {
  const bool failed_flush = IsFailedFlush(delivery, lane);
  if (!delivery.attempted && delivery.attempt == 0 && !failed_flush) return;  // it never left
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
  if (failed_flush && delivery.attempt == 0) ++sent.messages;
  if (delivery.outcome != "rejected" && delivery.outcome != "expired" && !failed_flush) return;
  std::string reason = delivery.reason_code;
  if (failed_flush && lane != nullptr) reason = lane->reason_code;
  ++sent.failed[reason.empty() ? "contextDeadlineExceeded" : reason];
}

}  // namespace outrider
