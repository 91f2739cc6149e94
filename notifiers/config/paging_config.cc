// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/paging_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMostRules = 20;
constexpr DurationMs kLongestWait = kDay;

StatusOr<std::vector<Severity>> ReadSeverities(const std::vector<std::string>& names,
                                               const YamlNode& node,
                                               const SectionContext& context) {
  std::vector<Severity> severities;
  for (const std::string& name : names) {
    const auto severity = ParseSeverity(name);
    if (!severity) return context.Error(node, fmt::format("unknown severity {}", Quote(name)));
    severities.push_back(*severity);
  }
  return severities;
}

// All of a section as one text.
void Flatten(const YamlNode& node, std::string* out) {
  *out += node.scalar + '\n';
  for (const YamlNode& item : node.items) Flatten(item, out);
  for (const auto& [key, value] : node.entries) {
    *out += key.scalar + ':';
    Flatten(value, out);
  }
}

// The contact methods of a user's node: "email[0]", "email[1]" …
OrderedStringMap<ContactInfo> MethodsOf(const YamlNode& user) {
  constexpr std::string_view kSuffix = "_configs";
  OrderedStringMap<ContactInfo> methods;
  for (const auto& [key, list] : user.entries) {
    if (!key.scalar.ends_with(kSuffix)) continue;
    const std::string kind = key.scalar.substr(0, key.scalar.size() - kSuffix.size());
    for (size_t i = 0; i < list.items.size(); ++i) {
      const YamlNode* account = list.items[i].Find("account_sid");
      std::string text;
      Flatten(list.items[i], &text);
      methods[fmt::format("{}[{}]", kind, i)] = {account == nullptr ? "" : account->scalar,
                                                 Hash64(text)};
    }
  }
  return methods;
}

StatusOr<std::vector<ContactRule>> ParseRules(const YamlNode* list,
                                              const OrderedStringMap<ContactInfo>& methods,
                                              const SectionContext& context) {
  std::vector<ContactRule> rules;
  for (const YamlNode* item : TRY(ListItems(list, "rules", context))) {
    ContactRule rule;
    std::string method;
    YamlReader reader(*item, context.file, "type rule");
    reader.String("method", &method);
    reader.Duration("wait", &rule.wait);
    if (rule.wait > kLongestWait) reader.Fail("wait", "must not be longer than 1d");
    TRY(reader.Finish());
    rule.integration = ContactMethod(method);
    if (!methods.contains(rule.integration)) {
      return context.Error(*item, fmt::format("the user has no contact method {}", Quote(method)));
    }
    rules.push_back(std::move(rule));
    if (rules.size() > kMostRules) {
      return context.Error(*item, fmt::format("at most {} rules", kMostRules));
    }
  }
  std::ranges::stable_sort(rules, {}, &ContactRule::wait);
  return rules;
}

YamlNode Scalar(std::string text, const YamlNode& place) {
  YamlNode node;
  node.kind = YamlNode::Kind::kScalar;
  node.scalar = std::move(text);
  node.line = place.line;
  node.column = place.column;
  return node;
}

// A section of alertmanager.yml's time_intervals, for its parser.
StatusOr<TimeIntervalSpec> MakeSpec(const std::string& from, const std::string& to,
                                    const YamlNode* weekdays, const std::string& zone,
                                    const YamlNode& place, const SectionContext& context) {
  YamlNode times = Scalar("", place);
  times.kind = YamlNode::Kind::kMap;
  times.entries.push_back({Scalar("start_time", place), Scalar(from, place)});
  times.entries.push_back({Scalar("end_time", place), Scalar(to, place)});
  YamlNode spec = Scalar("", place);
  spec.kind = YamlNode::Kind::kMap;
  YamlNode list = Scalar("", place);
  list.kind = YamlNode::Kind::kSequence;
  list.items = {times};
  spec.entries.push_back({Scalar("times", place), list});
  if (weekdays != nullptr) spec.entries.push_back({Scalar("weekdays", place), *weekdays});
  spec.entries.push_back({Scalar("location", place), Scalar(zone, place)});
  list.items = {spec};
  return TRY(ParseTimeIntervalSpecs(list, context.file)).front();
}

// What is left of a night lies on the day after.
void ShiftToNextDay(TimeIntervalSpec* spec) {
  std::set<int> days;
  for (const TimeIntervalSpec::Range& range : spec->weekdays) {
    for (int day = range.begin; day <= range.end; ++day) days.insert((day + 1) % 7);
  }
  spec->weekdays.clear();
  for (const int day : days) spec->weekdays.push_back({day, day});
}

// "22:00-07:00": an end at or before the start is the next day's.
Status AddHours(const std::string& text, const YamlNode* weekdays, const std::string& zone,
                const YamlNode& place, const SectionContext& context, QuietHours* quiet) {
  const size_t dash = text.find('-');
  if (dash == std::string::npos) {
    return context.Error(place, fmt::format("hours {}: HH:MM-HH:MM is wanted", Quote(text)));
  }
  const std::string from(Trim(std::string_view(text).substr(0, dash)));
  const std::string to(Trim(std::string_view(text).substr(dash + 1)));
  if (from < to) {
    quiet->hours.push_back(TRY(MakeSpec(from, to, weekdays, zone, place, context)));
    return absl::OkStatus();
  }
  quiet->hours.push_back(TRY(MakeSpec(from, "24:00", weekdays, zone, place, context)));
  if (to == "00:00") return absl::OkStatus();
  quiet->hours.push_back(TRY(MakeSpec("00:00", to, weekdays, zone, place, context)));
  ShiftToNextDay(&quiet->hours.back());
  return absl::OkStatus();
}

StatusOr<QuietHours> ParseQuietHours(const YamlNode& node, std::string zone,
                                     const std::string& user, const SectionContext& context) {
  QuietHours quiet;
  std::vector<std::string> severities;
  std::vector<std::string> hours;
  YamlReader reader(node, context.file, "type quiet_hours");
  reader.StringList("severities", &severities);
  reader.StringList("hours", &hours);
  reader.String("time_zone", &zone);
  const YamlNode* weekdays = reader.Child("weekdays");
  TRY(reader.Finish());
  quiet.severities = severities.empty() ? std::vector<Severity>{Severity::kLow, Severity::kInfo}
                                        : TRY(ReadSeverities(severities, node, context));
  if (hours.empty()) return context.Error(node, "quiet_hours need hours");
  for (const std::string& text : hours) {
    TRY(AddHours(text, weekdays, zone, node, context, &quiet));
  }
  if (std::ranges::find(quiet.severities, Severity::kCritical) != quiet.severities.end()) {
    context.warnings->push_back(fmt::format("{}:{}:{}: quiet hours of {} hold back critical pages",
                                            context.file, node.line, node.column, Quote(user)));
  }
  return quiet;
}

Status ParseUserPaging(const YamlNode& node, const std::vector<Severity>& important,
                       const SectionContext& context, PagingConfig* config) {
  if (!node.IsMap()) return absl::OkStatus();  // ParseUsers says so
  const YamlNode* name = node.Find("name");
  if (name == nullptr) return absl::OkStatus();
  UserPaging user;
  user.important = important;
  user.contacts = MethodsOf(node);
  if (const YamlNode* rules = node.Find("rules")) {
    YamlReader reader(*rules, context.file, "type rules");
    const YamlNode* usual = reader.Child("default");
    const YamlNode* urgent = reader.Child("important");
    TRY(reader.Finish());
    user.rules = TRY(ParseRules(usual, user.contacts, context));
    user.important_rules = TRY(ParseRules(urgent, user.contacts, context));
  }
  YamlNode own;
  own.kind = YamlNode::Kind::kMap;
  if (const YamlNode* list = node.Find("important_severities")) {
    own.entries.push_back({Scalar("important_severities", *list), *list});
  }
  std::vector<std::string> names;
  YamlReader reader(own, context.file, "type user");
  reader.StringList("important_severities", &names);
  TRY(reader.Finish());
  if (!names.empty()) user.important = TRY(ReadSeverities(names, node, context));
  const YamlNode* zone = node.Find("time_zone");
  for (const YamlNode* item : TRY(ListItems(node.Find("quiet_hours"), "quiet_hours", context))) {
    user.quiet_hours.push_back(
        TRY(ParseQuietHours(*item, zone == nullptr || zone->scalar.empty() ? "UTC" : zone->scalar,
                            name->scalar, context)));
  }
  config->users[name->scalar] = std::move(user);
  return absl::OkStatus();
}

StatusOr<Team> ParseTeam(const YamlNode& node, const SectionContext& context) {
  Team team;
  YamlReader reader(node, context.file, "type team");
  reader.String("name", &team.name);
  reader.StringList("members", &team.members);
  reader.String("lead", &team.lead);
  TRY(reader.Finish());
  if (team.name.empty()) return context.Error(node, "missing name in team");
  return team;
}

// Members and lead of a team.
std::vector<const YamlNode*> NamedBy(const YamlNode& team) {
  std::vector<const YamlNode*> users;
  if (const YamlNode* members = team.Find("members")) {
    for (const YamlNode& member : members->items) users.push_back(&member);
  }
  const YamlNode* lead = team.Find("lead");
  if (lead != nullptr && !lead->scalar.empty()) users.push_back(lead);
  return users;
}

Status ParseTeams(const YamlNode* list, const std::set<std::string>& users,
                  const SectionContext& context, PagingConfig* config) {
  std::vector<std::string> problems;
  for (const YamlNode* item : TRY(ListItems(list, "teams", context))) {
    Team team = TRY(ParseTeam(*item, context));
    if (config->FindTeam(team.name) != nullptr) {
      return context.Error(*item, fmt::format("team {} is not unique", Quote(team.name)));
    }
    for (const YamlNode* user : NamedBy(*item)) {
      if (users.contains(user->scalar)) continue;
      problems.push_back(Message(
          context.Error(*user, fmt::format("team {} names the user {}, who is not configured",
                                           Quote(team.name), Quote(user->scalar)))));
    }
    if (team.members.empty()) {
      context.warnings->push_back(fmt::format("{}:{}:{}: team {} has no members", context.file,
                                              item->line, item->column, Quote(team.name)));
    }
    config->teams.push_back(std::move(team));
  }
  return problems.empty() ? absl::OkStatus() : InvalidArgument(Join(problems, "\n"));
}

StatusOr<RateLimit> ParseLimit(const YamlNode& node, const SectionContext& context) {
  RateLimit limit;
  YamlReader reader(node, context.file, "type limit");
  reader.Int("count", &limit.count);
  reader.Duration("per", &limit.per);
  TRY(reader.Finish());
  if (limit.count < 1 || limit.count > 1000) {
    return context.Error(node, "count must lie in 1..1000");
  }
  if (limit.per <= 0 || limit.per > kDay) {
    return context.Error(node, "per must be longer than zero and not longer than 1d");
  }
  return limit;
}

Status ParseThrottle(const YamlNode& node, const SectionContext& context, PagingConfig* config) {
  YamlReader reader(node, context.file, "type throttle");
  reader.Bool("enabled", &config->throttles);
  const YamlNode* limits = reader.Child("limits");
  const YamlNode* provider = reader.Child("provider");
  TRY(reader.Finish());
  if (provider != nullptr) config->provider = TRY(ParseLimit(*provider, context));
  if (limits == nullptr || limits->IsNull()) return absl::OkStatus();
  if (!limits->IsMap()) return context.Error(*limits, "a map of contact methods is wanted here");
  for (const auto& [key, list] : limits->entries) {
    std::string kind = ContactMethod(key.scalar);
    kind = kind.substr(0, kind.find('['));
    std::vector<RateLimit>& own = config->limits[kind];
    own.clear();
    for (const YamlNode* item : TRY(ListItems(&list, "limits", context))) {
      own.push_back(TRY(ParseLimit(*item, context)));
    }
  }
  return absl::OkStatus();
}

Status ParseBundle(const YamlNode& node, const SectionContext& context, PagingConfig* config) {
  YamlReader reader(node, context.file, "type bundle");
  reader.Bool("enabled", &config->bundles);
  reader.Int("more_than", &config->bundle_more_than);
  reader.Duration("within", &config->bundle_within);
  if (config->bundle_more_than < 1 || config->bundle_more_than > 1000) {
    reader.Fail("more_than", "must lie in 1..1000");
  }
  if (config->bundle_within <= 0 || config->bundle_within > kHour) {
    reader.Fail("within", "must be longer than zero and not longer than 1h");
  }
  return reader.Finish();
}

// Returns the severities that are important to everybody.
StatusOr<std::vector<Severity>> ParseSection(const YamlNode* node, const SectionContext& context,
                                             PagingConfig* config) {
  std::vector<Severity> important = {Severity::kCritical, Severity::kHigh};
  if (node == nullptr) return important;
  std::vector<std::string> names;
  YamlReader reader(*node, context.file, "type paging");
  reader.StringList("important_severities", &names);
  reader.Bool("require_verified", &config->require_verified);
  const YamlNode* throttle = reader.Child("throttle");
  const YamlNode* bundle = reader.Child("bundle");
  TRY(reader.Finish());
  if (throttle != nullptr) TRY(ParseThrottle(*throttle, context, config));
  if (bundle != nullptr) TRY(ParseBundle(*bundle, context, config));
  if (!names.empty()) important = TRY(ReadSeverities(names, *node, context));
  return important;
}

}  // namespace

const std::vector<ContactRule>& UserPaging::RulesFor(Severity severity) const {
  const bool urgent = std::ranges::find(important, severity) != important.end();
  if (urgent) return important_rules.empty() ? rules : important_rules;
  return rules.empty() ? important_rules : rules;
}

const Team* PagingConfig::FindTeam(std::string_view name) const {
  const auto team = std::ranges::find(teams, name, &Team::name);
  return team == teams.end() ? nullptr : &*team;
}

const UserPaging* PagingConfig::FindUser(std::string_view name) const {
  const auto user = users.find(name);
  return user == users.end() ? nullptr : &user->second;
}

std::string ContactMethod(std::string_view text) {
  const size_t bracket = text.find('[');
  std::string kind(Trim(text.substr(0, bracket)));
  if (kind == "sms") kind = "twilio_sms";
  if (kind == "voice") kind = "twilio_voice";
  return kind + (bracket == std::string_view::npos ? "[0]" : std::string(text.substr(bracket)));
}

StatusOr<PagingConfig> ParsePagingConfig(const PagingSections& sections,
                                         const SectionContext& context) {
  PagingConfig config;
  std::set<std::string> intervals;
  TRY(ParseTimeIntervals(sections.time_intervals, "time interval", context, &intervals,
                         &config.time_intervals));
  const std::vector<Severity> important = TRY(ParseSection(sections.paging, context, &config));
  std::set<std::string> users;
  for (const YamlNode* item : TRY(ListItems(sections.users, "users", context))) {
    TRY(ParseUserPaging(*item, important, context, &config));
    if (const YamlNode* name = item->Find("name")) users.insert(name->scalar);
  }
  TRY(ParseTeams(sections.teams, users, context, &config));
  return config;
}

}  // namespace outrider
