// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/anomaly_evaluation.h"

#include <fmt/format.h>

#include <cmath>

#include "rules/detect/detector_table.h"
#include "storage/base/file.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

StatusOr<std::vector<double>> Stream(const NabFile& file, const std::string& detector,
                                     const DetectorOptions& options) {
  const auto series = TRY(MakeSeriesDetector(detector, options));
  std::vector<double> scores;
  scores.reserve(file.values.size());
  for (size_t i = 0; i < file.values.size(); ++i) {
    const double onset = series->Observe(file.times[i], file.values[i]).onset;
    scores.push_back(std::isnan(onset) ? 0 : onset);
  }
  return scores;
}

AnomalyEvaluation::Category Judge(const std::string& name, const std::vector<NabSeries>& series) {
  AnomalyEvaluation::Category category;
  category.name = name;
  category.files = series.size();
  for (const NabSeries& one : series) category.points += one.scores.size();
  for (const NabProfile& profile : kNabProfiles) {
    category.fixed.push_back(ScoreNab(series, kAlertingEdge, profile));
    category.best.push_back(BestNabScore(series, profile));
  }
  return category;
}

void WriteScore(const NabScore& score, JsonWriter& json) {
  json.StartObject();
  json.Key("threshold").Double(score.threshold);
  json.Key("score").Double(score.normalised);
  json.Key("windows").Int(static_cast<int64_t>(score.windows));
  json.Key("found").Int(static_cast<int64_t>(score.found));
  json.Key("false_alarms").Int(static_cast<int64_t>(score.false_alarms));
  json.EndObject();
}

}  // namespace

StatusOr<AnomalyEvaluation> EvaluateAnomalies(const std::vector<NabFile>& files,
                                              const std::string& detector,
                                              const DetectorOptions& options) {
  AnomalyEvaluation evaluation;
  std::vector<NabSeries> all;
  std::vector<NabSeries> category;
  for (size_t i = 0; i < files.size(); ++i) {
    evaluation.scores.push_back(TRY(Stream(files[i], detector, options)));
    category.push_back({evaluation.scores.back(), files[i].windows});
    all.push_back(category.back());
    if (i + 1 < files.size() && files[i + 1].category == files[i].category) continue;
    evaluation.categories.push_back(Judge(files[i].category, category));
    category.clear();
  }
  evaluation.categories.push_back(Judge("total", all));
  return evaluation;
}

Status WriteScores(const std::vector<NabFile>& files, const AnomalyEvaluation& evaluation,
                   const std::string& directory) {
  for (size_t i = 0; i < files.size(); ++i) {
    const NabFile& file = files[i];
    std::string text = "timestamp,value,anomaly_score\n";
    for (size_t p = 0; p < file.values.size(); ++p) {
      text += fmt::format("{},{},{}\n", file.time_texts[p], file.value_texts[p],
                          FormatFloatF(evaluation.scores[i][p]));
    }
    TRY(MakeDirectories(directory + "/" + file.category));
    TRY(WriteFileAtomically(directory + "/" + file.category + "/" + file.name, text));
  }
  return absl::OkStatus();
}

std::string EvaluationJson(const AnomalyEvaluation& evaluation, const std::string& detector) {
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("detector").String(detector).Key("categories").StartArray();
  for (const AnomalyEvaluation::Category& category : evaluation.categories) {
    json.StartObject().Key("name").String(category.name);
    json.Key("files").Int(static_cast<int64_t>(category.files));
    json.Key("points").Int(static_cast<int64_t>(category.points));
    json.Key("profiles").StartObject();
    for (size_t p = 0; p < kNabProfiles.size(); ++p) {
      json.Key(kNabProfiles[p].name).StartObject().Key("fixed");
      WriteScore(category.fixed[p], json);
      json.Key("best");
      WriteScore(category.best[p], json);
      json.EndObject();
    }
    json.EndObject().EndObject();
  }
  json.EndArray().EndObject();
  return text;
}

std::string EvaluationTable(const AnomalyEvaluation& evaluation) {
  std::string text = fmt::format("{:24} {:>5} {:>8} {:>9} {:>6}   {:^29}   {:^37}\n", "", "", "",
                                 "windows", "false", "threshold 1", "best threshold");
  text +=
      fmt::format("{:24} {:>5} {:>8} {:>9} {:>6}   {:>9} {:>9} {:>9}   {:>9} {:>9} {:>9} {:>9}\n",
                  "category", "files", "points", "found", "alarms", "standard", "low FP", "low FN",
                  "standard", "low FP", "low FN", "threshold");
  for (const AnomalyEvaluation::Category& c : evaluation.categories) {
    const NabScore& standard = c.fixed[0];
    text +=
        fmt::format("{:24} {:5} {:8} {:>9} {:6}  ", c.name, c.files, c.points,
                    fmt::format("{}/{}", standard.found, standard.windows), standard.false_alarms);
    for (const NabScore& score : c.fixed) text += fmt::format(" {:>9.2f}", score.normalised);
    text += "  ";
    for (const NabScore& score : c.best) text += fmt::format(" {:>9.2f}", score.normalised);
    text += fmt::format(" {:>9.3f}\n", c.best[0].threshold);
  }
  return text;
}

}  // namespace outrider
