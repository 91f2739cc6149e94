// SPDX-License-Identifier: Apache-2.0
// The configuration back as YAML, as Alertmanager writes what it has loaded.
#include <fmt/format.h>

#include <array>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/config/integration_table.h"
#include "notifiers/config/schema.h"
#include "notifiers/config/shown_section.h"
#include "notifiers/config/written_rules.h"
#include "notifiers/config/yaml_text.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};

struct GlobalDefault {
  std::string_view key;
  std::string_view value;
};
// Those that every supported Alertmanager knows. Source: specs/alertmanager.md §1 "global".
constexpr GlobalDefault kGlobalDefaults[] = {
    {"smtp_hello", "localhost"},
    {"smtp_require_tls", "true"},
    {"pagerduty_url", "https://events.pagerduty.com/v2/enqueue"},
    {"opsgenie_api_url", "https://api.opsgenie.com/"},
    {"wechat_api_url", "https://qyapi.weixin.qq.com/cgi-bin/"},
    {"victorops_api_url", "https://alert.victorops.com/integrations/generic/20131114/alert/"},
    {"telegram_api_url", "https://api.telegram.org"},
    {"webex_api_url", "https://webexapis.com/v1/messages"},
};

// Those that an older Alertmanager (and its amtool) does not know: shown where they are used.
struct KindDefault {
  std::string_view kind;
  std::string_view key;
  std::string_view value;
};
constexpr KindDefault kKindDefaults[] = {
    {"rocketchat", "rocketchat_api_url", "https://open.rocket.chat/"},
    {"slack_app", "slack_app_url", "https://slack.com/api/chat.postMessage"},
};

// Whether a receiver has such an integration; slack_app: Slack by an app's token.
bool UsesKind(const AlertmanagerConfig& config, std::string_view kind) {
  const bool app = kind == "slack_app";
  if (app &&
      (IsSet(config.global, "slack_app_token") || IsSet(config.global, "slack_app_token_file"))) {
    return true;
  }
  for (const ReceiverConfig& receiver : config.receivers) {
    for (const IntegrationConfig& integration : receiver.integrations) {
      if (!app && integration.kind == kind) return true;
      if (app && integration.kind == "slack" &&
          (IsSet(integration.section, "app_token") ||
           IsSet(integration.section, "app_token_file"))) {
        return true;
      }
    }
  }
  return false;
}

// Kinds whose send_resolved is false unless it is set.
bool SendsResolved(std::string_view kind) {
  return kind != "email" && kind != "slack" && kind != "wechat" && kind != "rocketchat";
}

YamlNode DefaultHttpConfig() {
  YamlNode http = YamlMap();
  AddEntry(&http, "follow_redirects", YamlPlain("true"));
  AddEntry(&http, "enable_http2", YamlPlain("true"));
  return http;
}

// http_config with the defaults that are always shown.
YamlNode HttpConfigNode(YamlNode http) {
  const YamlNode defaults = DefaultHttpConfig();
  for (const auto& [key, value] : defaults.entries) {
    if (http.Find(key.scalar) == nullptr) http.entries.push_back({key, value});
  }
  return http;
}

YamlNode TextList(const std::vector<std::string>& texts) {
  YamlNode list = YamlList();
  for (const std::string& text : texts) list.items.push_back(YamlText(text));
  return list;
}

void AddList(YamlNode* map, std::string_view key, const std::vector<std::string>& texts) {
  if (!texts.empty()) AddEntry(map, key, TextList(texts));
}

void AddLabels(YamlNode* map, const std::map<std::string, std::string>& labels) {
  if (labels.empty()) return;
  YamlNode node = YamlMap();
  for (const auto& [name, value] : labels) AddEntry(&node, name, YamlText(value));
  AddEntry(map, "labels", std::move(node));
}

YamlNode GlobalNode(const AlertmanagerConfig& config) {
  YamlNode global = MaskSchema(config.global, kGlobalSchema);
  global.kind = YamlNode::Kind::kMap;
  YamlNode out = YamlMap();
  AddEntry(&out, "resolve_timeout", YamlPlain(FormatDuration(config.resolve_timeout)));
  AddEntry(&out, "http_config",
           HttpConfigNode(IsSet(global, "http_config") ? *global.Find("http_config") : YamlMap()));
  for (const auto& [key, value] : global.entries) {
    if (value.IsNull() || key.scalar == "resolve_timeout" || key.scalar == "http_config") continue;
    AddEntry(&out, key.scalar, value);
  }
  for (const GlobalDefault& setting : kGlobalDefaults) {
    if (global.Find(setting.key) == nullptr) AddEntry(&out, setting.key, YamlPlain(setting.value));
  }
  for (const KindDefault& setting : kKindDefaults) {
    if (global.Find(setting.key) != nullptr || !UsesKind(config, setting.kind)) continue;
    AddEntry(&out, setting.key, YamlPlain(setting.value));
  }
  return out;
}

YamlNode SectionNode(const IntegrationKind& kind, const IntegrationConfig& integration,
                     const YamlNode& global) {
  const YamlNode written = MaskIntegration(kind, integration.section);
  YamlNode section = YamlMap();
  const YamlNode* resolved = written.Find("send_resolved");
  const bool by_default = resolved == nullptr && SendsResolved(kind.kind);
  AddEntry(&section, "send_resolved",
           resolved != nullptr && !resolved->IsNull() ? *resolved
                                                      : YamlPlain(by_default ? "true" : "false"));
  if (kind.http) {
    AddEntry(&section, "http_config",
             IsSet(written, "http_config") ? HttpConfigNode(*written.Find("http_config"))
                                           : *global.Find("http_config"));
  }
  YamlNode rest = ShownSection(kind.kind, written, global);
  for (YamlNode::Entry& entry : rest.entries) section.entries.push_back(std::move(entry));
  return section;
}

YamlNode ReceiverNode(const ReceiverConfig& receiver, const YamlNode& global) {
  YamlNode node = YamlMap();
  AddEntry(&node, "name", YamlText(receiver.name));
  AddLabels(&node, receiver.labels);
  YamlNode* list = nullptr;
  std::string_view last;
  for (const IntegrationConfig& integration : receiver.integrations) {
    const IntegrationKind* kind = FindIntegrationKind(integration.kind);
    if (kind == nullptr || kind->own) continue;
    if (integration.kind != last) {
      AddEntry(&node, integration.kind + "_configs", YamlList());
      list = &node.entries.back().second;
      last = integration.kind;
    }
    list->items.push_back(SectionNode(*kind, integration, global));
  }
  return node;
}

void AddRanges(YamlNode* map, std::string_view key,
               const std::vector<TimeIntervalSpec::Range>& list, std::string (*text)(int)) {
  std::vector<std::string> texts;
  texts.reserve(list.size());
  for (const auto& [begin, end] : list) {
    if (begin == 1 && end == 0) continue;  // "never", an empty list in the file
    texts.push_back(begin == end ? text(begin) : text(begin) + ":" + text(end));
  }
  AddList(map, key, texts);
}

std::string NumberText(int number) { return fmt::format("{}", number); }
std::string WeekdayText(int day) { return std::string(kWeekdays.at(static_cast<size_t>(day))); }
std::string MinuteText(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

YamlNode IntervalNode(const NamedTimeInterval& interval) {
  YamlNode specs = YamlList();
  for (const TimeIntervalSpec& spec : interval.intervals) {
    YamlNode node = YamlMap();
    YamlNode times = YamlList();
    for (const auto& [begin, end] : spec.times) {
      if (begin > end) continue;  // "never", an empty list in the file
      YamlNode time = YamlMap();
      AddEntry(&time, "start_time", YamlText(MinuteText(begin)));
      AddEntry(&time, "end_time", YamlText(MinuteText(end)));
      times.items.push_back(std::move(time));
    }
    if (!times.items.empty()) AddEntry(&node, "times", std::move(times));
    AddRanges(&node, "weekdays", spec.weekdays, WeekdayText);
    AddRanges(&node, "days_of_month", spec.days_of_month, NumberText);
    AddRanges(&node, "months", spec.months, NumberText);
    AddRanges(&node, "years", spec.years, NumberText);
    if (spec.location != "UTC") AddEntry(&node, "location", YamlText(spec.location));
    specs.items.push_back(std::move(node));
  }
  YamlNode node = YamlMap();
  AddEntry(&node, "name", YamlText(interval.name));
  AddEntry(&node, "time_intervals", std::move(specs));
  return node;
}

template <typename T>
void AddAll(YamlNode* map, std::string_view key, const std::vector<T>& values,
            YamlNode (*make)(const T&)) {
  if (values.empty()) return;
  YamlNode list = YamlList();
  for (const T& value : values) list.items.push_back(make(value));
  AddEntry(map, key, std::move(list));
}

}  // namespace

std::string MaskedYaml(const AlertmanagerConfig& config) {
  YamlNode out = YamlMap();
  AddEntry(&out, "global", GlobalNode(config));
  AddEntry(&out, "route", WrittenRoute(config.written_route, config.matcher_mode));
  YamlNode rules = YamlList();
  for (const YamlNode& rule : config.written_inhibit_rules) {
    rules.items.push_back(WrittenInhibitRule(rule, config.matcher_mode));
  }
  if (!rules.items.empty()) AddEntry(&out, "inhibit_rules", std::move(rules));
  YamlNode receivers = YamlList();
  const YamlNode global = out.entries.front().second;
  for (const ReceiverConfig& receiver : config.receivers) {
    receivers.items.push_back(ReceiverNode(receiver, global));
  }
  AddEntry(&out, "receivers", std::move(receivers));
  AddEntry(&out, "templates", TextList(config.templates));
  AddAll(&out, "time_intervals", config.time_intervals, IntervalNode);
  return WriteYaml(out);
}

}  // namespace outrider
