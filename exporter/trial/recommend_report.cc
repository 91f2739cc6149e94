// SPDX-License-Identifier: Apache-2.0
// The evaluation of recommendation policies as text and as JSON.
#include <fmt/format.h>

#include "exporter/trial/recommend_evaluation.h"
#include "storage/base/json.h"

namespace outrider {
namespace {

void WriteScore(std::string_view key, const RecommendScore& score, JsonWriter& json) {
  json.Key(key).StartObject();
  json.Key("days").Int(static_cast<int64_t>(score.days));
  json.Key("violation_ratio").Double(score.violations);
  json.Key("violation_ratio_p90_of_days").Double(score.violations_p90);
  json.Key("slack_ratio").Double(score.slack);
  json.Key("shortfall_ratio").Double(score.shortfall);
  json.Key("request_to_mean_use").Double(score.request_to_use).EndObject();
}

std::string Pair(const RecommendScore& score) {
  return fmt::format("{:.2f}/{:.1f}", 100 * score.violations, 100 * score.slack);
}

}  // namespace

std::string_view RecommendKindText(RecommendRow::Kind kind) {
  switch (kind) {
    using enum RecommendRow::Kind;
    case kReference:
      return "reference, on samples";
    case kOneNumber:
      return "one number";
    case kByHour:
      return "schedule by hour";
    case kByQuarter:
      return "schedule by quarter hour";
  }
  return "";
}

std::string RecommendTable(const RecommendEvaluation& evaluation) {
  std::string out = fmt::format(
      "{} series, {} days judged, each by what was known before it; % of samples above the request "
      "(violations),\n% of the request unused (slack), % of the use above (shortfall); [..]: 90 % "
      "of 1000 draws of the series, seed {}\n\n",
      evaluation.series, evaluation.rows.front().all.days, evaluation.seed);
  out += fmt::format("{:<37} {:<25} {:>6} {:>5} {:>6} {:>6} {:>5}  {:<12} {:<12} {:<12} {}\n",
                     "policy", "kind", "viol", "p90", "slack", "short", "req/u", "viol [..]",
                     "slack [..]", "even files", "odd files");
  for (const RecommendRow& row : evaluation.rows) {
    const std::string violations =
        fmt::format("{:.1f}..{:.1f}", 100 * row.violations_low, 100 * row.violations_high);
    const std::string slack =
        fmt::format("{:.0f}..{:.0f}", 100 * row.slack_low, 100 * row.slack_high);
    out += fmt::format(
        "{:<37} {:<25} {:>6.2f} {:>5.1f} {:>6.1f} {:>6.2f} {:>5.2f}  {:<12} {:<12} {:<12} {}\n",
        row.name, RecommendKindText(row.kind), 100 * row.all.violations,
        100 * row.all.violations_p90, 100 * row.all.slack, 100 * row.all.shortfall,
        row.all.request_to_use, violations, slack, Pair(row.even), Pair(row.odd));
  }
  return out;
}

std::string RecommendJson(const RecommendEvaluation& evaluation) {
  std::string out;
  JsonWriter json(&out);
  json.StartObject().Key("series").Int(static_cast<int64_t>(evaluation.series));
  json.Key("seed").Int(static_cast<int64_t>(evaluation.seed)).Key("rows").StartArray();
  for (const RecommendRow& row : evaluation.rows) {
    json.StartObject().Key("policy").String(row.name);
    json.Key("kind").String(RecommendKindText(row.kind));
    WriteScore("all", row.all, json);
    WriteScore("even_files", row.even, json);
    WriteScore("odd_files", row.odd, json);
    json.Key("violation_ratio_interval").StartArray();
    json.Double(row.violations_low).Double(row.violations_high).EndArray();
    json.Key("slack_ratio_interval").StartArray();
    json.Double(row.slack_low).Double(row.slack_high).EndArray().EndObject();
  }
  json.EndArray().EndObject();
  return out;
}

}  // namespace outrider
