// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/sources.h"
#include "notifiers/oncall/schedule.h"

namespace outrider {

void WriteOnCallMetrics(const std::vector<Schedule>& schedules, Nanos now, MetricSink& sink) {
  constexpr int64_t kAhead = 14 * kDay * kNanosPerMilli;
  for (const Schedule& schedule : schedules) {
    for (const std::string& user : OnCallAt(schedule, now).users) {
      sink.Gauge("outrider_oncall_info", "Who is on call, 1 for each.",
                 {{"schedule", schedule.name}, {"user", user}}, 1);
    }
    int64_t gaps = 0;
    for (const Segment& gap : Gaps(schedule, now, now + kAhead)) gaps += gap.end - gap.start;
    sink.Gauge("outrider_oncall_gap_seconds", "How long nobody is on call within the next 14 days.",
               {{"schedule", schedule.name}},
               static_cast<double>(gaps) / static_cast<double>(kNanosPerSecond));
  }
}

}  // namespace outrider
