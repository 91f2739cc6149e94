// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/features.h"

#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/api/prom_envelope.h"
#include "rules/promql/functions/table.h"
#include "storage/base/json.h"

namespace outrider {
namespace {

struct Feature {
  std::string_view name;
  bool enabled = true;
};

constexpr Feature kApi[] = {
    {"admin", false},
    {"exclude_alerts"},
    {"label_values_match"},
    {"lifecycle"},
    {"openapi_3.1", false},  // ours describes /outrider/v1
    {"openapi_3.2", false},
    {"otlp_write_receiver"},
    {"query_stats"},
    {"query_warnings"},
    {"remote_write_receiver"},
    {"search", false},
    {"search_fuzz_alg_jarowinkler", false},
    {"search_fuzz_alg_subsequence", false},
    {"time_range_labels"},
    {"time_range_series"},
};
constexpr Feature kOtlpReceiver[] = {{"delta_conversion", false},
                                     {"native_delta_ingestion", false}};
constexpr Feature kPromql[] = {
    {"at_modifier"},
    {"bool"},
    {"by"},
    {"duration_expr"},
    {"group_left"},
    {"group_right"},
    {"ignoring"},
    {"negative_offset"},
    {"offset"},
    {"on"},
    {"per_query_lookback_delta"},
    {"per_step_stats"},
    {"subqueries"},
    {"type_and_unit_labels", false},
    {"without"},
};
constexpr std::string_view kOperators[] = {
    "</",      ">/",    "!=",           "!~",    "%",   "*",   "+",  "-",        "/",      "<",
    "<=",      "==",    "=~",           ">",     ">=",  "@",   "^",  "and",      "atan2",  "avg",
    "bottomk", "count", "count_values", "group", "max", "min", "or", "quantile", "stddev", "stdvar",
    "sum",     "topk",  "unless",
};
// These need the experimental functions.
constexpr std::string_view kExperimentalOperators[] = {"limit_ratio", "limitk"};
constexpr Feature kRules[] = {
    {"concurrent_rule_eval", false}, {"keep_firing_for"}, {"query_offset"}};
constexpr Feature kScrape[] = {{"extra_scrape_metrics", false},
                               {"start_timestamp_zero_ingestion", false},
                               {"type_and_unit_labels", false}};
constexpr Feature kTemplating[] = {
    {"args"},
    {"externalURL"},
    {"first"},
    {"graphLink"},
    {"humanize"},
    {"humanize1024"},
    {"humanizeDuration"},
    {"humanizePercentage"},
    {"humanizeTimestamp"},
    {"label"},
    {"match"},
    {"now"},
    {"parseDuration"},
    {"pathPrefix"},
    {"query"},
    {"reReplaceAll"},
    {"safeHtml"},
    {"sortByLabel"},
    {"stripDomain"},
    {"stripPort"},
    {"strvalue"},
    {"tableLink"},
    {"title"},
    {"toDuration"},
    {"toLower"},
    {"toTime"},
    {"toUpper"},
    {"urlQueryEscape"},
    {"value"},
};
constexpr Feature kTsdb[] = {
    {"delayed_compaction", false}, {"exemplar_storage"},     {"histograms_st_encoding", false},
    {"isolation", false},          {"native_histograms"},    {"st_storage"},
    {"use_uncached_io", false},    {"xor2_encoding", false},
};
constexpr Feature kUi[] = {{"ui_v2", false}, {"ui_v3", false}};

constexpr Feature kDiscovery[] = {{"file", false}, {"http", false}, {"static", false}};

std::vector<Feature> Language(const promql::Features& features) {
  std::vector<Feature> out(std::begin(kPromql), std::end(kPromql));
  for (const std::string_view name : {"anchored", "smoothed"}) {
    out.push_back({name, features.parser.extended_range_selectors});
  }
  for (const std::string_view name : {"fill", "fill_left", "fill_right"}) {
    out.push_back({name, features.parser.binop_fill_modifiers});
  }
  out.push_back({"delayed_name_removal", features.delayed_name_removal});
  return out;
}

std::vector<Feature> Functions(const promql::ParseOptions& parser) {
  std::vector<Feature> out;
  for (const promql::FunctionEntry& function : promql::AllFunctions()) {
    const bool stable = (function.flags & promql::FunctionEntry::kExperimental) == 0;
    out.push_back({function.name, stable || parser.experimental_functions});
  }
  return out;
}

std::vector<Feature> Operators(const promql::ParseOptions& parser) {
  std::vector<Feature> out;
  for (const std::string_view name : kOperators) out.push_back({name});
  for (const std::string_view name : kExperimentalOperators)
    out.push_back({name, parser.experimental_functions});
  return out;
}

void Write(std::string_view category, std::span<const Feature> features, JsonWriter* json) {
  json->Key(category).StartObject();
  for (const Feature& feature : features) json->Key(feature.name).Bool(feature.enabled);
  json->EndObject();
}

std::string FeaturesJson(const promql::Features& features, bool auto_reload) {
  const Feature prometheus[] = {{"agent_mode", false},
                                {"auto_reload_config", auto_reload},
                                {"server_mode"},
                                {"stringlabels", false}};
  std::string data;
  JsonWriter json(&data);
  json.StartObject();
  Write("api", kApi, &json);
  Write("otlp_receiver", kOtlpReceiver, &json);
  Write("prometheus", prometheus, &json);
  Write("promql", Language(features), &json);
  Write("promql_functions", Functions(features.parser), &json);
  Write("promql_operators", Operators(features.parser), &json);
  Write("rules", kRules, &json);
  Write("scrape", kScrape, &json);
  Write("service_discovery_providers", kDiscovery, &json);
  Write("templating_functions", kTemplating, &json);
  Write("tsdb", kTsdb, &json);
  Write("ui", kUi, &json);
  json.EndObject();
  return data;
}

}  // namespace

void RegisterFeaturesApi(Router& router, const promql::Features& features,
                         const std::function<bool()>& auto_reload) {
  router.Add("GET", "/api/v1/features", [features, auto_reload](HttpRequest&) {
    return PromSuccess(FeaturesJson(features, auto_reload()));
  });
}

}  // namespace outrider
