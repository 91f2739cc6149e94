// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/reload_event.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMostListed = 20;   // files
constexpr size_t kMostError = 2000;  // bytes

AuditEvent ConfigurationEvent(const std::string& config_file, const ReloadReason& reason) {
  AuditEvent event;
  event.subject = "configuration";
  event.kind = AuditKind::kConfigured;
  event.who = reason.who;
  event.channel = reason.channel;
  event.data["file"] = config_file;
  return event;
}

std::string FilesText(const std::vector<std::string>& files) {
  if (files.size() <= kMostListed) return Join(files, ", ");
  return fmt::format(
      "{} and {} more",
      Join(std::vector<std::string>(files.begin(), files.begin() + kMostListed), ", "),
      files.size() - kMostListed);
}

}  // namespace

LoadCounts CountsOf(const LoadedFiles& files, size_t web_users) {
  size_t groups = 0;
  size_t rules = 0;
  for (const RuleFile& file : files.rules) {
    groups += file.groups.size();
    for (const RuleGroup& group : file.groups) rules += group.rules.size();
  }
  return {{"analytics_entries", files.entries.size()},
          {"objectives", files.slos.size()},
          {"policies", files.incidents.escalation_policies.size()},
          {"receivers", files.alertmanager.receivers.size()},
          {"rule_groups", groups},
          {"rules", rules},
          {"schedules", files.schedules.size()},
          {"templates", files.templates.size()},
          {"users", files.incidents.users.size()},
          {"web_users", web_users}};
}

std::vector<std::string> ChangedFiles(const SourceFiles& before, const SourceFiles& after) {
  std::vector<std::string> changed;
  for (const auto& [path, hash] : after.contents) {
    const auto known = before.contents.find(path);
    if (known == before.contents.end() || known->second != hash) changed.push_back(path);
  }
  for (const auto& [path, hash] : before.contents) {
    if (!after.contents.contains(path)) changed.push_back(path);
  }
  std::ranges::sort(changed);
  return changed;
}

AuditEvent ReloadEvent(const std::string& config_file, const ReloadReason& reason,
                       const std::vector<std::string>& changed_files, const LoadCounts& before,
                       const LoadCounts& after) {
  AuditEvent event = ConfigurationEvent(config_file, reason);
  std::vector<std::string> counts;
  for (const auto& [name, count] : after) {
    const auto known = before.find(name);
    const size_t was = known == before.end() ? 0 : known->second;
    if (was == count) continue;
    event.data[name] = fmt::format("{}>{}", was, count);
    std::string words = name;
    std::ranges::replace(words, '_', ' ');
    counts.push_back(fmt::format("{} {} to {}", words, was, count));
  }
  event.text = "configuration reloaded";
  if (!counts.empty()) event.text += ": " + Join(counts, ", ");
  if (changed_files.empty()) return event;
  event.data["changed_files"] = FilesText(changed_files);
  event.text += "; changed: " + FilesText(changed_files);
  return event;
}

AuditEvent RefusedEvent(const std::string& config_file, const ReloadReason& reason,
                        const std::string& error) {
  AuditEvent event = ConfigurationEvent(config_file, reason);
  const bool cut = error.size() > kMostError;
  size_t length = std::min(error.size(), kMostError);
  while (cut && length > 0 && !IsValidUtf8(error.substr(0, length))) --length;
  event.data["refused"] = "true";
  event.text = fmt::format("reload refused, the old configuration stays: {}{}",
                           error.substr(0, length), cut ? "…" : "");
  return event;
}

AuditEvent StartEvent(const std::string& config_file, const std::string& version,
                      const LoadCounts& counts) {
  AuditEvent event;
  event.subject = "daemon";
  event.kind = AuditKind::kConfigured;
  event.channel = "start";
  event.data = {{"file", config_file}, {"version", version}};
  for (const auto& [name, count] : counts) event.data[name] = fmt::to_string(count);
  event.text = fmt::format("started: version {}", version);
  if (!config_file.empty()) event.text += ", " + config_file;
  return event;
}

}  // namespace outrider
