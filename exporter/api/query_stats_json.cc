// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/query_stats_json.h"

#include <fmt/format.h>

#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

double Seconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }

void WriteSteps(std::string_view key, const std::vector<uint64_t>& counts,
                const promql::Steps& steps, JsonWriter* json) {
  json->Key(key).StartArray();
  for (size_t i = 0; i < counts.size(); ++i) {
    json->StartArray()
        .Raw(FormatTimestampSeconds(steps.At(i)))
        .Int(static_cast<int64_t>(counts[i]))
        .EndArray();
  }
  json->EndArray();
}

}  // namespace

std::string QueryStatsJson(const promql::QueryStats& stats, const QueryTimes& times,
                           const promql::Steps& steps, bool all) {
  std::string out;
  JsonWriter json(&out);
  json.StartObject().Key("timings").StartObject();
  json.Key("evalTotalTime").Double(Seconds(times.eval_nanos));
  // Sorting and preparing are part of the evaluation here.
  json.Key("resultSortTime").Double(0).Key("queryPreparationTime").Double(0);
  json.Key("innerEvalTime").Double(Seconds(times.eval_nanos));
  json.Key("execQueueTime").Double(Seconds(times.queued_nanos));
  json.Key("execTotalTime").Double(Seconds(times.queued_nanos + times.eval_nanos)).EndObject();
  json.Key("samples").StartObject();
  if (all) WriteSteps("totalQueryableSamplesPerStep", stats.total_per_step, steps, &json);
  json.Key("totalQueryableSamples").Int(static_cast<int64_t>(stats.Total()));
  if (all) WriteSteps("samplesReadPerStep", stats.read_per_step, steps, &json);
  json.Key("samplesRead").Int(static_cast<int64_t>(stats.Read()));
  json.Key("peakSamples").Int(static_cast<int64_t>(stats.peak));
  json.EndObject().EndObject();
  return out;
}

std::optional<std::string> StatsParamWarning(std::string_view value) {
  if (value.empty() || value == "true" || value == "all") return std::nullopt;
  return fmt::format(
      "value {} for parameter \"stats\" is deprecated and will be rejected in the next major "
      "release, use \"true\" or \"all\"",
      Quote(value));
}

}  // namespace outrider
