// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/window_plan.h"

#include <algorithm>

#include "fmt/format.h"
#include "storage/base/duration.h"

namespace outrider {

std::string WindowText(DurationMs window) {
  if (window % kDay == 0 && window > kDay) return fmt::format("{}d", window / kDay);
  if (window % kHour == 0) return fmt::format("{}h", window / kHour);
  if (window % kMinute == 0) return fmt::format("{}m", window / kMinute);
  return FormatDuration(window);
}

std::shared_ptr<const WindowPlan> MakeWindowPlan(std::span<const DurationMs> windows,
                                                 int resolution) {
  auto plan = std::make_shared<WindowPlan>();
  DurationMs covered = 0;
  DurationMs finer = 0;
  for (DurationMs window : windows) {
    DurationMs width = std::max<DurationMs>(1, window / resolution);
    if (finer > 0) width = std::max(finer, width / finer * finer);
    // Slots that an interval of this length can touch.
    const DurationMs slots = (window - covered + width - 1) / width + 1;
    if (width == finer) {
      plan->tiers.back().capacity += static_cast<uint16_t>(slots - 1);
    } else {
      plan->tiers.push_back({.width = static_cast<uint32_t>(width),
                             .offset = static_cast<uint16_t>(finer > 0 ? plan->buckets() : 0),
                             .capacity = static_cast<uint16_t>(slots)});
    }
    covered = window;
    finer = width;
  }
  return plan;
}

DurationMs HistoryFor(std::span<const DurationMs> windows, int resolution) {
  return windows.empty() ? 0 : windows.back() + MakeWindowPlan(windows, resolution)->coarsest();
}

}  // namespace outrider
