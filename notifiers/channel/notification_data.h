// SPDX-License-Identifier: Apache-2.0
// A notification as the data of a template. Source: specs/alertmanager.md §2 "Default templates".
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "notifiers/channel/channel.h"
#include "rules/template/value.h"

namespace outrider {

// Labels (or annotations) that every alert has with the same value. Nothing for no alerts.
std::map<std::string, std::string> CommonLabels(std::span<const Alert> alerts);
std::map<std::string, std::string> CommonAnnotations(std::span<const Alert> alerts);

// "firing" while any of the alerts is.
std::string NotificationStatus(const Notification& notification, std::span<const Alert> alerts);
// "firing" or "resolved" at the time of the decision.
std::string AlertStatus(const Notification& notification, const Alert& alert);

// Alertmanager's template.Data, as a value of its own: what a notification becomes, or what a file
// for `outrider template render` says.
struct TemplateAlert {
  std::string status;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  AlertTime starts_at;
  AlertTime ends_at;
  std::string generator_url;
  std::string fingerprint;
};
struct TemplateData {
  std::string type = "*template.Data";  // as errors name it
  std::string receiver;
  std::string status;
  std::vector<TemplateAlert> alerts;
  std::string reason;
  std::map<std::string, std::string> group_labels;
  std::map<std::string, std::string> common_labels;
  std::map<std::string, std::string> common_annotations;
  std::map<std::string, std::string> route_labels;
  std::string external_url;
  std::string title;
  std::string note;
  std::string incident_id;
};
tmpl::Value TemplateValue(const TemplateData& data);

// A notification as such data: Receiver (regexp-quoted, as there), Status, Alerts with .Firing and
// .Resolved, NotificationReason, GroupLabels, CommonLabels, CommonAnnotations (maps with
// SortedPairs, Remove, Names, Values, String), RouteLabels, ExternalURL; and three of ours: Title,
// Note, IncidentID.
tmpl::Value NotificationData(const Notification& notification);

}  // namespace outrider
