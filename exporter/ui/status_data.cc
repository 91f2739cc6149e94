// SPDX-License-Identifier: Apache-2.0
#include "exporter/ui/status_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "exporter/ui/page.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kResolvedRows = 5;
constexpr size_t kResolvedLookedAt = 1000;
constexpr int64_t kQuietTooLong = 2 * 60 * kNanosPerSecond;
constexpr double kWaitsTooLongSeconds = 60;

std::string TextOf(const std::map<std::string, std::string>& texts, const std::string& key) {
  const auto found = texts.find(key);
  return found == texts.end() ? "" : found->second;
}

void CollectIngest(const IngestStoreStats& stats, StatusData* data) {
  data->ready = stats.ready;
  data->ingest.samples = stats.remote_write.samples_accepted;
  data->ingest.series = stats.windows.series;
  data->ingest.held_samples = stats.windows.samples;
  data->ingest.last_received = stats.remote_write.last_received;
  for (const auto& [reason, count] : stats.remote_write.samples_rejected) {
    if (count > 0) data->ingest.rejected.emplace_back(reason, count);
  }
}

void AddPending(const RuleView& view, StatusData* data) {
  for (const AlertPtr& alert : view.alerts) {
    if (alert->state != AlertState::kPending) continue;
    data->alerts.push_back({.name = view.rule->name,
                            .severity = std::string(alert->labels.Get("severity")),
                            .state = "pending",
                            .summary = TextOf(alert->annotations, "summary"),
                            .since = alert->active_at * kNanosPerMilli});
  }
}

void CollectRules(const std::vector<std::shared_ptr<const RuleGroupView>>& groups,
                  StatusData* data) {
  data->rule_groups = groups.size();
  for (const auto& group : groups) {
    data->rules += group->rules.size();
    for (const RuleView& view : group->rules) {
      if (view.health == RuleHealth::kError) {
        data->failing_rules.push_back({view.rule->name, group->group->Key(), view.last_error});
      }
      AddPending(view, data);
    }
  }
}

template <typename T>
uint64_t Cut(std::vector<T>* rows) {
  if (rows->size() <= kMaxRows) return 0;
  const uint64_t left_out = rows->size() - kMaxRows;
  rows->resize(kMaxRows);
  return left_out;
}

void CollectAlerts(const Desk& desk, StatusData* data) {
  for (const AlertView& view : desk.Alerts(data->now)) {
    data->alerts.push_back({.name = std::string(view.alert.labels.Get(kAlertName)),
                            .severity = std::string(view.alert.labels.Get("severity")),
                            .state = view.active ? "firing" : "suppressed",
                            .summary = TextOf(view.alert.annotations, "summary"),
                            .since = view.alert.starts_at.nanos});
  }
  const auto rank = [](const StatusData::AlertRow& row) {
    return row.state == "firing" ? 0 : row.state == "pending" ? 1 : 2;
  };
  std::ranges::stable_sort(data->alerts, [&](const auto& a, const auto& b) {
    return rank(a) != rank(b) ? rank(a) < rank(b) : a.name < b.name;
  });
  data->alerts_left_out = Cut(&data->alerts);
}

StatusData::IncidentRow ToRow(const Incident& incident, Nanos now) {
  StatusData::IncidentRow row;
  row.id = incident.id;
  row.title = incident.title;
  row.summary = incident.summary;
  row.severity = std::string(SeverityText(incident.severity));
  row.state = std::string(IncidentStateText(incident.state));
  row.opened_at = incident.received_at;
  row.resolved_at = incident.resolved_at;
  row.resolved_by = incident.resolved_by;
  for (const SlaClock& clock : incident.sla) {
    if (!clock.Running() || clock.Standing()) continue;
    const int64_t left = clock.DeadlineAt() - now;
    if (!row.clock.empty() && left >= row.clock_left) continue;
    row.clock = std::string(SlaKindText(clock.kind));
    row.clock_left = left;
  }
  return row;
}

void CollectIncidents(const Desk& desk, StatusData* data) {
  IncidentFilter filter;
  filter.states = {IncidentState::kNew, IncidentState::kAcknowledged,
                   IncidentState::kInvestigating};
  filter.limit = kMaxRows;
  const IncidentPage page = desk.Incidents(filter);
  for (const auto& incident : page.incidents)
    data->incidents.push_back(ToRow(*incident, data->now));
  data->incidents_left_out = page.total - page.incidents.size();
  // They come in the order they opened; what is shown is in the order they were resolved.
  filter.states = {IncidentState::kResolved};
  filter.limit = kResolvedLookedAt;
  auto resolved = desk.Incidents(filter).incidents;
  std::ranges::stable_sort(
      resolved, [](const auto& a, const auto& b) { return a->resolved_at > b->resolved_at; });
  if (resolved.size() > kResolvedRows) resolved.resize(kResolvedRows);
  for (const auto& incident : resolved) data->resolved.push_back(ToRow(*incident, data->now));
}

void CollectReceivers(const Desk& desk, StatusData* data) {
  constexpr size_t kRecent = 500;
  std::map<std::string, DeliveryView> last;  // newest of each receiver
  for (DeliveryView& delivery : desk.RecentDeliveries(kRecent))
    last.emplace(delivery.receiver, std::move(delivery));
  for (const ReceiverConfig& receiver : desk.config()->alertmanager.receivers) {
    std::vector<std::string> kinds;
    kinds.reserve(receiver.integrations.size());
    for (const IntegrationConfig& integration : receiver.integrations)
      kinds.push_back(integration.kind);
    StatusData::ReceiverRow row;
    row.name = receiver.name;
    row.integrations = Join(kinds, ", ");
    if (const auto found = last.find(receiver.name); found != last.end()) {
      row.outcome = found->second.outcome;
      row.detail = found->second.detail;
      row.at = found->second.time;
    }
    data->receivers.push_back(std::move(row));
  }
}

bool IsFailure(std::string_view outcome) {
  return outcome == "retry" || outcome == "rejected" || outcome == "expired" ||
         outcome == "unknown";
}

void AddDelays(const StatusData& data, std::vector<std::string>* problems) {
  const int64_t quiet = data.now - data.ingest.last_received * kNanosPerMilli;
  if (data.ingest.last_received != 0 && quiet >= kQuietTooLong) {
    problems->push_back(fmt::format(
        "No sample has come for {}: is the Prometheus up, and its remote_write pointed here?",
        ShortAge(quiet)));
  }
  if (data.outbox_oldest_seconds > kWaitsTooLongSeconds) {
    problems->push_back(
        fmt::format("A message has been waiting for {} to be delivered ({} wait).",
                    ShortAge(static_cast<int64_t>(data.outbox_oldest_seconds) * kNanosPerSecond),
                    data.outbox_rows));
  }
  if (data.open_breaches > 0) {
    problems->push_back(fmt::format("{} SLA {} of open incidents missed.", data.open_breaches,
                                    data.open_breaches == 1 ? "target is" : "targets are"));
  }
}

}  // namespace

std::vector<std::string> FindProblems(const StatusData& data) {
  std::vector<std::string> problems;
  if (!data.ready)
    problems.emplace_back("The log is being replayed: queries are answered when that is done.");
  if (data.ready && data.ingest.last_received == 0) {
    problems.emplace_back(
        "No sample has come yet: point a Prometheus' remote_write at /api/v1/write.");
  }
  AddDelays(data, &problems);
  for (const StatusData::FailingRule& rule : data.failing_rules) {
    problems.push_back(fmt::format("Rule {} ({}) fails: {}", rule.rule, rule.group, rule.error));
  }
  for (const auto& [reason, count] : data.ingest.rejected) {
    problems.push_back(fmt::format("{} samples were refused: {}", count, reason));
  }
  for (const StatusData::ReceiverRow& receiver : data.receivers) {
    if (!IsFailure(receiver.outcome)) continue;
    problems.push_back(fmt::format("Receiver {}: {}{}{}", receiver.name, receiver.outcome,
                                   receiver.detail.empty() ? "" : ": ", receiver.detail));
  }
  return problems;
}

StatusData CollectStatus(const StatusSources& sources) {
  StatusData data;
  data.now = sources.clock.NowNanos();
  data.started_at = sources.started_at;
  data.version = sources.build.version;
  CollectIngest(sources.ingest(), &data);
  CollectRules(sources.rules(), &data);
  CollectAlerts(sources.desk, &data);
  CollectIncidents(sources.desk, &data);
  CollectReceivers(sources.desk, &data);
  const DeskStats stats = sources.desk.Stats(data.now);
  data.outbox_rows = stats.outbox_rows;
  data.outbox_oldest_seconds = stats.outbox_oldest_seconds;
  for (const auto& [key, view] : stats.sla) data.open_breaches += view.open_breaches;
  data.problems = FindProblems(data);
  if (stats.store_failing) {
    data.problems.emplace_back(
        "The state store refuses writes (is the disk full?): decisions are kept in memory.");
  }
  if (sources.more_problems) {
    for (std::string& problem : sources.more_problems())
      data.problems.push_back(std::move(problem));
  }
  const std::string config_error = sources.config_error();
  if (!config_error.empty()) {
    data.problems.push_back("The last reload failed, the old configuration stays: " + config_error);
  }
  return data;
}

}  // namespace outrider
