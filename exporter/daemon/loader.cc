// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/loader.h"

#include <fmt/format.h>

#include <set>

#include "rules/analytics/analytics_file.h"
#include "storage/base/file.h"

namespace outrider {
namespace {

bool IsPattern(const std::string& path) { return path.find_first_of("*?[") != std::string::npos; }

// The files a list of globs names, in order, each once.
StatusOr<std::vector<std::string>> Expand(const std::string& config_file,
                                          const std::vector<std::string>& patterns) {
  std::vector<std::string> paths;
  std::set<std::string> seen;
  for (const std::string& pattern : patterns) {
    const std::string full = ResolveBeside(config_file, pattern);
    const std::vector<std::string> matches = Glob("", full);
    if (matches.empty() && !IsPattern(full)) {
      return NotFound(fmt::format("{} names {}, which does not exist", config_file, full));
    }
    for (const std::string& path : matches) {
      if (seen.insert(path).second) paths.push_back(path);
    }
  }
  return paths;
}

Status LoadRules(LoadedFiles* out) {
  RuleFileOptions options;
  options.strict = out->config.rules.strict;
  for (const std::string& path : TRY(Expand(out->config.file, out->config.rule_files))) {
    out->rules.push_back(TRY(ParseRuleFile(TRY(ReadFile(path)), path, options)));
  }
  return absl::OkStatus();
}

Status LoadBundles(LoadedFiles* out) {
  RuleFileOptions options;
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
  std::vector<AnalyticsFile> files;
  for (const std::string& path : TRY(Expand(out->config.file, out->config.analytics_files))) {
    files.push_back(TRY(ParseAnalyticsFile(TRY(ReadFile(path)), path)));
  }
  out->entries = TRY(CombineEntries(files));
  return absl::OkStatus();
}

Status LoadNotifications(LoadedFiles* out) {
  const std::string& alertmanager = out->config.alertmanager_file;
  out->default_receiver = alertmanager.empty();
  out->alertmanager = alertmanager.empty()
                          ? DefaultAlertmanagerConfig()
                          : TRY(ParseAlertmanagerConfig(TRY(ReadFile(alertmanager)), alertmanager));
  const std::string& incidents = out->config.incidents_file;
  out->incidents = incidents.empty()
                       ? DefaultIncidentsConfig()
                       : TRY(ParseIncidentsConfig(TRY(ReadFile(incidents)), incidents));
  return absl::OkStatus();
}

}  // namespace

Status CheckReceiverNames(const IncidentsConfig& incidents,
                          const AlertmanagerConfig& alertmanager) {
  std::set<std::string, std::less<>> names;
  for (const ReceiverConfig& receiver : alertmanager.receivers) names.insert(receiver.name);
  for (const EscalationPolicy& policy : incidents.escalation_policies) {
    for (const EscalationTier& tier : policy.tiers) {
      for (const std::string& receiver : tier.receivers) {
        if (names.contains(receiver)) continue;
        return InvalidArgument(fmt::format(
            "escalation policy \"{}\" names the receiver \"{}\", which the Alertmanager "
            "configuration does not have",
            policy.name, receiver));
      }
    }
  }
  return absl::OkStatus();
}

StatusOr<LoadedFiles> LoadFiles(const std::string& config_file) {
  LoadedFiles out;
  if (!config_file.empty()) out.config = TRY(LoadConfig(config_file));
  TRY(LoadNotifications(&out));
  TRY(LoadRules(&out));
  TRY(LoadBundles(&out));
  TRY(LoadAnalytics(&out));
  TRY(CheckReceiverNames(out.incidents, out.alertmanager));
  return out;
}

}  // namespace outrider
