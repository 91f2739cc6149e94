// SPDX-License-Identifier: Apache-2.0
// A row made into what a channel renders: from alerts and incidents as they are now, told as they
// were decided.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/channel/route_labels.h"
#include "notifiers/desk/answer_bundles.h"
#include "notifiers/desk/answers.h"
#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_contacts.h"
#include "notifiers/desk/decide_dependencies.h"
#include "notifiers/desk/page_facts.h"
#include "storage/base/duration.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

// Messages that waited longer than this say so.
constexpr int64_t kLate = 300 * kNanosPerSecond;

// As it is now, told as it was decided.
template <typename A>
A Told(A alert, bool resolved, Nanos decided_at) {
  if (!resolved) {
    alert.ends_at = {};
  } else if (!alert.ResolvedAt(decided_at)) {
    alert.ends_at = {decided_at, 0};  // fires again since; this message still tells the end
  }
  return alert;
}

void AddAlert(const Transaction& tx, uint64_t fingerprint, bool resolved, Nanos decided_at,
              Notification* notification) {
  const AlertRecord* record = tx.alerts.Find(fingerprint);
  if (record == nullptr) return;
  notification->alerts.push_back(Told(record->ToAlert(), resolved, decided_at));
}

// For routes, which tell many: no text is copied while the desk is held.
void AddPacked(const Transaction& tx, uint64_t fingerprint, bool resolved, Nanos decided_at,
               Notification* notification) {
  const AlertRecord* record = tx.alerts.Find(fingerprint);
  if (record == nullptr) return;
  notification->packed.push_back(Told(record->Packed(), resolved, decided_at));
}

void AddNote(const std::string& note, Notification* notification) {
  if (!notification->note.empty()) notification->note += "; ";
  notification->note += note;
}

void FillRoute(const Transaction& tx, const OutboxRow& row, Notification* notification) {
  const GroupRecord* group = tx.groups.Find(row.group_id);
  notification->packed.reserve(row.firing.size() + row.resolved.size());
  for (const uint64_t fingerprint : row.firing) {
    AddPacked(tx, fingerprint, false, row.created_at, notification);
  }
  for (const uint64_t fingerprint : row.resolved) {
    if (ToldResolved(tx, row, fingerprint)) continue;
    AddPacked(tx, fingerprint, true, row.created_at, notification);
  }
  notification->resolved = row.firing.empty();
  if (group == nullptr) return;
  notification->group_key = group->key;
  notification->group_labels = group->labels;
  const auto said = group->receiver_data.find(row.integration);
  if (said != group->receiver_data.end()) notification->receiver_data = said->second;
}

// The row stands for one of another receiver.
void FillFallback(const Transaction& tx, const OutboxRow& row, Notification* notification) {
  FillRoute(tx, row, notification);
  notification->group_key = row.title;
  notification->group_labels = Labels::FromMap(row.labels);
  AddNote(row.text, notification);
}

void FillPage(const Transaction& tx, const OutboxRow& row, Nanos now, Notification* notification) {
  const Incident* incident = tx.incidents.Find(row.incident_id);
  notification->incident_id = row.incident_id;
  notification->group_key = "incident:" + row.incident_id;
  notification->resolved = ToldKind(row) == OutboxKind::kRecovery;
  if (incident == nullptr) return;
  notification->group_labels = incident->group_labels;
  const NumberSet& told = notification->resolved ? incident->alerts : incident->firing;
  for (const uint64_t fingerprint : told) {
    AddAlert(tx, fingerprint, notification->resolved, row.created_at, notification);
  }
  if (notification->alerts.empty()) {
    // Its alerts are forgotten already; the incident remembers the first one.
    Alert alert;
    alert.labels = incident->labels;
    if (!incident->summary.empty()) alert.annotations["summary"] = incident->summary;
    alert.starts_at = {incident->starts_at, 0};
    if (notification->resolved) alert.ends_at = {incident->resolved_at, 0};
    notification->alerts.push_back(std::move(alert));
  }
  if (notification->resolved) {
    AddNote(fmt::format("incident {} resolved by {}", incident->id,
                        incident->resolved_by.empty() ? "the system" : incident->resolved_by),
            notification);
  } else if (row.tier == kAskTier) {
    AddNote(fmt::format(
                "is incident {} ({}) still being worked on? {} acknowledged it {} ago; "
                "without a confirmation it is new again",
                incident->id, SeverityText(incident->severity),
                incident->moved_by.empty() ? "somebody" : incident->moved_by,
                FormatDuration((row.created_at - incident->moved_at) / kNanosPerSecond * kSecond)),
            notification);
  } else if (row.tier == kRaisedTier) {
    AddNote(fmt::format("incident {} is {} now: its severity was raised", incident->id,
                        SeverityText(incident->severity)),
            notification);
  } else {
    AddNote(fmt::format("incident {} ({}), escalation tier {}", incident->id,
                        SeverityText(incident->severity), row.tier + 1),
            notification);
  }
  AddPageFacts(*incident, row, now, notification);
  const size_t attached = notification->resolved ? 0 : DependantsOf(tx, incident->id).size();
  if (attached > 0) {
    AddNote(fmt::format("{} incident{} that depend on it", attached, attached == 1 ? "" : "s"),
            notification);
  }
}

// A message about several incidents says that it is answered for all of them.
void AddAnswersAll(const Transaction& tx, const OutboxRow& row, Notification* notification) {
  const AnswerBundle* bundle = FindBundle(tx, BundleIdOf(tx, row));
  if (bundle == nullptr || notification->actions.empty()) return;
  notification->answers_for = bundle->parts.size();
  notification->note +=
      fmt::format("\nAn answer to this message answers all {} of them.", bundle->parts.size());
}

// A report looks like an alert that fires, so that every channel and template can show it.
void FillReport(const OutboxRow& row, Notification* notification) {
  notification->title = row.title;
  notification->group_key = "report:" + row.id;
  Alert alert;
  LabelsBuilder labels;
  for (const auto& [name, value] : row.labels) labels.Set(name, value);
  alert.labels = labels.Build();
  alert.annotations = {{"summary", row.title}, {"description", row.text}};
  alert.starts_at = {row.created_at, 0};
  notification->group_labels = alert.labels;
  notification->alerts.push_back(std::move(alert));
  AddNote(row.text, notification);
}

}  // namespace

std::map<std::string, std::string> RouteLabels(
    const Plan& plan, const GroupRecord& group,
    const std::function<void(std::vector<Alert>*)>& take_alerts, Nanos now,
    std::vector<std::string>* problems) {
  const RouteConfig* route = plan.RouteOf(group);
  if (route == nullptr) return {};
  const tmpl::TemplateSet* templates = plan.config().templates.get();
  if (templates == nullptr || !NeedRendering(route->labels)) return route->labels;
  Notification notification;
  notification.receiver = group.receiver;
  notification.group_key = group.key;
  notification.group_labels = group.labels;
  notification.reason = "unknown";
  notification.external_url = plan.config().external_url;
  notification.now = now;
  take_alerts(&notification.alerts);
  SortAlerts(&notification.alerts);
  return RenderRouteLabels(route->labels, notification, *templates, problems);
}

namespace {

// From what is in the group now, told or not.
std::map<std::string, std::string> RouteLabelsOf(const Transaction& tx, const GroupRecord& group,
                                                 Nanos now) {
  std::vector<std::string> problems;
  std::map<std::string, std::string> labels = RouteLabels(
      tx.plan(), group,
      [&](std::vector<Alert>* alerts) {
        for (const uint64_t fingerprint : group.members) {
          const AlertRecord* record = tx.alerts.Find(fingerprint);
          if (record != nullptr) alerts->push_back(record->ToAlert());
        }
      },
      now, &problems);
  for (const std::string& problem : problems) {
    LogWarn("a label of a route cannot be rendered", {{"group", group.key}, {"label", problem}});
  }
  return labels;
}

}  // namespace

Notification BuildNotification(const Transaction& tx, const OutboxRow& row, Nanos now) {
  Notification notification;
  notification.idempotency_key = row.id;
  notification.repeat = row.repeat;
  notification.receiver = row.receiver;
  notification.reason = row.reason;
  notification.external_url = tx.plan().config().external_url;
  notification.now = row.created_at;
  if (row.kind == OutboxKind::kRoute) {
    FillRoute(tx, row, &notification);
  } else if (row.kind == OutboxKind::kFallback && row.incident_id.empty()) {
    FillFallback(tx, row, &notification);
  } else if (row.kind == OutboxKind::kReport) {
    FillReport(row, &notification);
  } else {
    FillPage(tx, row, now, &notification);
    AddBundled(tx, row, &notification);
    notification.actions = ActionsOf(tx, row, now);
    AddAnswersAll(tx, row, &notification);
    if (row.kind == OutboxKind::kFallback) AddNote(row.text, &notification);
  }
  SortAlerts(&notification.alerts);
  const GroupRecord* group = tx.groups.Find(row.group_id);
  if (group != nullptr) notification.route_labels = RouteLabelsOf(tx, *group, row.created_at);
  if (row.repeat) AddNote("repeat: it may have arrived before", &notification);
  if (!row.recorded) AddNote("not recorded: the state store cannot be written", &notification);
  if (now - row.created_at > kLate) {
    AddNote("late: decided at " + FormatRfc3339(row.created_at), &notification);
  }
  return notification;
}

}  // namespace outrider
