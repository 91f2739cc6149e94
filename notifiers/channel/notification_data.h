// SPDX-License-Identifier: Apache-2.0
// A notification as the data of a template. Source: specs/alertmanager.md §2 "Default templates".
#pragma once

#include <map>
#include <span>
#include <string>

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

// Alertmanager's template.Data: Receiver (regexp-quoted, as there), Status, Alerts with .Firing and
// .Resolved, NotificationReason, GroupLabels, CommonLabels, CommonAnnotations (maps with
// SortedPairs, Remove, Names, Values, String), RouteLabels, ExternalURL; and three of ours: Title,
// Note, IncidentID.
tmpl::Value NotificationData(const Notification& notification);

}  // namespace outrider
