// SPDX-License-Identifier: Apache-2.0
// A setup as a text of incidents.yml.
#include <fmt/format.h>

#include "absl/time/time.h"
#include "storage/base/text.h"
#include "tests/sim/incident_setup.h"

namespace outrider::sim {
namespace {

std::string Clock(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

std::string Listed(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts)
    out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ", text);
  return "[" + out + "]";
}

std::string AddressOf(const std::string& method, const std::string& user) {
  if (method == "email") return fmt::format("to: {}@example.org", user);
  if (method == "ntfy") return fmt::format("topic: {}", user);
  return fmt::format("to: \"+49170{}\"", user.size());
}

void AddPeople(const Setup& setup, std::string* out) {
  *out += "users:\n";
  for (const Person& person : setup.people) {
    *out += fmt::format("- name: {}\n", person.name);
    for (const std::string& method : person.methods) {
      *out += fmt::format("  {}_configs: [{{{}}}]\n", method, AddressOf(method, person.name));
    }
    if (!person.rules.empty()) {
      *out += "  rules:\n    default:\n";
      for (const Rule& rule : person.rules) {
        *out += fmt::format("    - {{method: \"{}[0]\", wait: {}m}}\n", rule.method, rule.minutes);
      }
    }
    if (person.quiet_from >= 0) {
      *out += fmt::format("  quiet_hours: [{{severities: [low, medium], hours: [\"{}-{}\"]}}]\n",
                          Clock(person.quiet_from), Clock(person.quiet_to));
    }
  }
  *out += "teams:\n";
  for (const auto& [name, members] : setup.teams) {
    *out += fmt::format("- {{name: {}, members: {}}}\n", name, Listed(members));
  }
}

void AddTimetables(const Setup& setup, std::string* out) {
  *out += "schedules:\n";
  for (const Timetable& table : setup.timetables) {
    *out += fmt::format("- name: {}\n  gap_severity: {}\n  fallback: {}\n  layers:\n", table.name,
                        setup.warns_of_gaps ? "info" : "none", Listed(table.fallback));
    for (const Rota& rota : table.rotas) {
      *out += fmt::format("  - users: {}\n    rotation: hourly\n    every: {}\n    start: {}\n",
                          Listed(rota.users), rota.hours, UtcText(rota.start));
      if (rota.from >= 0) {
        *out += fmt::format("    hours: [{{from: \"{}\", to: \"{}\"}}]\n", Clock(rota.from),
                            Clock(rota.to));
      }
    }
    std::string overrides;
    std::string swaps;
    for (const Cover& cover : table.covers) {
      if (!cover.id.empty()) continue;
      const bool swap = cover.kind == Cover::Kind::kSwap;
      (swap ? swaps : overrides) += fmt::format("  - {}\n", CoverText(cover));
    }
    if (!overrides.empty()) *out += "  overrides:\n" + overrides;
    if (!swaps.empty()) *out += "  swaps:\n" + swaps;
  }
}

void AddLadders(const Setup& setup, std::string* out) {
  *out += "escalation_policies:\n";
  for (const Ladder& ladder : setup.ladders) {
    std::vector<std::string> severities;
    for (const Severity severity : ladder.severities)
      severities.emplace_back(SeverityText(severity));
    *out += fmt::format(
        "- name: {}\n  severities: {}\n  fallback: {}\n  repeat: {}\n  repeat_interval: {}m\n"
        "  tiers:\n",
        ladder.name, Listed(severities), Listed(ladder.fallback), ladder.repeat,
        ladder.repeat_minutes);
    for (const Step& step : ladder.steps) {
      *out += fmt::format("  - {{delay: {}m, receivers: {}, round_robin: {}}}\n", step.minutes,
                          Listed(step.targets), step.in_turn);
    }
  }
}

void AddAround(const Setup& setup, std::string* out) {
  if (!setup.works.empty()) *out += "maintenance:\n";
  for (const Works& works : setup.works) {
    *out += fmt::format("- name: {}\n  match: ['service = {}']\n", works.name, works.service);
    if (works.every_hours > 0) {
      *out += fmt::format("  every: {{cron: \"0 */{} * * *\", duration: {}m}}\n", works.every_hours,
                          works.minutes);
    } else {
      *out += fmt::format("  start: {}\n  end: {}\n", UtcText(works.from), UtcText(works.to));
    }
  }
  if (!setup.beats.empty()) *out += "heartbeats:\n";
  for (const Beat& beat : setup.beats) {
    *out += fmt::format("- {{name: {}, interval: {}m, grace: 1m, severity: high}}\n", beat.name,
                        beat.minutes);
  }
  *out += fmt::format(
      "dependencies:\n- name: redis\n  match: ['alertname = Down', 'service =~ \"api|web\"']\n"
      "  on: ['alertname = Down', 'service = redis']\n  wait: {}s\n  grace: {}s\n",
      setup.dependants_wait_seconds, setup.dependants_grace_seconds);
}

void AddNumbers(const Setup& setup, std::string* out) {
  *out +=
      fmt::format("sla:\n  pause: [maintenance, hold{}]\n", setup.snooze_pauses ? ", snooze" : "");
  for (size_t i = 0; i < kSeverityCount; ++i) {
    *out += fmt::format("  {}: {{acknowledge: {}m, resolve: {}m}}\n",
                        SeverityText(static_cast<Severity>(i)), setup.answer_minutes[i],
                        setup.mend_minutes[i]);
  }
  *out += "attention:\n";
  for (size_t i = 0; i < kSeverityCount; ++i) {
    if (setup.ask_minutes[i] == 0) continue;
    *out += fmt::format("  {}: {{acknowledge_timeout: {}m, confirm_within: {}m}}\n",
                        SeverityText(static_cast<Severity>(i)), setup.ask_minutes[i],
                        setup.confirm_minutes);
  }
  *out += fmt::format(
      "paging:\n  bundle: {{more_than: {}, within: {}m}}\n"
      "  throttle: {{limits: {{sms: [{{count: {}, per: {}m}}], email: [{{count: 2, per: "
      "1m}}]}}}}\n",
      setup.bundle_more_than, setup.bundle_minutes, setup.sms_count, setup.sms_minutes);
}

}  // namespace

std::string UtcText(Nanos time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(time), absl::UTCTimeZone());
}

std::string CoverText(const Cover& cover) {
  const std::string period =
      fmt::format("start: {}, end: {}", UtcText(cover.from), UtcText(cover.to));
  switch (cover.kind) {
    case Cover::Kind::kAdd:
      return fmt::format("{{kind: add, user: {}, {}}}", cover.user, period);
    case Cover::Kind::kRemove:
      return fmt::format("{{kind: remove, user: {}, {}}}", cover.user, period);
    case Cover::Kind::kSwap:
      return fmt::format("{{from: {}, to: {}, {}}}", cover.replaced, cover.user, period);
    case Cover::Kind::kReplace:
      break;
  }
  const std::string whom = cover.replaced.empty() ? "" : ", replaces: " + cover.replaced;
  return fmt::format("{{user: {}{}, {}}}", cover.user, whom, period);
}

std::string FileText(const Setup& setup) {
  std::string out = fmt::format(
      "group_by: [alertname, service, heartbeat, schedule]\nreopen_window: {}m\n"
      "reopen_if_still_firing_after: {}m\n",
      setup.reopen_minutes, setup.still_firing_minutes);
  AddNumbers(setup, &out);
  AddPeople(setup, &out);
  AddTimetables(setup, &out);
  AddLadders(setup, &out);
  AddAround(setup, &out);
  return out;
}

}  // namespace outrider::sim
