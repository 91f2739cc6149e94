// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/incident_totals.h"

#include <algorithm>
#include <utility>

#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kFormat = 1;
constexpr SlaKind kKinds[] = {SlaKind::kAcknowledge, SlaKind::kResolve};

double Seconds(int64_t nanos) {
  return static_cast<double>(nanos) / static_cast<double>(kNanosPerSecond);
}

void CountClock(const SlaClock& clock, SlaView* view) {
  if (clock.breached_at != 0) {
    ++view->breached;
    if (clock.Running()) ++view->open_breaches;
  } else if (clock.stopped_at != 0) {
    ++view->met;
  }
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

void IncidentTotals::Add(const Incident& incident) {
  ++incidents;
  alerts += incident.count;
  for (const SlaKind kind : kKinds) {
    CountClock(incident.Clock(kind), &sla[{kind, incident.severity}]);
  }
  const auto severity = static_cast<size_t>(incident.severity);
  if (incident.acknowledged_at != 0) {
    time_to_acknowledge[severity].Observe(Seconds(incident.acknowledged_at - incident.received_at));
  }
  const SlaClock& resolve = incident.Clock(SlaKind::kResolve);
  if (resolve.stopped_at != 0) {
    time_to_resolve[severity].Observe(Seconds(resolve.ElapsedAt(resolve.stopped_at)));
  }
}

std::string EncodeIncidentTotals(const IncidentTotals& totals) {
  RowWriter out(kFormat);
  out.U64(totals.incidents).U64(totals.alerts).U64(totals.sla.size());
  for (const auto& [key, view] : totals.sla) {
    out.Enum(key.first).Enum(key.second).U64(view.met).U64(view.breached).U64(view.open_breaches);
  }
  for (const HistogramView& view : totals.time_to_acknowledge) WriteHistogram(view, &out);
  for (const HistogramView& view : totals.time_to_resolve) WriteHistogram(view, &out);
  return out.Take();
}

StatusOr<IncidentTotals> DecodeIncidentTotals(std::string_view bytes) {
  RowReader in(bytes, kFormat, "the totals of forgotten incidents");
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
  }
  for (HistogramView& view : totals.time_to_acknowledge) ReadHistogram(&in, &view);
  for (HistogramView& view : totals.time_to_resolve) ReadHistogram(&in, &view);
  TRY(in.Finish());
  return totals;
}

}  // namespace outrider
