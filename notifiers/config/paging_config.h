// SPDX-License-Identifier: Apache-2.0
// How people are paged: teams, by which contact methods in which order, when not, how often at
// most. The defaults of throttles are GoAlert's, by specs/incidents_oncall_slo.md §3.
//   time_intervals: [{name, time_intervals: [...]}]      as in alertmanager.yml
//   teams: [{name, members: [anna, ben], lead: anna}]
//   users:
//   - name: anna
//     twilio_sms_configs: [...]
//     email_configs: [...]
//     rules:
//       default: [{method: "email[0]"}, {method: "sms[0]", wait: 5m}]
//       important: [{method: "sms[0]"}, {method: "email[0]", wait: 2m}]
//     important_severities: [critical, high]
//     quiet_hours: [{severities: [low, info], hours: ["22:00-07:00"], weekdays: [...], time_zone}]
//   paging:
//     important_severities: [critical, high]
//     require_verified: false
//     throttle: {enabled, limits: {sms: [{count: 5, per: 15m}]}, provider: {count: 5, per: 5s}}
//     bundle: {enabled, more_than: 3, within: 2m}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/config/incidents_config.h"
#include "notifiers/config/sections.h"
#include "storage/base/hash.h"

namespace outrider {

struct ContactRule {
  std::string integration;  // "twilio_sms[0]"
  DurationMs wait = 0;      // from the page
};

// While it is one of `hours`, pages of these severities wait.
struct QuietHours {
  std::vector<Severity> severities;
  std::vector<TimeIntervalSpec> hours;  // any of them
};

// What a section of a user says of one contact method.
struct ContactInfo {
  std::string account;  // of the provider, where it shows one
  uint64_t digest = 0;  // another address has another one
};

struct UserPaging {
  std::vector<ContactRule> rules;  // empty: all contact methods at once
  std::vector<ContactRule> important_rules;
  std::vector<Severity> important;
  std::vector<QuietHours> quiet_hours;
  OrderedStringMap<ContactInfo> contacts;  // by integration
  // By the severity of the incident; important rules where there are none of the others.
  const std::vector<ContactRule>& RulesFor(Severity severity) const;
};

struct Team {
  std::string name;
  std::vector<std::string> members;  // users
  std::string lead;                  // "" : nobody; need not be a member
};

struct RateLimit {
  int64_t count = 0;
  DurationMs per = 0;
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

struct PagingConfig {
  std::vector<NamedTimeInterval> time_intervals;
  std::vector<Team> teams;
  OrderedStringMap<UserPaging> users;  // those with settings of their own
  bool require_verified = false;       // contact methods that nobody has confirmed are left alone
  bool throttles = true;
  // Pages to one contact method, by kind of integration; all of a kind's hold.
  OrderedStringMap<std::vector<RateLimit>> limits = {
      {"twilio_sms", {{1, kMinute}, {5, 15 * kMinute}, {11, kHour}, {21, 3 * kHour}}},
      {"twilio_voice", {{1, kMinute}, {3, 15 * kMinute}, {7, kHour}, {15, 3 * kHour}}},
      {"email", {{1, kMinute}}}};
  RateLimit provider = {5, 5 * kSecond};  // text messages and calls of one account together
  bool bundles = true;
  int64_t bundle_more_than = 3;  // of so many incidents, each is told by a message of its own …
  DurationMs bundle_within = 2 * kMinute;  // … within this time; the others by one together

  const Team* FindTeam(std::string_view name) const;
  const UserPaging* FindUser(std::string_view name) const;
};

// The sections; each may be nullptr.
struct PagingSections {
  const YamlNode* users = nullptr;
  const YamlNode* teams = nullptr;
  const YamlNode* paging = nullptr;
  const YamlNode* time_intervals = nullptr;
};
// Errors name file, line and column. Warns of quiet hours that hold back critical pages.
StatusOr<PagingConfig> ParsePagingConfig(const PagingSections& sections,
                                         const SectionContext& context);

// `sms[0]`, `sms`, `twilio_sms[0]` → `twilio_sms[0]`; `voice` → `twilio_voice[0]`; other kinds as
// they are.
std::string ContactMethod(std::string_view text);

}  // namespace outrider
