// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/incident_totals.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kFormat = 2;  // 2: all incidents, not only those forgotten; breaches
constexpr SlaKind kKinds[] = {SlaKind::kAcknowledge, SlaKind::kResolve};

double Seconds(int64_t nanos) {
  return static_cast<double>(nanos) / static_cast<double>(kNanosPerSecond);
}

// How a clock stands: 1 in what it is.
SlaView ViewOf(const SlaClock& clock) {
  SlaView view;
  if (clock.breached_at != 0) {
    view.breached = 1;
    view.open_breaches = clock.Running() ? 1 : 0;
  } else if (clock.stopped_at != 0) {
    view.met = 1;
  }
  return view;
}

bool IsSame(const SlaView& a, const SlaView& b) {
  return a.met == b.met && a.breached == b.breached && a.open_breaches == b.open_breaches;
}

bool Acknowledged(const Incident* incident) {
  return incident != nullptr && incident->acknowledged_at != 0;
}

bool Resolved(const Incident* incident) {
  return incident != nullptr && incident->Clock(SlaKind::kResolve).stopped_at != 0;
}

void WriteHistogram(const HistogramView& view, RowWriter* out) {
  for (const uint64_t count : view.counts) out->U64(count);
  out->Double(view.sum).U64(view.count);
}

void ReadHistogram(RowReader* in, HistogramView* view) {
  for (uint64_t& count : view->counts) count = in->U64();
  view->sum = in->Double();
  view->count = in->U64();
}

}  // namespace

void HistogramView::Observe(double seconds) {
  seconds = std::max(seconds, 0.0);  // the clock was set back
  const auto bound = std::lower_bound(kBoundsSeconds.begin(), kBoundsSeconds.end(), seconds);
  ++counts[static_cast<size_t>(bound - kBoundsSeconds.begin())];
  sum += seconds;
  ++count;
}

void HistogramView::Add(const HistogramView& other) {
  for (size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  sum += other.sum;
  count += other.count;
}

void IncidentTotals::Count(const Incident* before, const Incident& after) {
  for (const SlaKind kind : kKinds) {
    const SlaClock& clock = after.Clock(kind);
    if (before != nullptr) {
      const SlaView old = ViewOf(before->Clock(kind));
      SlaView& sum = sla[{kind, before->severity}];
      sum.met -= old.met;
      sum.breached -= old.breached;
      sum.open_breaches -= old.open_breaches;
    }
    const SlaView view = ViewOf(clock);
    SlaView& sum = sla[{kind, after.severity}];
    sum.met += view.met;
    sum.breached += view.breached;
    sum.open_breaches += view.open_breaches;
    const bool breached = before != nullptr && before->Clock(kind).breached_at != 0;
    if (clock.breached_at != 0 && !breached) ++sum.breaches;
  }
  const auto severity = static_cast<size_t>(after.severity);
  if (Acknowledged(&after) && !Acknowledged(before)) {
    time_to_acknowledge[severity].Observe(Seconds(after.acknowledged_at - after.received_at));
  }
  if (Resolved(&after) && !Resolved(before)) {
    time_to_resolve[severity].Observe(Seconds(after.Clock(SlaKind::kResolve).elapsed));
  }
}

void IncidentTotals::Forget(const Incident& incident) {
  ++incidents;
  alerts += incident.count;
}

bool ChangesTotals(const Incident* before, const Incident& after) {
  if (before == nullptr || before->severity != after.severity ||
      Acknowledged(before) != Acknowledged(&after) || Resolved(before) != Resolved(&after)) {
    return true;
  }
  return std::any_of(std::begin(kKinds), std::end(kKinds), [&](SlaKind kind) {
    return !IsSame(ViewOf(before->Clock(kind)), ViewOf(after.Clock(kind)));
  });
}

std::string EncodeIncidentTotals(const IncidentTotals& totals) {
  RowWriter out(kFormat);
  out.U64(totals.incidents).U64(totals.alerts).U64(totals.sla.size());
  for (const auto& [key, view] : totals.sla) {
    out.Enum(key.first).Enum(key.second).U64(view.met).U64(view.breached).U64(view.open_breaches);
    out.U64(view.breaches);
  }
  for (const HistogramView& view : totals.time_to_acknowledge) WriteHistogram(view, &out);
  for (const HistogramView& view : totals.time_to_resolve) WriteHistogram(view, &out);
  return out.Take();
}

StatusOr<IncidentTotals> DecodeIncidentTotals(std::string_view bytes, bool* complete) {
  RowReader in(bytes, kFormat, "the totals of incidents");
  *complete = in.format() >= 2;
  IncidentTotals totals;
  totals.incidents = in.U64();
  totals.alerts = in.U64();
  for (uint64_t left = in.Count(); left > 0; --left) {
    const auto kind = in.Enum(SlaKind::kResolve);
    const auto severity = in.Enum(Severity::kCritical);
    SlaView& view = totals.sla[{kind, severity}];
    view.met = in.U64();
    view.breached = in.U64();
    view.open_breaches = in.U64();
    view.breaches = *complete ? in.U64() : view.breached;
  }
  for (HistogramView& view : totals.time_to_acknowledge) ReadHistogram(&in, &view);
  for (HistogramView& view : totals.time_to_resolve) ReadHistogram(&in, &view);
  TRY(in.Finish());
  return totals;
}

}  // namespace outrider
