// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "exporter/daemon/rule_warnings.h"
#include "notifiers/config/incidents_node.h"
#include "notifiers/config/name_check.h"
#include "notifiers/config/people_config.h"
#include "notifiers/oncall/schedule_config.h"
#include "rules/alerting/group_policy.h"
#include "rules/analytics/analytics_file.h"
#include "rules/cost/cost_alerts.h"
#include "rules/slo/slo_file.h"
#include "rules/slo/slo_rules.h"
#include "rules/workloads/workload_alerts.h"
#include "storage/base/crypto.h"
#include "storage/base/file.h"
#include "storage/base/merge_keys.h"

namespace outrider {
namespace {

bool IsPattern(const std::string& path) { return path.find_first_of("*?[") != std::string::npos; }

Status Missing(const std::string& config_file, const std::string& path) {
  return NotFound(fmt::format("{} names {}, which does not exist", config_file, path));
}

// The files a list of globs names, in order, each once. A file named outright that is missing goes
// to `missing`, or is an error without it.
StatusOr<std::vector<std::string>> Expand(const std::string& config_file,
                                          const std::vector<std::string>& patterns,
                                          std::vector<std::string>* missing = nullptr) {
  std::vector<std::string> paths;
  std::set<std::string> seen;
  for (const std::string& pattern : patterns) {
    const std::string full = ResolveBeside(config_file, pattern);
    const std::vector<std::string> matches = Glob("", full);
    if (matches.empty() && !IsPattern(full)) {
      if (missing == nullptr) return Missing(config_file, full);
      missing->push_back(full);
    }
    for (const std::string& path : matches) {
      if (seen.insert(path).second) paths.push_back(path);
    }
  }
  return paths;
}

// The file as it is known; nullopt when its text is another one.
std::optional<RuleFile> KnownFile(const KnownRules& known, const RuleFileOptions& options,
                                  const std::string& path, const std::string& hash) {
  if (known.parser != options.promql || known.strict != options.strict) return std::nullopt;
  const auto text = known.texts.find(path);
  if (text == known.texts.end() || text->second != hash) return std::nullopt;
  RuleFile file{path, {}, {}};
  const auto groups = known.groups.find(path);
  if (groups == known.groups.end()) return file;
  for (const auto& group : groups->second) file.groups.push_back(*group);
  return file;
}

Status LoadRules(const KnownRules& known, LoadedFiles* out) {
  RuleFileOptions options;
  options.promql = out->config.query.features.parser;
  options.strict = out->config.rules.strict;
  out->known.parser = options.promql;
  out->known.strict = options.strict;
  const std::vector<std::string> paths =
      TRY(Expand(out->config.file, out->config.rule_files, &out->missing_rule_files));
  for (const std::string& path : out->missing_rule_files) {
    // Perhaps it is just being replaced: what it had goes on.
    if (known.texts.contains(path) || known.groups.contains(path)) {
      return Missing(out->config.file, path);
    }
  }
  for (const std::string& path : paths) {
    const std::string text = TRY(ReadFile(path));
    std::string hash = Sha256(text);
    std::optional<RuleFile> file = KnownFile(known, options, path, hash);
    if (!file) file = TRY(ParseRuleFile(text, path, options));
    if (file->problems.empty()) out->known.texts[path] = std::move(hash);
    out->rules.push_back(*std::move(file));
  }
  if (out->config.workload_alerts.enabled) {
    out->rules.push_back(MakeWorkloadAlerts(out->config.workload_alerts, options.promql));
  }
  if (WantsCostAlerts(out->config.cost.options)) {
    out->rules.push_back(MakeCostAlerts(out->config.cost.options, options.promql));
  }
  return absl::OkStatus();
}

Status LoadBundles(LoadedFiles* out) {
  RuleFileOptions options;
  options.promql = out->config.query.features.parser;
  options.strict = out->config.rules.strict;
  options.bundle = true;
  for (const std::string& path : TRY(Expand(out->config.file, out->config.bundle_files))) {
    const std::string text = TRY(ReadFile(path));
    RuleFile file = TRY(ParseRuleFile(text, path, options));
    const std::string bundle = BundleName(path);
    for (RuleGroup& group : file.groups) {
      for (Rule& rule : group.rules) {
        if (rule.kind == RuleKind::kAlerting) rule.labels[std::string(kBundleLabel)] = bundle;
      }
    }
    out->rules.push_back(std::move(file));
    TRY(AddBundle(text, path, &out->alertmanager));
  }
  return absl::OkStatus();
}

Status LoadAnalytics(LoadedFiles* out) {
  const promql::ParseOptions& parser = out->config.query.features.parser;
  std::vector<AnalyticsFile> files;
  std::vector<SloFile> slos;
  for (const std::string& path : TRY(Expand(out->config.file, out->config.analytics_files))) {
    const std::string text = TRY(ReadFile(path));
    SloFile slo = TRY(ParseSloFile(text, path, parser));
    if (slo.own_schema) files.push_back(TRY(ParseAnalyticsFile(text, path, parser)));
    out->slo_warnings.insert(out->slo_warnings.end(), slo.warnings.begin(), slo.warnings.end());
    slos.push_back(std::move(slo));
  }
  out->entries = TRY(CombineEntries(files));
  out->slos = TRY(CombineSlos(slos));
  for (RuleFile& file : SloRuleFiles(out->slos, parser)) out->rules.push_back(std::move(file));
  return absl::OkStatus();
}

// `root`: of incidents.yml; null for none. `api_users`: those of its users who came by the API.
Status ReadIncidents(const YamlNode& root, const std::string& incidents,
                     const std::set<std::string>& api_users, const CalendarReader& calendars,
                     LoadedFiles* out);

// Keeps what it reads, for later merges with what comes by API.
CalendarReader ReadAndKeep(CalendarReader read, std::map<std::string, std::string>* kept) {
  return [read = std::move(read), kept](const std::string& name) {
    StatusOr<std::string> text = read(name);
    if (text.ok()) (*kept)[name] = *text;
    return text;
  };
}

CalendarReader KeptCalendars(const std::map<std::string, std::string>& kept) {
  return [&kept](const std::string& name) -> StatusOr<std::string> {
    const auto found = kept.find(name);
    if (found != kept.end()) return found->second;
    return InvalidArgument("ical_file goes with schedules of a file only");
  };
}

std::string DirectoryOf(const std::string& file) {
  return std::filesystem::path(file).parent_path().string();
}

Status LoadNotifications(LoadedFiles* out) {
  const std::string& alertmanager = out->config.alertmanager_file;
  out->default_receiver = alertmanager.empty();
  out->alertmanager = alertmanager.empty()
                          ? DefaultAlertmanagerConfig()
                          : TRY(ParseAlertmanagerConfig(TRY(ReadFile(alertmanager)), alertmanager,
                                                        out->config.alerting.matcher_mode));
  out->templates =
      TRY(ReadTemplateFiles(out->alertmanager.templates, DirectoryOf(out->alertmanager.file)));
  const std::string& file = out->config.incidents_file;
  if (!file.empty()) out->incidents_root = TRY(ParseYaml(TRY(ReadFile(file)), file));
  FoldMergeKeys(&out->incidents_root);
  const CalendarReader read = CalendarsBeside(out->incidents_root.Find("schedules"), file);
  return ReadIncidents(out->incidents_root, file, {}, ReadAndKeep(read, &out->calendars), out);
}

Status ReadIncidents(const YamlNode& root, const std::string& incidents,
                     const std::set<std::string>& api_users, const CalendarReader& calendars,
                     LoadedFiles* out) {
  out->incidents = TRY(ParseIncidentsNode(root, incidents));
  out->user_receivers = TRY(UserReceivers(out->incidents, out->alertmanager.global, api_users));
  std::set<std::string> users;
  for (const UserConfig& user : out->incidents.users) users.insert(user.name);
  out->around = TRY(ParseAround(out->incidents));
  out->schedules = TRY(ParseSchedules(&out->incidents.schedules, incidents, users, calendars));
  out->answering = TRY(ParseAnswering(out->incidents.answering, incidents));
  return absl::OkStatus();
}

}  // namespace

Status ApplyDirectory(const DirectoryObjects& objects, LoadedFiles* files) {
  // Without a file the objects stand alone, and messages need a name.
  const std::string file =
      files->config.incidents_file.empty() ? "incidents" : files->config.incidents_file;
  DirectoryMerge merge = TRY(MergeDirectory(files->incidents_root, objects));
  std::set<std::string> api_users;
  for (const auto& [key, object] : objects) {
    if (object.kind != DirectoryKind::kUser) continue;
    const bool hidden = FindInTree(files->incidents_root, object.kind, object.name) != nullptr;
    if (!hidden) api_users.insert(object.name);
  }
  const CalendarReader kept = KeptCalendars(files->calendars);
  TRY(merge.Explain(ReadIncidents(merge.root, file, api_users, kept, files), file));
  for (std::string& warning : files->incidents.warnings) warning = merge.Explain(warning, file);
  for (const std::string& warning : merge.warnings) files->incidents.warnings.push_back(warning);
  return merge.Explain(CheckNames(merge.root, files->incidents,
                                  {.alertmanager = &files->alertmanager, .all_policies = true}),
                       file);
}

LoadedFiles PeoplePart(const LoadedFiles& files) {
  LoadedFiles part;
  part.config = files.config;
  part.alertmanager = files.alertmanager;
  part.default_receiver = files.default_receiver;
  part.incidents_root = files.incidents_root;
  part.templates = files.templates;
  part.calendars = files.calendars;
  return part;
}

std::vector<std::string> LoadWarnings(const LoadedFiles& files) {
  std::vector<std::string> out;
  for (const std::string& path : files.missing_rule_files) {
    out.push_back(Message(Missing(files.config.file, path)));
  }
  const std::vector<std::string>& notified = files.alertmanager.warnings;
  out.insert(out.end(), notified.begin(), notified.end());
  out.insert(out.end(), files.incidents.warnings.begin(), files.incidents.warnings.end());
  std::set<std::string, std::less<>> receivers;
  for (const ReceiverConfig& receiver : files.alertmanager.receivers)
    receivers.insert(receiver.name);
  std::set<std::string, std::less<>> policies;
  for (const EscalationPolicy& policy : files.incidents.escalation_policies) {
    policies.insert(policy.name);
  }
  for (const RuleFile& file : files.rules) {
    for (const RuleGroup& group : file.groups) {
      for (const Rule& rule : group.rules) {
        constexpr std::string_view kWhy = "which does not exist; it is ignored";
        WarnOfUnknownName(group, rule, "outrider_receiver", receivers, kWhy, &out);
        WarnOfUnknownName(group, rule, "outrider_escalation", policies, kWhy, &out);
      }
    }
    WarnOfNoDataPolicies(file.groups, &out);
  }
  for (const Entry& entry : files.entries) {
    if (!entry.error.empty()) out.push_back("analytics entry disabled: " + entry.error);
  }
  for (const SloSpec& spec : files.slos) {
    if (!spec.error.empty()) out.push_back("objective disabled: " + spec.error);
  }
  out.insert(out.end(), files.slo_warnings.begin(), files.slo_warnings.end());
  for (const UserPrices& prices : files.prices) {
    out.insert(out.end(), prices.warnings.begin(), prices.warnings.end());
  }
  return out;
}

// Policies of heartbeats may be those of the API, which ApplyDirectory knows.
Status CheckTierNames(const LoadedFiles& files) {
  return CheckNames(files.incidents_root, files.incidents,
                    {.alertmanager = &files.alertmanager, .all_policies = false});
}

namespace {

Status SetMatcherMode(MatcherMode mode, MatcherMode* set) {
  if (*set != MatcherMode::kFallback && *set != mode) {
    return InvalidArgument("cannot have both classic-mode and utf8-strict-mode enabled");
  }
  *set = mode;
  return absl::OkStatus();
}

}  // namespace

Status EnableFeatures(std::span<const std::string> names, Config* config) {
  for (const std::string& name : names) {
    if (name == kAutoReloadFeature) {
      config->global.reload_on_change = true;
    } else if (name == "classic-mode" || name == "utf8-strict-mode") {
      TRY(SetMatcherMode(name == "classic-mode" ? MatcherMode::kClassic : MatcherMode::kUtf8,
                         &config->alerting.matcher_mode));
    } else if (std::ranges::find(kIdleFeatures, name) != std::end(kIdleFeatures)) {
      continue;  // `outrider run` says so
    } else if (const Status known = promql::EnableFeature(name, &config->query.features);
               !known.ok()) {
      return InvalidArgument(fmt::format("{}, {}, classic-mode, utf8-strict-mode", Message(known),
                                         kAutoReloadFeature));
    }
  }
  return absl::OkStatus();
}

StatusOr<LoadedFiles> LoadFiles(const std::string& config_file,
                                std::span<const std::string> features, const KnownRules& known) {
  LoadedFiles out;
  if (!config_file.empty()) out.config = TRY(LoadConfig(config_file));
  TRY(EnableFeatures(features, &out.config));
  TRY(LoadNotifications(&out));
  TRY(LoadRules(known, &out));
  TRY(LoadBundles(&out));
  TRY(LoadAnalytics(&out));
  out.prices = TRY(LoadPriceFiles(out.config.cost.pricing));
  TRY(CheckTierNames(out));
  TRY(CheckSummaryReceivers(out.config.summary, out.config.file, out.alertmanager));
  return out;
}

}  // namespace outrider
