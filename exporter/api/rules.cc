// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "exporter/api/json_rows.h"
#include "exporter/api/prom_envelope.h"
#include "exporter/api/prom_params.h"
#include "storage/base/crypto.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using Groups = std::vector<std::shared_ptr<const RuleGroupView>>;

double Seconds(DurationMs ms) { return static_cast<double>(ms) / 1000; }
std::string TimeText(Timestamp ms) { return FormatRfc3339(ms * kNanosPerMilli); }

// In the order of Prometheus, whatever that of the files.
Groups Sorted(Groups groups) {
  const auto place = [](const std::shared_ptr<const RuleGroupView>& view) {
    return std::tie(view->group->file, view->group->name);
  };
  std::ranges::sort(groups, {}, place);
  return groups;
}

void WriteMap(std::string_view key, const std::map<std::string, std::string>& map,
              JsonWriter* json) {
  json->Key(key).StartObject();
  for (const auto& [name, value] : map) json->Key(name).String(value);
  json->EndObject();
}

void WriteAlert(const ActiveAlert& alert, JsonWriter* json) {
  json->StartObject().Key("labels");
  WriteLabels(alert.labels, json);
  WriteMap("annotations", alert.annotations, json);
  json->Key("state").String(AlertStateText(alert.state));
  json->Key("activeAt").String(TimeText(alert.active_at));
  if (alert.keep_firing_since != 0)
    json->Key("keepFiringSince").String(TimeText(alert.keep_firing_since));
  json->Key("value").String(FormatFloatE(alert.value)).EndObject();
}

void WriteActive(const AlertSet& alerts, JsonWriter* json) {
  for (const AlertPtr& alert : alerts) {
    if (alert->state != AlertState::kInactive) WriteAlert(*alert, json);
  }
}

void WriteRule(const RuleView& view, bool with_alerts, JsonWriter* json) {
  const Rule& rule = *view.rule;
  const bool alerting = rule.kind == RuleKind::kAlerting;
  json->StartObject();
  if (alerting) json->Key("state").String(view.StateText());
  json->Key("name").String(rule.name);
  json->Key("query").String(rule.expression ? rule.expression->ToString() : rule.expr);
  if (alerting) {
    json->Key("duration").Double(Seconds(rule.hold));
    json->Key("keepFiringFor").Double(Seconds(rule.keep_firing_for));
  }
  WriteMap("labels", rule.labels, json);
  if (alerting) {
    WriteMap("annotations", rule.annotations, json);
    json->Key("alerts");
    if (with_alerts) {
      json->StartArray();
      WriteActive(view.alerts, json);
      json->EndArray();
    } else {
      json->Null();
    }
  }
  json->Key("health").String(RuleHealthText(view.health));
  if (!view.last_error.empty()) json->Key("lastError").String(view.last_error);
  json->Key("evaluationTime").Double(view.evaluation_seconds);
  json->Key("lastEvaluation").String(FormatRfc3339(view.evaluated_at));
  json->Key("type").String(alerting ? "alerting" : "recording").EndObject();
}

struct RulesQuery {
  std::optional<RuleKind> kind;
  std::vector<std::string_view> names;
  std::vector<std::string_view> groups;
  std::vector<std::string_view> files;
  std::vector<std::vector<Matcher>> selectors;
  bool exclude_alerts = false;
  size_t group_limit = 0;
  std::string token;
  ParamReader params;  // owns the views
};

bool Allows(const std::vector<std::string_view>& list, std::string_view text) {
  return list.empty() || std::ranges::find(list, text) != list.end();
}

bool Passes(const RulesQuery& query, const Rule& rule) {
  if (query.kind && *query.kind != rule.kind) return false;
  if (!Allows(query.names, rule.name)) return false;
  if (query.selectors.empty()) return true;
  const Labels labels = Labels::FromMap(rule.labels);
  return std::ranges::any_of(query.selectors, [&](const std::vector<Matcher>& matchers) {
    return MatchesAll(matchers, labels);
  });
}

// Both or the limit alone; 0: all groups.
Status ReadPage(const ParamReader& params, RulesQuery* query) {
  const std::string_view limit = params.Text("group_limit");
  query->token = std::string(params.Text("group_next_token"));
  if (!query->token.empty() && limit.empty()) {
    return InvalidParam("group_next_token",
                        "group_limit needs to be present in order to paginate over the groups");
  }
  if (limit.empty()) return absl::OkStatus();
  const StatusOr<int64_t> number = ParseInt(limit);
  if (!number.ok() || *number > std::numeric_limits<int32_t>::max()) {
    return InvalidParam("group_limit", "group_limit needs to be a valid number: " +
                                           NumberProblem("ParseInt", limit));
  }
  if (*number <= 0) return InvalidParam("group_limit", "group_limit needs to be greater than 0");
  query->group_limit = static_cast<size_t>(*number);
  return absl::OkStatus();
}

StatusOr<std::shared_ptr<const RulesQuery>> ReadRulesQuery(HttpRequest& request) {
  auto query = std::make_shared<RulesQuery>();
  query->params = TRY(ParamReader::Read(request));
  const ParamReader& params = query->params;
  query->selectors = TRY(params.Selectors());
  const std::string type = ToLower(params.Text("type"));
  if (type == "alert") {
    query->kind = RuleKind::kAlerting;
  } else if (type == "record") {
    query->kind = RuleKind::kRecording;
  } else if (!type.empty()) {
    return InvalidParam("type", fmt::format("not supported value {}", Quote(type)));
  }
  query->names = params.All("rule_name[]");
  query->groups = params.All("rule_group[]");
  query->files = params.All("file[]");
  query->exclude_alerts = TRY(params.Bool("exclude_alerts", false));
  TRY(ReadPage(params, query.get()));
  return std::shared_ptr<const RulesQuery>(std::move(query));
}

std::string GroupToken(const RuleGroupView& view) { return Sha256Hex(view.group->Key()); }

// Whether the group is shown: one of which no rule is left is not.
bool Passes(const RulesQuery& query, const RuleGroupView& view) {
  return Allows(query.groups, view.group->name) && Allows(query.files, view.group->file) &&
         std::ranges::any_of(view.rules,
                             [&](const RuleView& rule) { return Passes(query, *rule.rule); });
}

// Cuts `groups` to the page that begins at the token; the token of the next page or "".
StatusOr<std::string> Choose(const RulesQuery& query, Groups* groups) {
  if (!query.token.empty()) {
    const auto first = std::ranges::find_if(
        *groups, [&](const auto& view) { return GroupToken(*view) == query.token; });
    if (first == groups->end()) {
      return InvalidParam(
          "group_next_token",
          fmt::format("invalid group_next_token '{}'. were rule groups changed?", query.token));
    }
    groups->erase(groups->begin(), first);
  }
  std::erase_if(*groups, [&](const auto& view) { return !Passes(query, *view); });
  if (query.group_limit == 0 || groups->size() <= query.group_limit) return std::string();
  std::string next = GroupToken(*(*groups)[query.group_limit]);
  groups->resize(query.group_limit);
  return next;
}

void WriteGroup(const RuleGroupView& view, const RulesQuery& query, JsonWriter* json) {
  json->StartObject().Key("name").String(view.group->name).Key("file").String(view.group->file);
  json->Key("rules").StartArray();
  for (const RuleView& rule : view.rules) {
    if (Passes(query, *rule.rule)) WriteRule(rule, !query.exclude_alerts, json);
  }
  json->EndArray()
      .Key("interval")
      .Double(Seconds(view.interval))
      .Key("limit")
      .Int(view.group->limit);
  json->Key("evaluationTime").Double(view.evaluation_seconds);
  json->Key("lastEvaluation").String(FormatRfc3339(view.evaluated_at)).EndObject();
}

StatusOr<HttpResponse> GetRules(const RuleGroupsFn& all, HttpRequest& request) {
  const std::shared_ptr<const RulesQuery> query = TRY(ReadRulesQuery(request));
  Groups groups = Sorted(all());
  const std::string next = TRY(Choose(*query, &groups));
  std::string tail = "}";
  if (!next.empty()) tail = fmt::format(R"(,"groupNextToken":"{}"}})", next);
  JsonPieces rows = JsonRows(std::move(groups), [query](const auto& view, JsonWriter* json) {
    WriteGroup(*view, *query, json);
  });
  const auto pieces = [rows, tail, started = false](std::string* out) mutable {
    if (!started) *out += R"({"groups":)";
    started = true;
    if (rows(out)) return true;
    *out += tail;
    return false;
  };
  return PromStream(pieces, {}, {});
}

StatusOr<HttpResponse> GetAlerts(const RuleGroupsFn& all, HttpRequest&) {
  std::string data;
  JsonWriter json(&data);
  json.StartObject().Key("alerts").StartArray();
  for (const auto& view : Sorted(all())) {
    for (const RuleView& rule : view->rules) {
      WriteActive(rule.alerts, &json);
      WriteActive(rule.no_data, &json);
    }
  }
  json.EndArray().EndObject();
  return PromSuccess(data);
}

}  // namespace

void RegisterRulesApi(Router& router, const RuleGroupsFn& groups) {
  router.Add("GET", "/api/v1/rules",
             PromRoute([groups](HttpRequest& request) { return GetRules(groups, request); }));
  router.Add("GET", "/api/v1/alerts",
             PromRoute([groups](HttpRequest& request) { return GetAlerts(groups, request); }));
}

}  // namespace outrider
