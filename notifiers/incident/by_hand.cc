// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/by_hand.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/incident/steps.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

Status Check(const IncidentsConfig& config, const NewIncident& wanted) {
  if (Trim(wanted.title).empty()) return InvalidArgument("an incident needs a title");
  if (wanted.title.size() > kMaxTitle) {
    return InvalidArgument(fmt::format("a title has at most {} bytes", kMaxTitle));
  }
  const std::vector<EscalationPolicy>& policies = config.escalation_policies;
  if (!wanted.policy.empty() && std::ranges::none_of(policies, [&](const EscalationPolicy& policy) {
        return policy.name == wanted.policy;
      })) {
    return InvalidArgument(fmt::format("there is no escalation policy {}", Quote(wanted.policy)));
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<IncidentDecision> OpenNewIncident(const IncidentsConfig& config, std::string id,
                                           const NewIncident& wanted, const Actor& actor,
                                           Nanos now) {
  TRY(Check(config, wanted));
  IncidentDecision decision;
  Incident& incident = decision.incident;
  incident.id = std::move(id);
  // Keys of alerts' groups are the text of a label set, which begins with a brace.
  incident.key = fmt::format("{}:{}", IncidentSourceText(wanted.source), incident.id);
  incident.source = wanted.source;
  incident.title = wanted.title;
  incident.summary = wanted.summary;
  incident.labels = wanted.labels;
  if (!incident.labels.Has(kAlertName)) {
    incident.labels = incident.labels.With(kAlertName, wanted.title);
  }
  incident.severity =
      wanted.severity ? *wanted.severity : SeverityOf(config, wanted.labels.Get("severity"));
  if (!incident.labels.Has("severity")) {
    incident.labels = incident.labels.With("severity", SeverityText(incident.severity));
  }
  incident.group_labels = Labels({{kAlertName, incident.labels.Get(kAlertName)}});
  incident.team = incident.labels.Get(config.team_label);
  incident.service = incident.labels.Get(config.service_label);
  incident.received_at = now;
  incident.starts_at = now;
  incident.updated_at = now;
  NoteOpened(actor, actor.note.empty() ? wanted.title : actor.note, now, &decision);
  StartSla(config, now, &decision);
  Alert alert = FirstAlert(incident);
  if (!wanted.policy.empty()) alert.annotations["outrider_escalation"] = wanted.policy;
  TakePolicyFor(config, alert, now, &incident);
  StartEscalation(now, &decision);
  return decision;
}

}  // namespace outrider
