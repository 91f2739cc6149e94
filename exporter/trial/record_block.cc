// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/record_block.h"

#include <algorithm>
#include <unordered_set>

#include "rules/alerting/recording_rule.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

// The label sets that the rule runner would give the series. Those that fall together do so as an
// error of a step that has both; which step is not looked for here.
StatusOr<std::vector<LabeledSample>> Recorded(const Rule& rule, const promql::Matrix& matrix) {
  promql::Vector one_each;
  one_each.reserve(matrix.size());
  for (const promql::Series& series : matrix) one_each.push_back({series.labels, 0, 0});
  return RecordSamples(rule, /*limit=*/0, one_each, /*sample_time=*/0);
}

// The samples, and a stale marker at each step that misses one after a step that had one.
// `was_there`: at the step before the first.
std::vector<Sample> WithMarkers(const std::vector<Sample>& samples, const BlockSteps& steps,
                                bool was_there) {
  std::vector<Sample> out;
  out.reserve(samples.size() + 1);
  Timestamp expected = was_there ? steps.first : steps.Last() + steps.step;
  for (const Sample& sample : samples) {
    if (sample.time > expected) out.push_back({expected, StaleNan()});
    out.push_back(sample);
    expected = sample.time + steps.step;
  }
  if (expected <= steps.Last()) out.push_back({expected, StaleNan()});
  return out;
}

}  // namespace

std::optional<RecordBlock> RecordMatrix(const Rule& rule, int64_t limit,
                                        const promql::Matrix& matrix, const BlockSteps& steps,
                                        const SeriesList& before) {
  const bool histograms = std::ranges::any_of(
      matrix, [](const promql::Series& series) { return !series.histograms.empty(); });
  if (limit > 0 || histograms) return std::nullopt;
  auto recorded = Recorded(rule, matrix);
  if (!recorded.ok()) return std::nullopt;
  RecordBlock block;
  std::unordered_set<Labels, LabelsHash> known;
  for (size_t i = 0; i < matrix.size(); ++i) {
    const std::vector<Sample>& samples = matrix[i].samples;
    Labels labels = std::move((*recorded)[i].labels);
    known.insert(labels);
    const bool was_there = std::ranges::binary_search(before, labels.packed(), {}, &Labels::packed);
    if (!samples.empty() && samples.back().time == steps.Last()) block.last.push_back(labels);
    block.series.push_back({std::move(labels), WithMarkers(samples, steps, was_there)});
  }
  for (const Labels& gone : before) {
    if (!known.contains(gone)) block.series.push_back({gone, {{steps.first, StaleNan()}}});
  }
  std::ranges::sort(block.last, {}, &Labels::packed);
  return block;
}

}  // namespace outrider
