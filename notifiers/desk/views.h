// SPDX-License-Identifier: Apache-2.0
// What the desk shows to the outside: snapshots, safe to keep; alerts and incidents are shared, not
// copied.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "notifiers/incident/audit.h"
#include "notifiers/incident/incident.h"
#include "notifiers/mute/silence.h"
#include "notifiers/outbox/outbox_row.h"
#include "rules/alerting/alert.h"
#include "storage/model/matcher.h"
#include "storage/state/state_store.h"

namespace outrider {

// Alertmanager's status of an alert, computed at the time of the question.
struct AlertView {
  Alert alert;
  std::string fingerprint;                // 16 hex digits
  bool active = false;                    // false: suppressed
  std::vector<std::string> silenced_by;   // silence ids
  std::vector<std::string> inhibited_by;  // fingerprints
  std::vector<std::string> muted_by;      // time intervals; only in groups
  std::vector<std::string> receivers;     // names, in route order
  std::string incident_id;                // the open incident it belongs to, or ""
  bool resolved = false;
};

struct GroupView {
  std::string key;  // group key
  Labels labels;
  Labels route_labels;
  std::string receiver;
  std::vector<AlertView> alerts;  // unresolved ones; sorted by job, instance, labels
  Nanos next_flush = 0;           // of a group with nothing to say: its repeat; news comes earlier
  Nanos last_flush = 0;
  std::string last_reason;  // what the last flush decided, per integration
  bool muted = false;       // by time intervals, these:
  std::vector<std::string> muted_by;
};

// What a silence that is not set yet would do.
struct SilencePreview {
  size_t matching = 0;      // alerts that fire now
  size_t firing = 0;        // all that do
  size_t muted_before = 0;  // of `matching`: silenced or inhibited already
  size_t last_day = 0;      // that fired within the last day, those of now included
  std::vector<AlertView> alerts;
};
// Replaces `page` by the next alerts, some hundred at most; false: there are none behind them.
using AlertPages = std::function<bool(std::vector<AlertView>* page)>;
// The next group, or the next alerts of the same one. `more`: this group goes on. False: there is
// none, `group` is as it was.
using GroupPages = std::function<bool(GroupView* group, bool* more)>;

struct IncidentFilter {
  std::vector<IncidentState> states = {};              // empty: all
  std::vector<Severity> severities = {};               // empty: all
  std::optional<std::string> assignee = std::nullopt;  // "": nobody's
  std::optional<std::string> team = std::nullopt;
  std::optional<std::string> service = std::nullopt;
  std::vector<Matcher> labels = {};  // of the incident: those of its first alert
  Nanos from = 0;                    // opened then or later
  Nanos to = 0;                      // opened before; 0: no bound
  std::string text = {};             // in the id, the title, the summary or a label's value
  // Only what follows this one in the list; "": all.
  std::string after_id = {};
  Nanos after_time = 0;  // when that one opened
  size_t offset = 0;
  size_t limit = 50;
};
struct IncidentPage {
  std::vector<std::shared_ptr<const Incident>> incidents;  // newest first
  size_t total = 0;                                        // that match, whatever they follow
  bool more = false;                                       // behind these
};
// What grouping took away (specs/source_systems.md §3.5): an incident is a group, an alert that
// begins to fire is one alert of it.
struct GroupStatistics {
  uint64_t groups = 0;
  uint64_t active = 0;  // open ones
  uint64_t alerts = 0;
  uint64_t most_alerts = 0;  // in one group
};
struct IncidentDetail {
  std::shared_ptr<const Incident> incident;  // with both SLA clocks
  std::vector<AuditEvent> events;            // oldest first
  std::vector<AlertView> alerts;             // those still known
  std::vector<std::string> parts;            // ids of what is merged into it
  Nanos next_escalation_at = 0;              // 0: none
};

// A message that ended, or an attempt that failed; the newest are kept in memory.
struct DeliveryView {
  Nanos time = 0;
  std::string idempotency_key;
  OutboxKind kind = OutboxKind::kRoute;
  std::string receiver;
  std::string integration;
  std::string reason;  // why it was sent
  // delivered, retry, rejected, expired, unknown, superseded, stale, gone, shadow
  std::string outcome;
  std::string detail;  // the error, for people
  int attempt = 0;
  Nanos next_try = 0;  // after "retry"
  bool repeat = false;
  std::string group_key;    // routes
  std::string incident_id;  // pages
  size_t alerts = 0;
  bool attempted = false;   // an attempt ended with it (not in shadow)
  int64_t took = 0;         // of that attempt, nanoseconds
  std::string reason_code;  // why it failed, in Alertmanager's words: clientError …
};

// Attempts by one kind of integration since the process started.
struct SendingView {
  static constexpr std::array<double, 5> kBoundsSeconds = {1, 5, 10, 15, 20};
  uint64_t messages = 0;  // that were tried
  uint64_t attempts = 0;
  uint64_t failed_attempts = 0;
  std::map<std::string, uint64_t> failed;  // messages that were given up, by reason code
  std::array<uint64_t, 6> seconds{};       // attempts per bucket, not cumulative
  double seconds_sum = 0;
};
// Why the last attempt of a lane failed.
struct LaneError {
  std::string detail;       // for people
  std::string reason_code;  // as DeliveryView's
};
// `lane`: of its lane before this, nullptr: it does not fail.
void CountSending(const DeliveryView& delivery, const LaneError* lane,
                  std::map<std::string, SendingView>* kinds);

struct HistogramView {
  static constexpr std::array<double, 12> kBoundsSeconds = {
      30, 60, 120, 300, 600, 1800, 3600, 14400, 28800, 86400, 259200, 604800};
  std::array<uint64_t, 13> counts{};  // per bucket, not cumulative; the last is +Inf
  double sum = 0;
  uint64_t count = 0;
  void Observe(double seconds);
  void Add(const HistogramView& other);
};

struct SlaView {
  uint64_t met = 0;
  uint64_t breached = 0;  // all, closed or open
  uint64_t open_breaches = 0;
  uint64_t breaches = 0;            // by the severity when it happened; never falls
  double ComplianceRatio() const {  // 1 when nothing was measured
    return met + breached == 0 ? 1.0
                               : static_cast<double>(met) / static_cast<double>(met + breached);
  }
};

// The incidents of one team, or of one service.
struct ShareView {
  std::map<std::pair<IncidentState, Severity>, uint64_t> incidents;  // that are kept
  std::map<std::pair<SlaKind, Severity>, SlaView> sla;
  HistogramView time_to_acknowledge;  // of all severities, as the next
  HistogramView time_to_resolve;
};

// Counters count since the process started, except those of SLA and times, which count all
// incidents there have been, and `incidents`, which counts what is kept.
struct DeskStats {
  struct AlertKey {
    std::string alertname;
    std::string severity;
    std::string state;  // active, suppressed
    friend auto operator<=>(const AlertKey&, const AlertKey&) = default;
  };
  std::map<AlertKey, uint64_t> alerts;
  std::map<std::pair<IncidentState, Severity>, uint64_t> incidents;
  std::map<std::pair<SlaKind, Severity>, SlaView> sla;
  std::array<HistogramView, kSeverityCount> time_to_acknowledge;
  std::array<HistogramView, kSeverityCount> time_to_resolve;
  // By what they are counted for (incident_shares.h): every team that is configured, and "".
  std::map<std::string, ShareView, std::less<>> teams;
  std::map<std::string, ShareView, std::less<>> services;
  struct EscalationKey {
    std::string policy;
    int tier = 0;         // 1-based
    std::string outcome;  // paged, skipped
    friend auto operator<=>(const EscalationKey&, const EscalationKey&) = default;
  };
  std::map<EscalationKey, uint64_t> escalations;
  struct NotificationKey {
    std::string receiver;
    std::string integration;
    std::string outcome;
    friend auto operator<=>(const NotificationKey&, const NotificationKey&) = default;
  };
  std::map<NotificationKey, uint64_t> notifications;
  std::map<std::string, SendingView> sending;  // by kind of integration
  // Alerts of flushes that were held back: silence, inhibition, mute_time_interval,
  // active_time_interval.
  std::map<std::string, uint64_t> suppressed;
  uint64_t outbox_rows = 0;
  double outbox_oldest_seconds = 0;  // since it was due or tried first; 0 when none is late
  uint64_t groups = 0;
  uint64_t silences_active = 0;
  uint64_t timers = 0;
  double noise_reduction_ratio = 0;  // (alerts - incidents) / alerts, over all incidents
  bool store_failing = false;        // decisions are kept in memory only, until there is room
  uint64_t unrecorded_decisions = 0;
  StoreStats store;
};

}  // namespace outrider
