// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_oncall_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "notifiers/config/people_config.h"
#include "notifiers/desk/decide_paging.h"
#include "notifiers/desk/own_alerts.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

constexpr int64_t kAhead = 14 * kDay * kNanosPerMilli;
constexpr int64_t kDaily = kDay * kNanosPerMilli;

struct Warning {
  Labels labels;
  Annotations annotations;
};
struct Warnings {
  std::string team_label;
  std::map<uint64_t, Warning> all;  // by fingerprint
};

// With the zone's name: an abbreviation may be that of several, or none.
std::string LocalText(Nanos time, const Schedule& schedule) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez (", absl::FromUnixNanos(time), schedule.zone) +
         schedule.zone_name + ')';
}

void Add(const Schedule& schedule, std::string_view alertname, const std::string& user,
         std::string summary, std::string description, Warnings* warnings) {
  LabelsBuilder labels;
  labels.Set(kAlertName, alertname).Set("schedule", schedule.name);
  labels.Set("severity", schedule.gap_severity).Set("user", user);
  if (!schedule.team.empty()) labels.Set(warnings->team_label, schedule.team);
  Warning warning{labels.Build(),
                  {{"summary", std::move(summary)}, {"description", std::move(description)}}};
  const uint64_t fingerprint = warning.labels.Fingerprint();
  warnings->all.emplace(fingerprint, std::move(warning));
}

void CheckGaps(const Schedule& schedule, const std::vector<Segment>& gaps, Warnings* warnings) {
  if (gaps.empty()) return;
  int64_t total = 0;
  for (const Segment& gap : gaps) total += gap.end - gap.start;
  Add(schedule, kOnCallGap, "",
      fmt::format("nobody is on call in {} from {} to {}", schedule.name,
                  LocalText(gaps[0].start, schedule), LocalText(gaps[0].end, schedule)),
      fmt::format("{} gap{} within 14 days, {} in all. {}", gaps.size(),
                  gaps.size() == 1 ? "" : "s", FormatDuration(total / kNanosPerSecond * kSecond),
                  schedule.fallback.empty() ? "Nobody stands in." : "Its fallback would be told."),
      warnings);
}

// Why no page reaches the user; "" : one does.
std::string_view WhyUnreachable(const Transaction& tx, const std::string& user) {
  const Receiver* receiver = tx.plan().receivers().Find(fmt::format("{}{}", kUserPrefix, user));
  if (receiver == nullptr || receiver->integrations.empty()) return "has no contact method";
  return CanReach(tx, *receiver) ? "" : "has no contact method that is verified";
}

// Who is on call within the period and cannot be paged, with the first time.
void CheckContacts(const Transaction& tx, const Schedule& schedule,
                   const std::vector<Segment>& segments, Warnings* warnings) {
  std::map<std::string, Nanos> first;
  for (const Segment& segment : segments) {
    for (const std::string& user : segment.on_call.users) first.emplace(user, segment.start);
  }
  for (const auto& [user, start] : first) {
    const std::string_view why = WhyUnreachable(tx, user);
    if (why.empty()) continue;
    Add(schedule, kOnCallUnreachable, user,
        fmt::format("{} is on call in {} from {} on and {}", user, schedule.name,
                    LocalText(start, schedule), why),
        "Pages for this shift go to the next tier or to the schedule's fallback.", warnings);
  }
}

std::vector<uint64_t> Raised(const Transaction& tx) {
  std::vector<uint64_t> raised;
  tx.alerts.ForEach([&](uint64_t fingerprint, const AlertRecord& record) {
    if (record.firing && SourceOf(record.labels()) == IncidentSource::kSchedule) {
      raised.push_back(fingerprint);
    }
  });
  std::sort(raised.begin(), raised.end());
  return raised;
}

}  // namespace

void OnOnCallCheck(Transaction& tx, Nanos due) {
  Warnings warnings{tx.plan().incidents().team_label, {}};
  Nanos next = due + kDaily;
  const std::vector<Schedule>& schedules = tx.plan().config().schedules;
  for (const Schedule& schedule : schedules) {
    if (schedule.gap_severity == kNoGapCheck) continue;
    const std::vector<Segment> segments = Segments(schedule, due, due + kAhead);
    std::vector<Segment> gaps = segments;
    std::erase_if(gaps, [](const Segment& segment) { return !segment.on_call.users.empty(); });
    CheckGaps(schedule, gaps, &warnings);
    CheckContacts(tx, schedule, segments, &warnings);
    if (!gaps.empty()) next = std::min(next, gaps[0].end);  // a gap that is past is none
  }
  if (schedules.empty()) {
    tx.CancelTimer(TimerKind::kOnCallCheck, "");
  } else {
    tx.SetTimer(TimerKind::kOnCallCheck, "", next);
  }
  for (const uint64_t fingerprint : Raised(tx)) {
    if (!warnings.all.contains(fingerprint)) EndAlert(tx, fingerprint, due);
  }
  for (const auto& [fingerprint, warning] : warnings.all) {
    RaiseAlert(tx, warning.labels, warning.annotations, due);
  }
}

void SettleOnCallChecks(Transaction& tx, Nanos now) {
  const bool set = tx.TimerDue(TimerKind::kOnCallCheck, "") != 0;
  if (set || !tx.plan().config().schedules.empty()) {
    tx.SetTimer(TimerKind::kOnCallCheck, "", now);
  }
}

}  // namespace outrider
