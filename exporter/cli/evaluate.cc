// SPDX-License-Identifier: Apache-2.0
// outrider evaluate anomaly: how good a detector is on labelled series.
#include <fmt/format.h>

#include <cstdio>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/trial/anomaly_evaluation.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

StatusOr<DurationMs> ReadDuration(const std::string& flag, const std::string& text) {
  const auto duration = ParseDuration(text);
  if (duration.ok()) return *duration;
  return InvalidArgument(fmt::format("{} {}: expected a duration such as 3d", flag, Quote(text)));
}

StatusOr<DetectorOptions> ReadOptions(const EvaluateAnomalyOptions& given) {
  DetectorOptions options;
  options.risk = given.risk;
  if (given.threshold > 0) options.threshold = given.threshold;
  options.time_zone = given.time_zone;
  if (!given.half_life.empty()) {
    options.half_life = TRY(ReadDuration("--half-life", given.half_life));
  }
  if (!given.rest.empty()) options.rest = TRY(ReadDuration("--rest", given.rest));
  const auto direction = FindAnomalyDirection(given.direction);
  if (!direction) {
    return InvalidArgument(
        fmt::format("--direction {}: expected both, above or below", Quote(given.direction)));
  }
  options.direction = *direction;
  return options;
}

StatusOr<std::string> Evaluate(const EvaluateAnomalyOptions& given) {
  const DetectorOptions options = TRY(ReadOptions(given));
  const auto files = TRY(ReadNabCorpus(given.directory));
  const auto evaluation = TRY(EvaluateAnomalies(files, given.detector, options));
  if (!given.write_scores.empty()) TRY(WriteScores(files, evaluation, given.write_scores));
  if (given.output == "json") return EvaluationJson(evaluation, given.detector) + "\n";
  return EvaluationTable(evaluation);
}

}  // namespace

int RunEvaluateAnomaly(const EvaluateAnomalyOptions& given) {
  const auto text = Evaluate(given);
  if (!text.ok()) return Fail(text.status());
  fmt::print("{}", *text);
  return 0;
}

}  // namespace outrider
