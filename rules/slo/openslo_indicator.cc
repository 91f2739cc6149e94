// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/openslo_indicator.h"

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// `Any` is what OpenSLO's own examples write for "whatever you have".
bool IsPrometheus(std::string_view type) {
  const std::string lower = ToLower(type);
  return lower == "prometheus" || lower == "any" || lower.empty();
}

Status CheckDataSource(const YamlNode& ref, const OpenSloObjects& objects,
                       const SloReading& reading) {
  const OpenSloObject source = TRY(objects.Find("DataSource", ref, reading));
  YamlReader reader(*source.spec, reading.file, "DataSource");
  std::string type;
  reader.String("type", &type);
  reader.Child("description");
  reader.Child("connectionDetails");  // the series come by remote write
  if (!IsPrometheus(type)) {
    reader.Fail("type",
                fmt::format("type {} cannot be asked: series come from Prometheus", Quote(type)));
  }
  return reader.Finish();
}

// The node of the query in `metric`, which holds a metricSource.
StatusOr<const YamlNode*> QueryOf(const YamlNode& metric, const OpenSloObjects& objects,
                                  const SloReading& reading) {
  YamlReader reader(metric, reading.file, "metric");
  const YamlNode* source = reader.Child("metricSource");
  if (source == nullptr || !source->IsMap()) {
    reader.Fail("metricSource", "a metricSource is needed");
  }
  TRY(reader.Finish());
  YamlReader inner(*source, reading.file, "metricSource");
  std::string type;
  std::string ref_name;
  inner.String("type", &type);
  const bool has_ref = inner.String("metricSourceRef", &ref_name);
  const YamlNode* spec = inner.Child("spec");
  if (!IsPrometheus(type)) {
    inner.Fail("type",
               fmt::format("type {} cannot be asked: series come from Prometheus", Quote(type)));
  }
  if (spec == nullptr || !spec->IsMap()) inner.Fail("spec", "a spec with a query is needed");
  TRY(inner.Finish());
  if (has_ref) TRY(CheckDataSource(*source->Find("metricSourceRef"), objects, reading));
  YamlReader query(*spec, reading.file, "spec of a Prometheus metric");
  std::string text;
  if (!query.String("query", &text) || text.empty()) query.Fail("query", "a query is needed");
  TRY(query.Finish());
  return spec->Find("query");
}

StatusOr<SloPart> ReadRatio(const YamlNode& ratio, const OpenSloObjects& objects,
                            const SloReading& reading, SloSpec* spec) {
  YamlReader reader(ratio, reading.file, "ratioMetric");
  bool counter = false;
  std::string raw_type;
  reader.Bool("counter", &counter);
  const YamlNode* good = reader.Child("good");
  const YamlNode* bad = reader.Child("bad");
  const YamlNode* total = reader.Child("total");
  const YamlNode* raw = reader.Child("raw");
  reader.String("rawType", &raw_type);
  const bool events = (good != nullptr) != (bad != nullptr) && total != nullptr && raw == nullptr;
  const bool is_raw = raw != nullptr && good == nullptr && bad == nullptr && total == nullptr;
  if (is_raw && raw_type != "success" && raw_type != "failure") {
    reader.Fail("rawType", "rawType must be success or failure");
  }
  if (!is_raw && !raw_type.empty()) reader.Fail("rawType", "only raw has a rawType");
  TRY(reader.Finish());
  if (!events && !is_raw) {
    return reading.Error(ratio, "a ratioMetric has total with either good or bad, or raw alone");
  }
  if (is_raw) {
    return reading.RatioPart(*TRY(QueryOf(*raw, objects, reading)), raw_type == "success", spec);
  }
  SloPart part;
  part.kind = good != nullptr ? SloPart::Kind::kGood : SloPart::Kind::kBad;
  const YamlNode& side = good != nullptr ? *good : *bad;
  part.query = reading.EventsQuery(*TRY(QueryOf(side, objects, reading)), counter, spec);
  part.total = reading.EventsQuery(*TRY(QueryOf(*total, objects, reading)), counter, spec);
  return part;
}

}  // namespace

StatusOr<OpenSloIndicator> ReadOpenSloIndicator(const YamlNode& holder,
                                                const OpenSloObjects& objects,
                                                const SloReading& reading, SloSpec* spec) {
  const YamlNode* indicator = holder.Find("indicator");
  const YamlNode* ref = holder.Find("indicatorRef");
  if ((indicator != nullptr) == (ref != nullptr)) {
    return reading.Error(holder, "either an indicator or an indicatorRef is needed");
  }
  const OpenSloObject sli = ref != nullptr ? TRY(objects.Find("SLI", *ref, reading))
                                           : TRY(ReadOpenSloObject(*indicator, reading, "SLI"));
  YamlReader reader(*sli.spec, reading.file, "SLI");
  reader.Child("description");
  const YamlNode* threshold = reader.Child("thresholdMetric");
  const YamlNode* ratio = reader.Child("ratioMetric");
  TRY(reader.Finish());
  if ((threshold != nullptr) == (ratio != nullptr)) {
    return reading.Error(*sli.spec, "an SLI is either a thresholdMetric or a ratioMetric");
  }
  OpenSloIndicator out;
  out.threshold = threshold != nullptr;
  if (out.threshold) {
    out.part.kind = SloPart::Kind::kThreshold;
    out.part.query = reading.Query(*TRY(QueryOf(*threshold, objects, reading)), false, spec);
  } else {
    out.part = TRY(ReadRatio(*ratio, objects, reading, spec));
  }
  return out;
}

}  // namespace outrider
