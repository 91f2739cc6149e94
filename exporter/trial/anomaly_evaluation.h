// SPDX-License-Identifier: Apache-2.0
// How good a detector is on labelled series: each file is streamed through a fresh detector in the
// order of its lines, and the onset scores are judged by the rules of NAB. Nothing of a file is
// known in advance: not its length, range or labels.
#pragma once

#include <string>
#include <vector>

#include "exporter/trial/nab_corpus.h"
#include "exporter/trial/nab_score.h"
#include "rules/detect/detector_options.h"
#include "storage/base/status.h"

namespace outrider {

inline constexpr double kAlertingEdge = 1;  // the threshold that users alert on

struct AnomalyEvaluation {
  struct Category {
    std::string name;  // "total" for the last one
    size_t files = 0;
    size_t points = 0;
    // One per kNabProfiles.
    std::vector<NabScore> fixed;  // at kAlertingEdge
    std::vector<NabScore> best;   // at the threshold that is best for this category
  };
  std::vector<Category> categories;
  std::vector<std::vector<double>> scores;  // onset per file and point; 0 where unknown
};

// An unknown detector or a bad option is the error of MakeSeriesDetector().
StatusOr<AnomalyEvaluation> EvaluateAnomalies(const std::vector<NabFile>& files,
                                              const std::string& detector,
                                              const DetectorOptions& options);

// DIRECTORY/<category>/<file>.csv with `timestamp,value,anomaly_score`: the lines of each file with
// its onset scores, 1 being the alerting edge.
Status WriteScores(const std::vector<NabFile>& files, const AnomalyEvaluation& evaluation,
                   const std::string& directory);

std::string EvaluationJson(const AnomalyEvaluation& evaluation, const std::string& detector);
std::string EvaluationTable(const AnomalyEvaluation& evaluation);

}  // namespace outrider
