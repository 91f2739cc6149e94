// SPDX-License-Identifier: Apache-2.0
// outrider check …: validates files; check_rules.cc has those of rules.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "exporter/access/web_config.h"
#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/daemon/loader.h"
#include "exporter/daemon/rule_warnings.h"
#include "notifiers/around/around_config.h"
#include "notifiers/channel/channel.h"
#include "notifiers/channel/templates.h"
#include "notifiers/config/incidents_node.h"
#include "notifiers/config/name_check.h"
#include "notifiers/desk/answer_config.h"
#include "notifiers/oncall/schedule_config.h"
#include "rules/analytics/analytics_file.h"
#include "rules/slo/event_feed.h"
#include "rules/slo/slo_file.h"
#include "storage/base/file.h"
#include "storage/base/merge_keys.h"

namespace outrider {
namespace {

// What a check found: a line for people, or what is wrong.
using Verdict = StatusOr<std::string>;

// As Alertmanager: a template file that does not parse refuses the configuration; a text of a
// receiver that does not parse fails its notifications only, and is warned of.
Status CheckTemplates(const AlertmanagerConfig& config) {
  const std::string directory = std::filesystem::path(config.file).parent_path().string();
  const tmpl::TemplateSet templates = TRY(LoadNotificationTemplates(config.templates, directory));
  for (const std::string& warning : TemplateWarnings(config, templates)) {
    fmt::print(stderr, "  WARNING: {}\n", warning);
  }
  return absl::OkStatus();
}

Verdict CheckAlertmanager(const AlertmanagerConfig& config) {
  for (const ReceiverConfig& receiver : config.receivers) {
    for (const IntegrationConfig& section : receiver.integrations) {
      const auto integration = MakeIntegration(section, config, nullptr);
      if (!integration.ok()) return integration.status();
    }
  }
  TRY(CheckTemplates(config));
  return fmt::format("{} receivers, {} inhibition rules, {} time intervals",
                     config.receivers.size(), config.inhibit_rules.size(),
                     config.time_intervals.size());
}

using FeatureNames = std::vector<std::string>;

// What the features switch on.
StatusOr<Config> ConfigOf(const FeatureNames& names) {
  Config config;
  TRY(EnableFeatures(names, &config));
  return config;
}

Verdict CheckConfigFile(const std::string& path, const FeatureNames& names) {
  const LoadedFiles files = TRY(LoadFiles(path, names));
  TRY(CheckNames(files.incidents_root, files.incidents,
                 {.alertmanager = &files.alertmanager, .all_policies = true}));
  if (!files.missing_rule_files.empty()) {  // the daemon would start without it
    return NotFound(LoadWarnings(files).front());
  }
  std::string problems;
  size_t rules = 0;
  size_t groups = 0;
  for (const RuleFile& file : files.rules) {
    for (const RuleProblem& problem : file.problems) problems += problem.text + "\n";
    for (const RuleGroup& group : file.groups) rules += group.rules.size();
    groups += file.groups.size();
  }
  if (!problems.empty()) {
    return InvalidArgument(problems + "these rules would be disabled; the rest would run");
  }
  for (const Entry& entry : files.entries) {
    if (!entry.error.empty()) return InvalidArgument(entry.error);
  }
  for (const SloSpec& spec : files.slos) {
    if (!spec.error.empty()) return InvalidArgument(spec.error);
  }
  const std::string receivers = TRY(CheckAlertmanager(files.alertmanager));
  for (const std::string& warning : LoadWarnings(files))
    fmt::print(stderr, "  WARNING: {}\n", warning);
  return fmt::format("{} rules in {} groups, {} analytics entries, {} objectives, {}", rules,
                     groups, files.entries.size(), files.slos.size(), receivers);
}

std::string SummaryOf(size_t entries, const std::vector<SloSpec>& objectives, size_t catalogues) {
  size_t alerts = 0;
  size_t sampled = 0;
  for (const SloSpec& spec : objectives) {
    alerts += spec.alerts.size();
    const bool counted = std::ranges::all_of(
        spec.parts, [](const SloPart& part) { return EventFeed(part).counted(); });
    if (!counted) ++sampled;
  }
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (entries > 0 || (objectives.empty() && catalogues == 0)) {
    add(fmt::format("{} entries", entries));
  }
  if (!objectives.empty()) {
    add(fmt::format("{} objectives with {} alerts", objectives.size(), alerts));
  }
  if (sampled > 0) add(fmt::format("{} of them sampled, not counted", sampled));
  if (catalogues > 0) add(fmt::format("{} catalogues of alert windows", catalogues));
  return text;
}

Verdict CheckAnalyticsFile(const std::string& text, const std::string& path,
                           const promql::ParseOptions& promql) {
  const SloFile slos = TRY(ParseSloFile(text, path, promql));
  const std::vector<SloSpec> objectives = TRY(CombineSlos({&slos, 1}));
  for (const SloSpec& spec : objectives) {
    if (!spec.error.empty()) return InvalidArgument(spec.error);
  }
  for (const std::string& warning : slos.warnings) fmt::print(stderr, "  WARNING: {}\n", warning);
  AnalyticsFile file;
  if (slos.own_schema) file = TRY(ParseAnalyticsFile(text, path, promql));
  for (const Entry& entry : file.entries) {
    if (!entry.error.empty()) return InvalidArgument(entry.error);
  }
  return SummaryOf(file.entries.size(), objectives, slos.windows.size());
}

// Receivers by annotation may be those of alertmanager.yml, which is not known here. Escalation
// policies are never in a bundle: `check config` looks for them.
void WarnOfAnnotations(const RuleFile& rules, const AlertmanagerConfig& config) {
  std::set<std::string, std::less<>> receivers;
  for (const ReceiverConfig& receiver : config.receivers) receivers.insert(receiver.name);
  std::vector<std::string> warnings;
  for (const RuleGroup& group : rules.groups) {
    for (const Rule& rule : group.rules) {
      WarnOfUnknownName(group, rule, "outrider_receiver", receivers,
                        "which is not in this bundle; the Alertmanager configuration must have it",
                        &warnings);
    }
  }
  WarnOfNoDataPolicies(rules.groups, &warnings);
  for (const std::string& warning : warnings) fmt::print(stderr, "  WARNING: {}\n", warning);
}

Verdict CheckBundle(const std::string& text, const std::string& path,
                    const promql::ParseOptions& promql) {
  RuleFileOptions options;
  options.promql = promql;
  options.bundle = true;
  options.strict = true;
  const RuleFile rules = TRY(ParseRuleFile(text, path, options));
  AlertmanagerConfig config = DefaultAlertmanagerConfig();
  TRY(AddBundle(text, path, &config));
  TRY(CheckAlertmanager(config));
  WarnOfAnnotations(rules, config);
  return fmt::format("{} groups", rules.groups.size());
}

Verdict CheckIncidents(const std::string& text, const std::string& path) {
  YamlNode root = TRY(ParseYaml(text, path));
  FoldMergeKeys(&root);
  const IncidentsConfig config = TRY(ParseIncidentsNode(root, path));
  std::set<std::string> users;
  for (const UserConfig& user : config.users) users.insert(user.name);
  const std::vector<Schedule> schedules =
      TRY(ParseSchedules(&config.schedules, path, users, CalendarsBeside(&config.schedules, path)));
  TRY(ParseAnswering(config.answering, path).status());
  const AroundConfig around = TRY(ParseAround(config));
  // Receivers are those of an Alertmanager configuration, which is not known here.
  TRY(CheckNames(root, config, {.alertmanager = nullptr, .all_policies = true}));
  std::string out = fmt::format("{} escalation policies, {} users, {} schedules",
                                config.escalation_policies.size(), users.size(), schedules.size());
  const std::pair<size_t, const char*> counts[] = {
      {around.heartbeats.size(), "heartbeats"},
      {around.maintenance.size(), "maintenance windows"},
      {around.dependencies.size(), "dependencies"}};
  for (const auto& [count, what] : counts) {
    if (count > 0) out += fmt::format(", {} {}", count, what);
  }
  for (const std::string& warning : config.warnings) out += "\n  WARNING: " + warning;
  return out;
}

Verdict CheckWebConfig(const std::string& text, const std::string& path) {
  const WebConfig config = TRY(ParseWebConfig(text, path));
  std::string out = fmt::format("{} users", config.users.size());
  for (const std::string& warning : config.warnings) out += "\n  WARNING: " + warning;
  return out;
}

Verdict CheckOne(CheckKind kind, const std::string& path, const FeatureNames& names) {
  if (kind == CheckKind::kConfig) return CheckConfigFile(path, names);
  const Config config = TRY(ConfigOf(names));
  const promql::ParseOptions& promql = config.query.features.parser;
  const std::string text = TRY(ReadFile(path));
  switch (kind) {
    case CheckKind::kConfig:
      break;
    case CheckKind::kAlertmanager:
      return CheckAlertmanager(
          TRY(ParseAlertmanagerConfig(text, path, config.alerting.matcher_mode)));
    case CheckKind::kAnalytics:
      return CheckAnalyticsFile(text, path, promql);
    case CheckKind::kBundle:
      return CheckBundle(text, path, promql);
    case CheckKind::kIncidents:
      return CheckIncidents(text, path);
    case CheckKind::kWebConfig:
      return CheckWebConfig(text, path);
  }
  return Internal("unknown kind of file");
}

}  // namespace

int RunCheck(CheckKind kind, const std::vector<std::string>& files,
             const std::vector<std::string>& features) {
  const StatusOr<Config> known = ConfigOf(features);
  if (!known.ok()) return Fail(known.status());
  int code = 0;
  for (const std::string& path : files) {
    const Verdict verdict = CheckOne(kind, path, features);
    if (verdict.ok()) {
      fmt::print("Checking {}\n  SUCCESS: {}\n", path, *verdict);
    } else {
      fmt::print(stderr, "Checking {}\n  FAILED: {}\n", path, Message(verdict.status()));
      code = 1;
    }
  }
  return code;
}

}  // namespace outrider
