// SPDX-License-Identifier: Apache-2.0
// The report as the JSON of the API, and the same as YAML.
#include "exporter/advice/json_text.h"

#include "exporter/advice/formats.h"
#include "exporter/advice/recommendation_json.h"
#include "exporter/advice/resource_change.h"
#include "notifiers/config/yaml_text.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

void WriteNumber(std::string_view key, const std::optional<double>& value, JsonWriter* json) {
  json->Key(key);
  if (value) {
    json->Double(*value);
  } else {
    json->Null();
  }
}

// The tree as nodes of YAML.
YamlNode ToYaml(const JsonValue& json) {
  switch (json.kind) {
    case JsonValue::Kind::kNull:
      return {};
    case JsonValue::Kind::kBool:
      return YamlPlain(json.boolean ? "true" : "false");
    case JsonValue::Kind::kNumber:
      return YamlPlain(FormatFloatF(json.number));
    case JsonValue::Kind::kString:
      return YamlText(json.string);
    case JsonValue::Kind::kArray: {
      YamlNode list = YamlList();
      for (const JsonValue& item : json.items) list.items.push_back(ToYaml(item));
      return list;
    }
    case JsonValue::Kind::kObject: {
      YamlNode map = YamlMap();
      for (const auto& [key, value] : json.members) AddEntry(&map, key, ToYaml(value));
      return map;
    }
  }
  return {};
}

}  // namespace

void WriteSummary(const AdviceTotals& totals, const std::optional<double>& spend,
                  const std::string& currency, JsonWriter* json) {
  json->StartObject().Key("currency").String(currency);
  json->Key("containers").Int(static_cast<int64_t>(totals.containers));
  json->Key("without_data").Int(static_cast<int64_t>(totals.without_data));
  WriteNumber("dollars_per_month", spend, json);
  WriteNumber("savings_dollars_per_month", totals.savings_per_month, json);
  json->Key("cpu_cores_change").Double(totals.cpu_change);
  json->Key("memory_bytes_change").Double(totals.memory_change).Key("score");
  if (totals.score) {
    json->Int(*totals.score).Key("grade").String(GradeOf(*totals.score));
  } else {
    json->Null().Key("grade").Null();
  }
  json->EndObject();
}

void WriteShownCurrency(const std::string& code, double rate, JsonWriter* json) {
  if (code == "USD" && rate == 1) return;
  json->Key("shown_currency").StartObject().Key("code").String(code).Key("rate").Double(rate);
  json->EndObject();
}

void WriteReportHead(const AdviceReport& report, JsonWriter* json) {
  WriteShownCurrency(report.shown_currency, report.shown_rate, json);
  json->Key("summary");
  WriteSummary(TotalsOf(report.rows), report.spend_per_month, report.currency, json);
  json->Key("namespaces").StartArray();
  for (const NamespaceTotals& one : TotalsByNamespace(report.rows)) {
    json->StartObject().Key("namespace").String(one.namespace_name).Key("summary");
    WriteSummary(one.totals, std::nullopt, report.currency, json);
    json->EndObject();
  }
  json->EndArray();
}

std::string RenderJson(const AdviceReport& report) {
  std::string out;
  JsonWriter json(&out);
  json.StartObject();
  WriteReportHead(report, &json);
  json.Key("recommendations").StartArray();
  for (const Recommendation& row : report.rows) WriteRecommendation(row, &json);
  json.EndArray().EndObject();
  return out + '\n';
}

std::string RenderYaml(const AdviceReport& report) {
  const StatusOr<JsonValue> json = ParseJson(RenderJson(report));
  return json.ok() ? WriteYaml(ToYaml(*json)) : "";  // what RenderJson writes, parses
}

}  // namespace outrider
