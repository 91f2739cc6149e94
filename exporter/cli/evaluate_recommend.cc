// SPDX-License-Identifier: Apache-2.0
// outrider evaluate recommend: how good recommendation policies are on series of CPU use.
#include <fmt/format.h>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/trial/recommend_evaluation.h"

namespace outrider {
namespace {

StatusOr<std::string> Evaluate(const EvaluateRecommendOptions& given) {
  const auto corpus = TRY(ReadUsageCorpus(given.directory));
  const auto evaluation = TRY(EvaluateRecommendations(corpus, given.policies, given.seed));
  return given.output == "json" ? RecommendJson(evaluation) + "\n" : RecommendTable(evaluation);
}

}  // namespace

int RunEvaluateRecommend(const EvaluateRecommendOptions& given) {
  const auto text = Evaluate(given);
  if (!text.ok()) return Fail(text.status());
  fmt::print("{}", *text);
  return 0;
}

}  // namespace outrider
