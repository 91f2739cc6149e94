// SPDX-License-Identifier: Apache-2.0
// The SLO of OpenSLO v1alpha, as far as Sloth reads it: ratioMetrics of queries over a rolling
// window of days, by occurrences, without alerts.
#include "fmt/format.h"
#include "rules/slo/slo_reading.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kLongestDays = 400;

Status ReadWindows(const YamlNode* list, const YamlNode& spec, const SloReading& reading,
                   SloSpec* out) {
  if (list == nullptr || list->items.size() != 1) {
    return reading.Error(list == nullptr ? spec : *list, "timeWindows is a list of exactly one");
  }
  YamlReader reader(list->items.front(), reading.file, "timeWindow");
  int64_t count = 0;
  std::string unit;
  bool rolling = true;
  reader.Int("count", &count);
  reader.String("unit", &unit);
  reader.Bool("isRolling", &rolling);
  if (count < 1 || count > kLongestDays) reader.Fail("count", "a count from 1 to 400 is needed");
  if (unit != "Day" || !rolling) reader.Fail("unit", "only rolling windows of days are read here");
  TRY(reader.Finish());
  out->period.length = count * kDay;
  return absl::OkStatus();
}

StatusOr<const YamlNode*> ReadQuery(const YamlNode& metric, const SloReading& reading) {
  YamlReader reader(metric, reading.file, "metric");
  std::string source = "prometheus";
  std::string type = "promql";
  std::string query;
  reader.String("source", &source);
  reader.String("queryType", &type);
  if (source != "prometheus") reader.Fail("source", "series come from prometheus");
  if (type != "promql") reader.Fail("queryType", "queries are promql");
  if (!reader.String("query", &query) || query.empty()) reader.Fail("query", "a query is needed");
  TRY(reader.Finish());
  return metric.Find("query");
}

Status ReadObjective(const YamlNode& node, const SloReading& reading, SloSpec* spec) {
  YamlReader reader(node, reading.file, "objective");
  double target = 0;
  reader.Child("displayName");
  if (!reader.Double("target", &target)) reader.Fail("target", "a target is needed");
  const YamlNode* ratio = reader.Child("ratioMetrics");
  if (ratio == nullptr) reader.Fail("ratioMetrics", "only ratioMetrics are read here");
  TRY(reader.Finish());
  TRY(CheckObjective(reading, *node.Find("target"), target * 100));
  spec->objective = target;
  YamlReader sides(*ratio, reading.file, "ratioMetrics");
  const YamlNode* good = sides.Child("good");
  const YamlNode* total = sides.Child("total");
  if (good == nullptr || total == nullptr) sides.Fail("good", "good and total are needed");
  TRY(sides.Finish());
  SloPart part;
  part.kind = SloPart::Kind::kGood;
  part.query = reading.EventsQuery(*TRY(ReadQuery(*good, reading)), false, spec);
  part.total = reading.EventsQuery(*TRY(ReadQuery(*total, reading)), false, spec);
  spec->parts.push_back(std::move(part));
  return absl::OkStatus();
}

StatusOr<std::string> ReadName(const YamlNode* metadata, const YamlNode& document,
                               const SloReading& reading) {
  YamlReader reader(metadata == nullptr ? document : *metadata, reading.file, "metadata");
  std::string name;
  if (!reader.String("name", &name) || name.empty()) reader.Fail("name", "a name is needed");
  reader.Child("displayName");
  TRY(reader.Finish());
  return name;
}

}  // namespace

Status ReadOpenSloV1Alpha(const YamlNode& document, SloReading* reading) {
  YamlReader reader(document, reading->file, "OpenSLO v1alpha document");
  std::string kind;
  reader.Child("apiVersion");
  reader.String("kind", &kind);
  const YamlNode* metadata = reader.Child("metadata");
  const YamlNode* spec = reader.Child("spec");
  if (kind != "SLO") reader.Fail("kind", "of v1alpha only the kind SLO is read");
  if (spec == nullptr || !spec->IsMap()) reader.Fail("spec", "a spec is needed");
  TRY(reader.Finish());
  SloSpec common = reading->Begin(document, SloOrigin::kOpenSlo);
  common.name = TRY(ReadName(metadata, document, *reading));
  YamlReader inner(*spec, reading->file, "SLO");
  std::string method = "Occurrences";
  inner.String("service", &common.service);
  inner.String("description", &common.description);
  inner.String("budgetingMethod", &method);
  const YamlNode* windows = inner.Child("timeWindows");
  const YamlNode* objectives = inner.Child("objectives");
  if (method != "Occurrences") inner.Fail("budgetingMethod", "only Occurrences are read here");
  if (objectives == nullptr || objectives->items.empty()) {
    inner.Fail("objectives", "objectives must be a list of at least one");
  }
  TRY(inner.Finish());
  TRY(ReadWindows(windows, *spec, *reading, &common));
  for (size_t i = 0; i < objectives->items.size(); ++i) {
    SloSpec one = common;
    if (objectives->items.size() > 1) one.name += fmt::format("-{}", i + 1);
    one.slo = one.name;
    TRY(ReadObjective(objectives->items[i], *reading, &one));
    reading->specs.push_back(std::move(one));
  }
  return absl::OkStatus();
}

}  // namespace outrider
