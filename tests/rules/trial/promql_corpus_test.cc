// SPDX-License-Identifier: Apache-2.0
// Prometheus' own PromQL corpus, read from beside the checkout. Each file has a floor of cases that
// pass: raise it when more do; a case never gets lost silently.
#include <gtest/gtest.h>

#include <cstdio>

#include "rules/trial/promql_test.h"
#include "storage/base/file.h"

namespace outrider {
namespace {

struct Floor {
  const char* file;
  int passed;
  int failed;
};

constexpr Floor kFloors[] = {
    {"aggregators.test", 160, 0},
    {"at_modifier.test", 78, 0},
    {"collision.test", 2, 0},
    {"duration_expression.test", 59, 0},
    {"extended_vectors.test", 169, 0},
    {"fill-modifier.test", 46, 0},
    {"functions.test", 431, 0},
    {"histograms.test", 185, 0},
    {"info.test", 53, 0},
    {"limit.test", 37, 0},
    {"literals.test", 25, 0},
    {"name_label_dropping.test", 30, 0},
    {"native_histograms.test", 522, 0},
    {"operators.test", 214, 0},
    {"range_queries.test", 18, 0},
    {"selectors.test", 31, 0},
    {"staleness.test", 17, 0},
    {"start_timestamps.test", 26, 0},
    {"subquery.test", 34, 0},
    {"trig_functions.test", 19, 0},
    {"type_and_unit.test", 58, 0},
};

class PromqlCorpus : public testing::TestWithParam<Floor> {};

TEST_P(PromqlCorpus, PassesAtLeastTheFloor) {
  const Floor& floor = GetParam();
  const std::string path =
      std::string(OUTRIDER_SOURCE_DIR) + "/../shared/conformance/promql/" + floor.file;
  if (!FileExists(path)) {
    GTEST_SKIP() << "the conformance corpus is not here: " << path;
  }
  const SystemClock clock;
  const StatusOr<PromqlTestReport> report = RunPromqlTestFile(path, clock);
  ASSERT_TRUE(report.ok()) << Message(report.status());
  std::printf("%-26s %4d passed %4d failed\n", floor.file, report->passed, report->failed);
  for (const std::string& message : report->messages) std::printf("    %s\n", message.c_str());
  EXPECT_GE(report->passed, floor.passed);
  EXPECT_LE(report->failed, floor.failed);
}

INSTANTIATE_TEST_SUITE_P(Files, PromqlCorpus, testing::ValuesIn(kFloors), [](const auto& param) {
  std::string name = param.param.file;
  for (char& c : name) {
    if (c == '.' || c == '-') c = '_';
  }
  return name;
});

}  // namespace
}  // namespace outrider
