// SPDX-License-Identifier: Apache-2.0
// A period cut at every instant at which somebody may come or go; between two cuts one question is
// enough.
#include <algorithm>

#include "notifiers/oncall/schedule.h"

namespace outrider {
namespace {

struct Cuts {
  Nanos from;
  Nanos to;
  std::vector<Nanos> at;
  void Add(Nanos time) {
    if (time > from && time < to) at.push_back(time);
  }
};

void AddRotation(const Rotation& rotation, Cuts* cuts) {
  int64_t last = ShiftAt(rotation, cuts->from);
  if (!rotation.before_start) last = std::max<int64_t>(last, -1);
  for (int64_t k = last + 1;; ++k) {
    const Nanos start = ShiftStart(rotation, k);
    if (start >= cuts->to) break;
    cuts->Add(start);
  }
}

void AddLayer(const Layer& layer, absl::TimeZone zone, Cuts* cuts) {
  if (!layer.imported) AddRotation(layer.rotation, cuts);
  for (const FixedShift& shift : layer.shifts) {
    cuts->Add(shift.start);
    cuts->Add(shift.end);
  }
  if (layer.until != 0) cuts->Add(layer.until);
  WindowBoundaries(layer.windows, cuts->from, cuts->to, zone, &cuts->at);
}

template <typename T>
void AddPeriods(const std::vector<T>& periods, Cuts* cuts) {
  for (const T& period : periods) {
    cuts->Add(period.start);
    cuts->Add(period.end);
  }
}

std::vector<Nanos> CutsOf(const Schedule& schedule, Nanos from, Nanos to) {
  Cuts cuts{from, to, {from}};
  for (const Layer& layer : schedule.layers) AddLayer(layer, schedule.zone, &cuts);
  AddPeriods(schedule.overrides, &cuts);
  AddPeriods(schedule.substitutions, &cuts);
  AddPeriods(schedule.temporary, &cuts);
  for (const TemporarySchedule& temporary : schedule.temporary) AddPeriods(temporary.shifts, &cuts);
  std::sort(cuts.at.begin(), cuts.at.end());
  cuts.at.erase(std::unique(cuts.at.begin(), cuts.at.end()), cuts.at.end());
  return std::move(cuts.at);
}

}  // namespace

std::vector<Segment> Segments(const Schedule& schedule, Nanos from, Nanos to) {
  std::vector<Segment> segments;
  if (from >= to) return segments;
  const std::vector<Nanos> cuts = CutsOf(schedule, from, to);
  for (size_t i = 0; i < cuts.size(); ++i) {
    const Nanos end = i + 1 < cuts.size() ? cuts[i + 1] : to;
    OnCall on_call = OnCallAt(schedule, cuts[i]);
    if (!segments.empty() && segments.back().on_call.users == on_call.users) {
      segments.back().end = end;
    } else {
      segments.push_back({cuts[i], end, std::move(on_call)});
    }
  }
  return segments;
}

std::optional<Segment> NextOnCall(const Schedule& schedule, Nanos time, int64_t horizon) {
  // In growing steps: the next hand-off is mostly near, and a year of hourly shifts is long.
  for (int64_t ahead = std::min<int64_t>(horizon, 14 * kDay * kNanosPerMilli);; ahead *= 4) {
    ahead = std::min(ahead, horizon);
    std::vector<Segment> segments = Segments(schedule, time, time + ahead);
    if (segments.size() > 1) return std::move(segments[1]);
    if (ahead >= horizon) return std::nullopt;
  }
}

std::vector<Segment> Gaps(const Schedule& schedule, Nanos from, Nanos to) {
  std::vector<Segment> gaps = Segments(schedule, from, to);
  std::erase_if(gaps, [](const Segment& segment) { return !segment.on_call.users.empty(); });
  return gaps;
}

}  // namespace outrider
