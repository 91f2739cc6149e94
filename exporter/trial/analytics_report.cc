// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/analytics_report.h"

#include <algorithm>

#include "storage/base/duration.h"
#include "storage/base/json.h"

namespace outrider {
namespace {

double Seconds(DurationMs duration) { return static_cast<double>(duration) / kSecond; }
std::string TimeText(Timestamp time) { return FormatRfc3339(time * kNanosPerMilli); }

void WriteLabels(const Labels& labels, JsonWriter* json) {
  json->StartObject();
  for (const LabelView label : labels) json->Key(label.name).String(label.value);
  json->EndObject();
}

void WriteEpisode(const AnomalyEpisode& episode, Timestamp end, JsonWriter* json) {
  json->StartObject();
  json->Key("begin").String(TimeText(episode.begin));
  json->Key("end");
  episode.end == 0 ? json->Null() : json->String(TimeText(episode.end));
  json->Key("seconds").Double(Seconds((episode.end == 0 ? end : episode.end) - episode.begin));
  json->Key("onset").Bool(episode.onset);
  json->Key("peak_score").Double(episode.peak_state);
  json->Key("peak_onset_score").Double(episode.peak_onset);
  json->EndObject();
}

void WriteAnomalies(const AnalyticsEntryOutcome& outcome, const AnalyticsBacktestResult& result,
                    JsonWriter* json) {
  const AnomalyTotals totals = TotalsOf(outcome, result.end);
  json->StartObject();
  json->Key("series").Int(static_cast<int64_t>(totals.series));
  json->Key("anomalous_series").Int(static_cast<int64_t>(totals.anomalous));
  json->Key("episodes").Int(static_cast<int64_t>(totals.episodes));
  json->Key("onsets").Int(static_cast<int64_t>(totals.onsets));
  json->Key("seconds").Double(Seconds(totals.time));
  json->Key("onsets_per_series_week")
      .Double(OnsetsPerSeriesWeek(totals, result.end - result.start));
  json->Key("by_series").StartArray();
  for (const AnomalyTrack& track : outcome.tracks) {
    json->StartObject();
    json->Key("labels");
    WriteLabels(track.labels, json);
    json->Key("reports").Int(static_cast<int64_t>(track.reports));
    json->Key("score").Double(track.state);
    json->Key("seconds").Double(Seconds(AnomalousTime(track, result.end)));
    json->Key("episodes").StartArray();
    for (const AnomalyEpisode& episode : track.episodes) WriteEpisode(episode, result.end, json);
    json->EndArray();
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

void WriteEntry(const AnalyticsEntryOutcome& outcome, const AnalyticsBacktestResult& result,
                JsonWriter* json) {
  const EntryStatus& status = outcome.status;
  json->StartObject();
  json->Key("name").String(status.name);
  json->Key("kind").String(EntryKindText(status.kind));
  json->Key("expr").String(status.expr);
  json->Key("series").Int(static_cast<int64_t>(status.series));
  json->Key("samples").Int(static_cast<int64_t>(status.samples));
  json->Key("refused").Int(static_cast<int64_t>(status.refused));
  if (!status.error.empty()) json->Key("error").String(status.error);
  if (status.kind == EntryKind::kAnomaly) {
    json->Key("anomalies");
    WriteAnomalies(outcome, result, json);
  } else {
    json->Key("values").StartArray();
    for (const DerivedValue& value : outcome.last) {
      json->StartObject();
      json->Key("labels");
      WriteLabels(value.labels, json);
      json->Key("value").Double(value.value);
      json->EndObject();
    }
    json->EndArray();
  }
  json->EndObject();
}

}  // namespace

AnomalyTotals TotalsOf(const AnalyticsEntryOutcome& outcome, Timestamp end) {
  AnomalyTotals totals;
  for (const AnomalyTrack& track : outcome.tracks) {
    ++totals.series;
    totals.anomalous += track.episodes.empty() ? 0 : 1;
    totals.episodes += track.episodes.size();
    totals.onsets += static_cast<uint64_t>(
        std::ranges::count_if(track.episodes, [](const AnomalyEpisode& e) { return e.onset; }));
    totals.time += AnomalousTime(track, end);
  }
  return totals;
}

double OnsetsPerSeriesWeek(const AnomalyTotals& totals, DurationMs covered) {
  if (totals.series == 0 || covered <= 0) return 0;
  constexpr double kWeek = 7.0 * kDay;
  return static_cast<double>(totals.onsets) / static_cast<double>(totals.series) /
         (static_cast<double>(covered) / kWeek);
}

std::string AnalyticsReportJson(const AnalyticsBacktestResult& result) {
  std::string text;
  JsonWriter json(&text);
  json.StartObject();
  json.Key("start").String(TimeText(result.start));
  json.Key("end").String(TimeText(result.end));
  json.Key("wanted_end").String(TimeText(result.wanted_end));
  json.Key("complete").Bool(!result.stopped);
  json.Key("samples").Int(static_cast<int64_t>(result.samples));
  json.Key("series").Int(static_cast<int64_t>(result.series));
  json.Key("entries").StartArray();
  for (const AnalyticsEntryOutcome& outcome : result.entries) WriteEntry(outcome, result, &json);
  json.EndArray();
  json.EndObject();
  return text;
}

}  // namespace outrider
