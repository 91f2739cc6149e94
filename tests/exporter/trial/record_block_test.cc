// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/record_block.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "storage/model/sample.h"

namespace outrider {
namespace {

Labels Recorded(const char* a) { return Labels({{"__name__", "r"}, {"a", a}, {"by", "rule"}}); }

promql::Series Row(const char* a, std::vector<Timestamp> times) {
  promql::Series series{.labels = Labels({{"__name__", "x"}, {"a", a}}), .samples = {}};
  for (const Timestamp time : times) series.samples.push_back({time, 1});
  return series;
}

// `labels: time … ` by series, `!` before a stale marker; then what the last step wrote.
std::string Record(const promql::Matrix& matrix, const SeriesList& before, int64_t limit = 0) {
  Rule rule;
  rule.name = "r";
  rule.labels = {{"by", "rule"}};
  const auto block =
      RecordMatrix(rule, limit, matrix, {.first = 100, .step = 10, .count = 4}, before);
  if (!block) return "step by step";
  std::string text;
  for (const RecordedSeries& series : block->series) {
    EXPECT_EQ(series.labels, Recorded(std::string(series.labels.Get("a")).c_str()));
    text += fmt::format("{}:", series.labels.Get("a"));
    for (const Sample& s : series.samples)
      text += fmt::format(" {}{}", IsStale(s.value) ? "!" : "", s.time);
    text += "; ";
  }
  text += "last";
  for (const Labels& labels : block->last) text += fmt::format(" {}", labels.Get("a"));
  return text;
}

TEST(RecordBlock, MarksWhereSeriesEnd) {
  const SeriesList before = {Recorded("a"), Recorded("b"), Recorded("c")};
  EXPECT_EQ(Record({Row("a", {100, 110, 120, 130})}, {}), "a: 100 110 120 130; last a");
  EXPECT_EQ(Record({Row("a", {110, 130})}, {}), "a: 110 !120 130; last a");
  EXPECT_EQ(Record({Row("a", {110})}, {}), "a: 110 !120; last");
  EXPECT_EQ(Record({Row("z", {130}), Row("d", {130})}, {}), "z: 130; d: 130; last d z");
  // Of what was there before, one goes on, one comes back, one is gone.
  EXPECT_EQ(Record({Row("a", {100}), Row("b", {120})}, before),
            "a: 100 !110; b: !100 120 !130; c: !100; last");
  EXPECT_EQ(Record({}, before), "a: !100; b: !100; c: !100; last");
}

TEST(RecordBlock, LeavesToTheRunnerWhatMayFail) {
  EXPECT_EQ(Record({Row("a", {100})}, {}, /*limit=*/5), "step by step");
  promql::Series other = Row("a", {110});
  other.labels = Labels({{"__name__", "y"}, {"a", "a"}});  // the same once it bears the rule's name
  EXPECT_EQ(Record({Row("a", {100}), other}, {}), "step by step");
  promql::Series histograms = Row("a", {});
  histograms.histograms.push_back({100, nullptr});
  EXPECT_EQ(Record({histograms}, {}), "step by step");
}

}  // namespace
}  // namespace outrider
