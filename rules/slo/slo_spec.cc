// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_spec.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "fmt/format.h"

namespace outrider {

std::string_view SloMethodText(SloMethod method) {
  switch (method) {
    case SloMethod::kEvents:
      return "events";
    case SloMethod::kTimeslices:
      return "timeslices";
    case SloMethod::kRatioTimeslices:
      return "ratio_timeslices";
  }
  return "";
}

bool Holds(SloOp op, double value, double threshold) {
  switch (op) {
    case SloOp::kLess:
      return value < threshold;
    case SloOp::kLessOrEqual:
      return value <= threshold;
    case SloOp::kGreater:
      return value > threshold;
    case SloOp::kGreaterOrEqual:
      return value >= threshold;
  }
  return false;
}

namespace {

// One that is sampled goes on elsewhere than one that is counted, and so does one whose bare
// selectors are gauges.
std::string HowCounted(const std::optional<SloQuery>& query) {
  if (!query) return "";
  return fmt::format(" {}{}", static_cast<int>(query->counting), query->raw_counters ? "r" : "");
}

}  // namespace

double SloSpec::Budget() const { return std::round((1 - objective) * 1e12) / 1e12; }

bool SloSpec::CanCount() const {
  return std::ranges::all_of(parts, [](const SloPart& part) {
    const bool pair = part.kind == SloPart::Kind::kBad || part.kind == SloPart::Kind::kGood;
    return part.query && (part.total || !pair);
  });
}

std::string SloSpec::Identity() const {
  std::string text = OldIdentity() + "\ncounted";
  for (const SloPart& part : parts) text += HowCounted(part.query) + HowCounted(part.total) + ";";
  return text;
}

std::string SloSpec::OldIdentity() const {
  std::string text = fmt::format("{} {} {}", static_cast<int>(method), period.length,
                                 method == SloMethod::kEvents ? 0 : slice);
  if (method == SloMethod::kTimeslices) text += fmt::format(" {}", slice_target);
  if (period.calendar) {
    const CalendarPeriod& calendar = *period.calendar;
    const WallTime& at = calendar.anchor;
    text +=
        fmt::format(" {} {} {} {}-{}-{} {}:{}:{}", static_cast<int>(calendar.unit), calendar.count,
                    calendar.time_zone, at.year, at.month, at.day, at.hour, at.minute, at.second);
  }
  for (const SloPart& part : parts) {
    text += fmt::format("\n{} {} {} {}\n{}\n{}", static_cast<int>(part.kind), part.weight,
                        static_cast<int>(part.op), part.threshold,
                        part.query ? part.query->text : "", part.total ? part.total->text : "");
  }
  return text;
}

void FillWindows(SloSpec* spec) {
  std::set<DurationMs> all;
  for (const DurationMs window :
       {5 * kMinute, 30 * kMinute, kHour, 2 * kHour, 6 * kHour, kDay, 3 * kDay}) {
    if (window < spec->period.length) all.insert(window);
  }
  for (const SloAlert& alert : spec->alerts) {
    for (const BurnWindows& windows : alert.any_of) {
      all.insert(windows.short_window);
      all.insert(windows.long_window);
    }
  }
  spec->windows.assign(all.begin(), all.end());
}

}  // namespace outrider
