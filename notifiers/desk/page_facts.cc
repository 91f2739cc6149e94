// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/page_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/incident/decisions.h"
#include "notifiers/incident/outage.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Title(const Incident& incident, const std::string& duration) {
  return fmt::format("[ESCALATION] {}: {}, for {}", ToUpper(SeverityText(incident.severity)),
                     incident.summary.empty() ? incident.title : incident.summary, duration);
}

}  // namespace

void AddPageFacts(const Incident& incident, const OutboxRow& row, Nanos now, Notification* page) {
  const bool whole = page->resolved || row.tier < 0;  // not one step of the escalation
  const int told = whole ? EscalationCount(incident.escalation)
                         : StepNumber(incident.escalation, row.loop, row.tier);
  const Nanos end = page->resolved ? incident.resolved_at : now;
  Nanos began = incident.starts_at;
  for (Alert& alert : page->alerts) {
    const Nanos since = BeganAt(alert);
    began = std::min(began, since);
    // What has ended lasts no longer.
    const Nanos until = alert.ends_at.nanos != 0 ? alert.ends_at.nanos : end;
    alert.annotations[std::string(kDurationAnnotation)] = DownText(until - since);
    alert.annotations[std::string(kEscalationsAnnotation)] = fmt::to_string(told);
  }
  const std::string duration = DownText(end - began);
  if (!page->resolved && told > 0) page->title = Title(incident, duration);
  page->note += fmt::format("{}for {}{}", page->note.empty() ? "" : "; ", duration,
                            told <= 0 ? "" : fmt::format(", told again {} times", told));
}

}  // namespace outrider
