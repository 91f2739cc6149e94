// SPDX-License-Identifier: Apache-2.0
#include "notifiers/around/heartbeat.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "notifiers/config/incidents_config.h"
#include "notifiers/config/sections.h"
#include "storage/base/text.h"
#include "storage/model/labels.h"

namespace outrider {
namespace {

constexpr DurationMs kShortest = kSecond;
constexpr DurationMs kLongest = 366 * kDay;

StatusOr<HeartbeatConfig> ParseHeartbeat(const YamlNode& node, const SectionContext& context) {
  HeartbeatConfig heartbeat;
  std::vector<std::pair<std::string, std::string>> labels;
  YamlReader reader(node, context.file, "type heartbeat");
  reader.String("name", &heartbeat.name);
  reader.Duration("interval", &heartbeat.interval);
  reader.Duration("grace", &heartbeat.grace);
  if (reader.String("severity", &heartbeat.severity) && !ParseSeverity(heartbeat.severity)) {
    reader.Fail("severity", fmt::format("unknown severity {}: critical, high, medium, low and info "
                                        "are known",
                                        Quote(heartbeat.severity)));
  }
  reader.String("policy", &heartbeat.policy);
  reader.String("team", &heartbeat.team);
  reader.StringMap("labels", &labels);
  reader.Int("failures", &heartbeat.failures);
  reader.Int("successes", &heartbeat.successes);
  const YamlNode* alert = reader.Child("alert");
  TRY(reader.Finish());
  if (heartbeat.name.empty()) return context.Error(node, "missing name in heartbeat");
  if (heartbeat.interval < kShortest || heartbeat.interval > kLongest) {
    return context.Error(node, "a heartbeat needs an interval of 1s to 366d");
  }
  if (std::min(heartbeat.failures, heartbeat.successes) < 1) {
    return context.Error(node, "failures and successes must be 1 or more");
  }
  if (heartbeat.grace > kLongest) return context.Error(node, "grace must not be longer than 366d");
  for (auto& [name, value] : labels) {
    const bool own = name == kAlertName || name == "heartbeat" || name == "severity";
    if (own || !IsLegacyLabelName(name)) {
      return context.Error(node, fmt::format("{} cannot be a label of a heartbeat", Quote(name)));
    }
    heartbeat.labels[name] = value;
  }
  if (alert != nullptr) heartbeat.alert = TRY(ParseMatcherNodes({.matchers = alert}, context));
  return heartbeat;
}

}  // namespace

StatusOr<std::vector<HeartbeatConfig>> ParseHeartbeats(const YamlNode& list,
                                                       const std::string& file) {
  std::vector<std::string> warnings;
  const SectionContext context{file, &warnings};
  std::vector<HeartbeatConfig> heartbeats;
  std::set<std::string> names;
  for (const YamlNode* item : TRY(ListItems(&list, "heartbeats", context))) {
    heartbeats.push_back(TRY(ParseHeartbeat(*item, context)));
    if (!names.insert(heartbeats.back().name).second) {
      return context.Error(
          *item, fmt::format("heartbeat {} is not unique", Quote(heartbeats.back().name)));
    }
  }
  return heartbeats;
}

}  // namespace outrider
