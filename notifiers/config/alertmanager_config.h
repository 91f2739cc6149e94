// SPDX-License-Identifier: Apache-2.0
// alertmanager.yml (and bundle files) as values. Source: specs/alertmanager.md §1. Each channel
// parses its own receiver section, so this room knows no channel.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"
#include "storage/model/matcher.h"

namespace outrider {

// How text is read as matchers: Alertmanager's --enable-feature=classic-mode and utf8-strict-mode;
// without either both grammars are tried and the classic one wins where they differ.
enum class MatcherMode : uint8_t { kFallback, kClassic, kUtf8 };

// One `time_intervals` entry list; empty lists mean "any". Ranges as in the file, checked.
struct TimeIntervalSpec {
  struct Range {
    int begin = 0;
    int end = 0;  // inclusive, but exclusive for minutes of the day
    friend bool operator==(const Range&, const Range&) = default;
  };
  std::vector<Range> times;          // minutes of the day [begin, end)
  std::vector<Range> weekdays;       // 0 = Sunday
  std::vector<Range> days_of_month;  // 1..31 or -31..-1
  std::vector<Range> months;         // 1..12
  std::vector<Range> years;
  std::string location = "UTC";
  friend bool operator==(const TimeIntervalSpec&, const TimeIntervalSpec&) = default;
};
struct NamedTimeInterval {
  std::string name;
  std::vector<TimeIntervalSpec> intervals;
};

struct InhibitRuleConfig {
  std::string name;
  std::vector<Matcher> source_matchers;
  std::vector<Matcher> target_matchers;
  std::vector<std::string> equal;
};

// One entry of a receiver's list, e.g. the first of webhook_configs: kind "webhook", index 0
// (position in its list).
struct IntegrationConfig {
  std::string kind;  // webhook, slack, email, …, log
  int index = 0;
  YamlNode section;
  // Made by the API with a server of its own (own_server.h): nothing secret of `global` is for it,
  // and private networks are closed to it.
  bool own_server = false;
};
struct ReceiverConfig {
  std::string name;
  std::vector<IntegrationConfig> integrations;
  std::map<std::string, std::string> labels;  // besides the implicit name=<receiver>
};

// A route with everything inherited already filled in.
struct RouteConfig {
  std::string receiver;
  std::vector<Matcher> matchers;  // sorted by (name, value, type)
  bool group_by_all = false;      // group_by: ['...']
  std::vector<std::string> group_by;
  DurationMs group_wait = 30 * kSecond;
  DurationMs group_interval = 5 * kMinute;
  DurationMs repeat_interval = 4 * kHour;
  std::vector<std::string> mute_time_intervals;
  std::vector<std::string> active_time_intervals;
  bool continue_matching = false;
  std::map<std::string, std::string> labels;  // templates of route labels, merged with the parent's
  // News is told when it comes, not with the next beat of the group: webhooks by API.
  bool at_once = false;
  std::string key;  // `{}/{severity="critical"}` (specs/alertmanager.md §2 "Ids")
  // Earlier versions put `match_re` into keys as it is written. Where that differs: the matchers
  // and the key as they had them, by which their stored groups are found (desk/former_keys.h).
  std::vector<Matcher> former_matchers;
  std::string former_key;  // never empty
  std::vector<RouteConfig> routes;
};

struct AlertmanagerConfig {
  std::string file;   // where it came from; paths inside are relative to it
  uint64_t hash = 0;  // of the text, 48 bits; alertmanager_config_hash
  MatcherMode matcher_mode = MatcherMode::kFallback;
  DurationMs resolve_timeout = 5 * kMinute;
  YamlNode global;  // channels read their own keys (slack_api_url, smtp_smarthost, http_config …)
  RouteConfig route;
  std::vector<ReceiverConfig> receivers;
  std::vector<InhibitRuleConfig> inhibit_rules;
  std::vector<NamedTimeInterval> time_intervals;
  // `route` and `inhibit_rules` as the file and its bundles have them, to be shown.
  YamlNode written_route;
  std::vector<YamlNode> written_inhibit_rules;
  std::vector<std::string> templates;  // globs
  std::vector<std::string> warnings;   // for the log: matchers whose meaning changes, and the like
};

// Parses and checks; errors carry file:line:column where there is a place, and Alertmanager's
// texts.
StatusOr<AlertmanagerConfig> ParseAlertmanagerConfig(std::string_view text, const std::string& file,
                                                     MatcherMode mode = MatcherMode::kFallback);
// A list of time intervals as `time_intervals` has them, under no name; `what` begins the errors.
StatusOr<std::vector<TimeIntervalSpec>> ParseTimeIntervalSpecs(const YamlNode& list,
                                                               const std::string& what);
// What is used when no configuration is given: everything to the receiver `log`.
AlertmanagerConfig DefaultAlertmanagerConfig();
// Parses the `route`, `receivers`, `inhibit_rules` and `time_intervals` of a bundle file
// (contract.md) and hangs them under `config` as routes that only see alerts carrying
// outrider_bundle=<file stem>. `groups` are the rules' part.
Status AddBundle(std::string_view text, const std::string& file, AlertmanagerConfig* config);
inline constexpr std::string_view kBundleLabel = "outrider_bundle";
// The value of kBundleLabel for a bundle file: its name without directory and extension.
std::string BundleName(const std::string& file);

// The whole configuration as YAML with secrets masked and defaults filled in, for /api/v2/status.
// Alertmanager and amtool can load it: the built-in log_configs, which they do not know, are left
// out.
std::string MaskedYaml(const AlertmanagerConfig& config);

// `foo="bar", baz=~"qux"`, braces optional; classic and UTF-8 grammars with Alertmanager's
// fallback.
StatusOr<std::vector<Matcher>> ParseMatchers(std::string_view text);
// As above; what a user should change is added to `*warnings`, unless it is nullptr.
StatusOr<std::vector<Matcher>> ParseMatchers(std::string_view text,
                                             std::vector<std::string>* warnings,
                                             MatcherMode mode = MatcherMode::kFallback);
// Exactly one matcher without braces, as API filters and amtool arguments have it.
StatusOr<Matcher> ParseMatcher(std::string_view text, MatcherMode mode = MatcherMode::kFallback);
// Whether a label may be called that: any text of UTF-8 but the empty one; in classic mode only
// `[a-zA-Z_][a-zA-Z0-9_]*`.
bool IsLabelNameIn(MatcherMode mode, std::string_view name);
// `{a="b",c=~"d"}` in the given order, escaped as in route and group keys.
std::string MatchersText(std::span<const Matcher> matchers);

}  // namespace outrider
