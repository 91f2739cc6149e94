// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/escalation_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "notifiers/config/people_config.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kLongest = 365 * kDay;

// A receiver stands for each channel, and knows its own addresses.
void AddTargets(const std::vector<std::string>& targets, const YamlNode& node,
                const SectionContext& context, EscalationTier* tier) {
  for (const std::string& target : targets) {
    const std::string known = TargetOfText(target);
    if (!known.empty()) {
      tier->receivers.push_back(known);
    } else {
      context.warnings->push_back(fmt::format(
          "{}:{}:{}: {} is not told: name a receiver, user:NAME, schedule:NAME or team:NAME",
          context.file, node.line, node.column, Quote(target)));
    }
  }
}

void AddNamed(const std::vector<std::string>& names, std::string_view prefix,
              EscalationTier* tier) {
  for (const std::string& name : names)
    tier->receivers.push_back(fmt::format("{}{}", prefix, name));
}

// A channel with a name (`webhook:ops`) is a receiver that is told too. One without is how people
// are told, which their contact methods say; where nobody else is named it is a receiver as well.
void AddChannels(const YamlNode& node, const SectionContext& context, EscalationTier* tier) {
  const YamlNode* channels = node.Find("channels");
  if (channels == nullptr) return;
  const bool others = !tier->receivers.empty();
  for (const YamlNode& channel : channels->items) {
    if (!others || NamesReceiver(channel.scalar)) {
      tier->receivers.push_back(ReceiverOfChannel(channel.scalar));
      continue;
    }
    context.warnings->push_back(
        fmt::format("{}:{}:{}: the channel {} has no effect beside those whom the tier names: they "
                    "are told by their own contact methods",
                    context.file, channel.line, channel.column, Quote(channel.scalar)));
  }
}

StatusOr<EscalationTier> ParseTier(const YamlNode& node, const SectionContext& context,
                                   std::set<int64_t>* levels) {
  EscalationTier tier;
  std::vector<std::string> channels;  // AddChannels reads them
  std::vector<std::string> targets;
  std::vector<std::string> users;
  std::vector<std::string> schedules;
  std::vector<std::string> teams;
  int64_t level = 0;
  double minutes = 0;
  YamlReader reader(node, context.file, "type tier");
  const bool delay = reader.Duration("delay", &tier.delay);
  const bool in_minutes = reader.Double("delay_minutes", &minutes);
  const bool has_level = reader.Int("level", &level) || reader.Int("tier", &level);
  reader.StringList("receivers", &tier.receivers);
  reader.StringList("channels", &channels);
  reader.StringList("users", &users);
  reader.StringList("schedules", &schedules);
  reader.StringList("teams", &teams);
  reader.Bool("round_robin", &tier.round_robin);
  reader.StringList("recipients", &targets);
  reader.StringList("targets", &targets);
  if (delay && in_minutes) reader.Fail("delay", "delay and delay_minutes exclude each other");
  if (minutes < 0 || minutes > 525600) reader.Fail("delay_minutes", "must lie in 0..525600");
  if (tier.delay > kLongest) reader.Fail("delay", "must not be longer than 1y");
  TRY(reader.Finish());
  if (in_minutes) tier.delay = static_cast<DurationMs>(minutes * kMinute);
  AddNamed(users, kUserPrefix, &tier);
  AddNamed(schedules, kSchedulePrefix, &tier);
  AddNamed(teams, kTeamPrefix, &tier);
  AddTargets(targets, node, context, &tier);
  AddChannels(node, context, &tier);
  if (tier.receivers.empty()) {
    return context.Error(node, "a tier needs receivers, users, schedules, teams or channels");
  }
  if (has_level && !levels->insert(level).second) {
    return context.Error(node, fmt::format("tier {} is there twice", level));
  }
  return tier;
}

// The list of tiers, wherever the shape at hand keeps it.
StatusOr<const YamlNode*> TierList(const YamlNode& node, const YamlNode* tiers,
                                   const YamlNode* rules, const SectionContext& context) {
  if ((tiers != nullptr) == (rules != nullptr)) {
    return context.Error(node, "a policy needs either tiers or rules");
  }
  if (rules == nullptr || !rules->IsMap()) return tiers == nullptr ? rules : tiers;
  YamlReader reader(*rules, context.file, "type rules");
  const YamlNode* inner = reader.Child("tiers");
  TRY(reader.Finish());
  return inner;
}

Status ParseSeverities(const std::vector<std::string>& names, const YamlNode& node,
                       const SectionContext& context, EscalationPolicy* policy) {
  for (const std::string& name : names) {
    const auto severity = ParseSeverity(name);
    if (!severity) return context.Error(node, fmt::format("unknown severity {}", Quote(name)));
    policy->severities.push_back(*severity);
  }
  return absl::OkStatus();
}

// A number of rounds after the first, or `forever`.
void ReadRepeat(YamlReader* reader, const YamlNode& node, EscalationPolicy* policy) {
  int64_t repeat = 0;
  const YamlNode* value = node.Find("repeat");
  if (value != nullptr && value->IsScalar() && value->scalar == "forever") {
    reader->Child("repeat");
    policy->repeat = kRepeatForever;
    return;
  }
  if (reader->Int("repeat", &repeat) && (repeat < kRepeatForever || repeat > 1000)) {
    reader->Fail("repeat", "must lie in 0..1000, or be -1 or forever");
  }
  policy->repeat = static_cast<int>(repeat);
}

Status CheckIntervals(const std::set<std::string>* known, const EscalationPolicy& policy,
                      const YamlNode& node, const SectionContext& context) {
  for (const std::string& name : policy.active_time_intervals) {
    if (known == nullptr || known->contains(name)) continue;
    return context.Error(
        node, fmt::format("undefined time interval {} used in escalation policy {}", Quote(name),
                          Quote(policy.name)));
  }
  return absl::OkStatus();
}

Status ParsePolicy(const YamlNode& node, const SectionContext& context, EscalationPolicy* policy,
                   bool* enabled) {
  std::string description;
  std::vector<std::string> severities;
  YamlReader reader(node, context.file, "type policy");
  reader.String("name", &policy->name);
  reader.String("description", &description);
  reader.Bool("enabled", enabled);
  reader.StringList("severities", &severities);
  reader.StringList("active_time_intervals", &policy->active_time_intervals);
  reader.StringList("fallback", &policy->fallback);
  const YamlNode* match = reader.Child("match");
  const YamlNode* tiers = reader.Child("tiers");
  const YamlNode* rules = reader.Child("rules");
  ReadRepeat(&reader, node, policy);
  if (reader.Duration("repeat_interval", &policy->repeat_interval) &&
      (policy->repeat_interval <= 0 || policy->repeat_interval > kLongest)) {
    reader.Fail("repeat_interval", "must be longer than zero and not longer than 1y");
  }
  if (policy->repeat == kRepeatForever && policy->repeat_interval < kMinute) {
    reader.Fail("repeat_interval", "must be at least 1m when it repeats forever");
  }
  TRY(reader.Finish());
  if (policy->name.empty()) return context.Error(node, "missing name in escalation policy");
  policy->match = TRY(ParseMatcherNodes({.matchers = match}, context));
  TRY(ParseSeverities(severities, node, context, policy));
  std::set<int64_t> levels;
  const YamlNode* list = TRY(TierList(node, tiers, rules, context));
  for (const YamlNode* item : TRY(ListItems(list, "tiers", context))) {
    EscalationTier tier = TRY(ParseTier(*item, context, &levels));
    const auto later =
        std::ranges::upper_bound(policy->tiers, tier.delay, {}, &EscalationTier::delay);
    policy->tiers.insert(later, std::move(tier));
  }
  if (policy->tiers.empty()) return context.Error(node, "an escalation policy needs a tier");
  return absl::OkStatus();
}

}  // namespace

std::string TargetOfText(const std::string& text) {
  if (text.starts_with("oncall:")) return fmt::format("{}{}", kSchedulePrefix, text.substr(7));
  return NamesPeople(text) ? text : "";
}

bool NamesReceiver(const std::string& channel) { return channel.find(':') != std::string::npos; }

std::string ReceiverOfChannel(const std::string& channel) {
  const size_t colon = channel.find(':');
  return colon == std::string::npos ? channel : channel.substr(colon + 1);
}

StatusOr<std::vector<EscalationPolicy>> ParseEscalationPolicies(
    const YamlNode* list, const SectionContext& context, const std::set<std::string>* intervals) {
  std::vector<EscalationPolicy> policies;
  std::set<std::string> names;
  for (const YamlNode* item : TRY(ListItems(list, "escalation_policies", context))) {
    EscalationPolicy policy;
    bool enabled = true;
    TRY(ParsePolicy(*item, context, &policy, &enabled));
    TRY(CheckIntervals(intervals, policy, *item, context));
    if (!names.insert(policy.name).second) {
      return context.Error(*item,
                           fmt::format("escalation policy {} is not unique", Quote(policy.name)));
    }
    if (enabled) policies.push_back(std::move(policy));
  }
  return policies;
}

}  // namespace outrider
