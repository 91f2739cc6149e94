// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/incidents_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/config/attention_config.h"
#include "notifiers/config/escalation_config.h"
#include "notifiers/config/incidents_node.h"
#include "notifiers/config/paging_config.h"
#include "notifiers/config/people_config.h"
#include "notifiers/config/sections.h"
#include "notifiers/config/sla_config.h"
#include "storage/base/merge_keys.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kShortestRetention = kDay;  // no message waits for longer
constexpr DurationMs kLongest = 3650 * kDay;     // nanoseconds of it fit well into 64 bits

struct SeverityDefault {
  Severity severity;
  std::string_view name;
  int acknowledge_minutes;
  int resolve_minutes;
};
// In the order of the enum. Source: specs/source_systems.md §3.2.
constexpr SeverityDefault kSeverities[kSeverityCount] = {
    {Severity::kInfo, "info", 1440, 10080},   {Severity::kLow, "low", 240, 1440},
    {Severity::kMedium, "medium", 60, 480},   {Severity::kHigh, "high", 15, 120},
    {Severity::kCritical, "critical", 5, 30},
};

StatusOr<Severity> SeverityAt(const YamlNode& node, const SectionContext& context) {
  if (const auto severity = ParseSeverity(node.scalar)) return *severity;
  return context.Error(node, fmt::format("unknown severity {}: critical, high, medium, low and "
                                         "info are known",
                                         Quote(node.scalar)));
}

Status ParseSeverityMap(const YamlNode* node, const SectionContext& context,
                        IncidentsConfig* config) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  if (!node->IsMap()) return context.Error(*node, "a map is wanted for severity_map");
  for (const auto& [key, value] : node->entries) {
    config->severity_map[ToLower(key.scalar)] = TRY(SeverityAt(value, context));
  }
  return absl::OkStatus();
}

// Names of labels, or `...` alone for all of them, as in a route.
Status CheckGroupBy(const YamlNode& root, const SectionContext& context,
                    const IncidentsConfig& config) {
  const std::vector<std::string>& names = config.group_by;
  const YamlNode* node = root.Find("group_by");
  if (node == nullptr || (names.size() == 1 && names.front() == "...")) return absl::OkStatus();
  for (const std::string& name : names) {
    if (name == "...") {
      return context.Error(*node, "group_by: ... stands alone, for all labels");
    }
    if (name.empty() || !IsValidUtf8(name)) {
      return context.Error(*node, fmt::format("invalid label name {} in group_by", Quote(name)));
    }
  }
  return absl::OkStatus();
}

Status ParseScalars(YamlReader* reader, const YamlNode& root, const SectionContext& context,
                    IncidentsConfig* config) {
  reader->StringList("group_by", &config->group_by);
  TRY(CheckGroupBy(root, context, *config));
  reader->Duration("reopen_window", &config->reopen_window);
  if (config->reopen_window > kLongest) {
    reader->Fail("reopen_window", "must not be longer than 10y");
  }
  reader->Duration("retention", &config->retention);
  if (config->retention > kLongest) reader->Fail("retention", "must not be longer than 10y");
  if (config->retention < kShortestRetention) reader->Fail("retention", "must be at least 1d");
  reader->Bool("ack_stops_repeats", &config->ack_stops_repeats);
  reader->Bool("strict_legacy", &config->strict_legacy);
  ReadLifecycle(reader, config);
  std::string severity;
  if (reader->String("default_severity", &severity)) {
    config->default_severity = TRY(SeverityAt(*root.Find("default_severity"), context));
  }
  return absl::OkStatus();
}

// Policies, users and how they are paged.
Status ParseEscalation(YamlReader* reader, const SectionContext& context, IncidentsConfig* config) {
  const YamlNode* policies = reader->Child("escalation_policies");
  if (policies == nullptr) policies = reader->Child("policies");
  PagingSections sections{.users = reader->Child("users"),
                          .teams = reader->Child("teams"),
                          .paging = reader->Child("paging"),
                          .time_intervals = reader->Child("time_intervals")};
  if (sections.time_intervals != nullptr) config->time_intervals = *sections.time_intervals;
  config->users = TRY(ParseUsers(sections.users, context));
  const PagingConfig people = TRY(ParsePagingConfig(sections, context));
  std::set<std::string> intervals;
  for (const NamedTimeInterval& interval : people.time_intervals) intervals.insert(interval.name);
  config->people = std::make_shared<const PagingConfig>(people);
  config->escalation_policies = TRY(ParseEscalationPolicies(policies, context, &intervals));
  const bool people_there = !config->users.empty() || reader->Has("schedules");
  if (config->escalation_policies.empty() && people_there) {
    config->warnings.push_back(
        fmt::format("{}: there are users or schedules but no escalation policy: nobody is paged",
                    config->file));
  }
  return absl::OkStatus();
}

std::vector<Matcher> DefaultMatch() {
  // Texts of our own that always parse.
  return *ParseMatchers(R"(severity!="none",alertname!~"Watchdog|InfoInhibitor")");
}

}  // namespace

std::string_view SeverityText(Severity severity) {
  return kSeverities[static_cast<size_t>(severity)].name;
}

std::optional<Severity> ParseSeverity(std::string_view text) {
  const std::string lower = ToLower(text);
  for (const SeverityDefault& row : kSeverities) {
    if (row.name == lower) return row.severity;
  }
  return std::nullopt;
}

IncidentsConfig DefaultIncidentsConfig() {
  IncidentsConfig config;
  config.match = DefaultMatch();
  for (const SeverityDefault& row : kSeverities) {
    config.severity_map[std::string(row.name)] = row.severity;
    config.sla[static_cast<size_t>(row.severity)] = {row.acknowledge_minutes * kMinute,
                                                     row.resolve_minutes * kMinute};
  }
  config.severity_map["page"] = Severity::kCritical;
  config.severity_map["error"] = Severity::kHigh;
  config.severity_map["warning"] = Severity::kMedium;
  return config;
}

StatusOr<IncidentsConfig> ParseIncidentsConfig(std::string_view text, const std::string& file) {
  YamlNode root = TRY(ParseYaml(text, file));
  FoldMergeKeys(&root);
  return ParseIncidentsNode(root, file);
}

StatusOr<IncidentsConfig> ParseIncidentsNode(const YamlNode& root, const std::string& file) {
  IncidentsConfig config = DefaultIncidentsConfig();
  config.file = file;
  const SectionContext context{file, &config.warnings};
  YamlReader reader(root, file, "type incidents");
  TRY(ParseScalars(&reader, root, context, &config));
  const YamlNode* match = reader.Child("match");
  TRY(ParseSeverityMap(reader.Child("severity_map"), context, &config));
  TRY(ParseAttention(reader.Child("attention"), context, &config));
  TRY(ParseSlaSections(reader.Child("sla"), reader.Child("calendars"), context, &config));
  TRY(ParseEscalation(&reader, context, &config));
  if (const YamlNode* schedules = reader.Child("schedules")) config.schedules = *schedules;
  if (const YamlNode* answering = reader.Child("answering")) config.answering = *answering;
  if (const YamlNode* node = reader.Child("heartbeats")) config.heartbeats = *node;
  if (const YamlNode* node = reader.Child("maintenance")) config.maintenance = *node;
  if (const YamlNode* node = reader.Child("dependencies")) config.dependencies = *node;
  TRY(reader.Finish());
  if (match != nullptr && !match->IsNull()) {
    config.match = TRY(ParseMatcherNodes({.matchers = match}, context));
  }
  return config;
}

Severity SeverityOf(const IncidentsConfig& config, std::string_view severity_label) {
  if (severity_label.empty()) return config.default_severity;
  const auto found = config.severity_map.find(ToLower(severity_label));
  return found == config.severity_map.end() ? config.default_severity : found->second;
}

}  // namespace outrider
