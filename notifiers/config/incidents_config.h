// SPDX-License-Identifier: Apache-2.0
// incidents.yml as values: SLA targets, severity mapping, escalation policies, contacts.
// Sources: specs/source_systems.md §3.2 and §3.3, specs/incidents_oncall_slo.md §2.3 and §2.4.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"
#include "storage/model/matcher.h"

namespace outrider {

class BusinessCalendar;
class PolicyIndex;    // policy_index.h
struct PagingConfig;  // paging_config.h

enum class Severity : uint8_t { kInfo, kLow, kMedium, kHigh, kCritical };
inline constexpr int kSeverityCount = 5;
std::string_view SeverityText(Severity severity);
std::optional<Severity> ParseSeverity(std::string_view text);

struct SlaTarget {
  DurationMs acknowledge = 0;
  DurationMs resolve = 0;
};

// Which time counts, and who hears of it (sla_config.h).
struct SlaRules {
  std::map<std::string, std::shared_ptr<const BusinessCalendar>> calendars;  // by name
  std::array<std::string, kSeverityCount> calendar_of;       // by Severity; "" : all time counts
  std::vector<std::string> pause = {"maintenance", "hold"};  // why clocks stand still
  std::vector<std::string> notify;  // receivers told of warnings and breaches
};

// What time does to an incident of a severity; 0: nothing.
struct AttentionRule {
  DurationMs acknowledge_timeout = 0;  // who acknowledged is asked whether they still work on it …
  DurationMs confirm_within = 0;       // … and has this long to say so before it is new again
  DurationMs auto_resolve = 0;         // since anything happened, without an alert that fires
};

struct EscalationTier {
  DurationMs delay = 0;  // from the start of the incident (or of its epoch), absolute
  // Who is told: receivers of alertmanager.yml, `user:NAME`, `schedule:NAME` for whoever is on
  // call, `team:NAME` for its members.
  std::vector<std::string> receivers;
  bool round_robin = false;  // one of them, in turn
};
struct EscalationPolicy {
  std::string name;
  std::vector<Severity> severities;                // empty: all
  std::vector<Matcher> match;                      // of the alert's labels; empty: all
  std::vector<std::string> active_time_intervals;  // of `time_intervals`; empty: always
  std::vector<EscalationTier> tiers;
  std::vector<std::string> fallback;  // told when a whole round found nobody
  int repeat = 0;                     // how often the last round is run again
  DurationMs repeat_interval = 15 * kMinute;
};

// Somebody who can be paged.
struct UserConfig {
  std::string name;
  std::string time_zone = "UTC";  // in which times are shown to them
  YamlNode contact;               // a receiver `user:NAME` (people_config.h)
};

struct IncidentsConfig {
  std::string file;  // where it came from, for messages
  std::vector<std::string> group_by = {"alertname", "cluster", "namespace", "service"};
  // Only alerts that match open incidents. Default: severity!="none" and not Watchdog or
  // InfoInhibitor.
  std::vector<Matcher> match;
  std::map<std::string, Severity>
      severity_map;  // value of the severity label; defaults of issue text
  Severity default_severity = Severity::kMedium;
  std::array<SlaTarget, kSeverityCount> sla;  // by Severity
  SlaRules sla_rules;
  std::array<AttentionRule, kSeverityCount> attention;  // by Severity
  std::string team_label = "team";
  std::string service_label = "service";
  std::vector<EscalationPolicy> escalation_policies;
  // The same, ready for questions, by who knows the time intervals; nullptr: asked one by one.
  std::shared_ptr<const PolicyIndex> policy_index;
  std::vector<UserConfig> users;
  // How people are paged: teams, contact rules, quiet hours, throttles; nullptr: as by default.
  std::shared_ptr<const PagingConfig> people;
  YamlNode schedules;  // notifiers/oncall reads them (schedule_config.h)
  // Read by who owns them, as the schedules; null when missing.
  YamlNode teams;
  YamlNode paging;  // throttles, bundling, quiet hours
  YamlNode time_intervals;
  YamlNode heartbeats;
  YamlNode maintenance;
  YamlNode dependencies;
  YamlNode answering;                      // links and buttons of messages
  DurationMs reopen_window = 5 * kMinute;  // an alert firing again within it reopens the incident
  DurationMs retention = 90 * kDay;        // a resolved incident is kept for; its audit stays
  bool ack_stops_repeats = false;
  bool strict_legacy = false;       // only the six transitions of the original
  bool allow_reopen = true;         // by people, and by an alert that fires again
  bool allow_unacknowledge = true;  // by people, and when an acknowledgement times out
  // What a person resolved is opened again when an alert of it fires this long after; 0: never.
  DurationMs reopen_if_still_firing_after = 0;
  std::vector<std::string> warnings;  // for the log
};

IncidentsConfig DefaultIncidentsConfig();
StatusOr<IncidentsConfig> ParseIncidentsConfig(std::string_view text, const std::string& file);
Severity SeverityOf(const IncidentsConfig& config, std::string_view severity_label);

}  // namespace outrider
