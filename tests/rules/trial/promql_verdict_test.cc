// SPDX-License-Identifier: Apache-2.0
// The runner of the test language is itself to be trusted: right expectations pass, wrong ones
// fail, and what is no test is refused. Verdicts are those of Prometheus' own runner.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "rules/trial/promql_test.h"
#include "storage/base/text.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr std::string_view kLoad =
    "load 1m\n  m{i=\"1\"} 0+1x10\n  m{i=\"2\"} 5 _ stale 7x7\n  c_total 0+60x10\n\n";

// One eval with lines below it, over the series of kLoad. `verdict` is "" when it passes, else part
// of what is said; with `refused` the whole file is no test.
struct Verdict {
  std::string_view eval;
  std::string_view verdict;
  bool refused = false;
};

constexpr Verdict kVerdicts[] = {
    {"eval instant at 3m sum(m)\n  {} 10\n", ""},
    {"eval instant at 3m sum(m)\n  {} 10.1\n", "{}: expected 10.1 but got 10"},
    {"eval instant at 3m sum(m)\n  {} 10.000001\n", ""},
    {"eval instant at 3m sum(m)\n  {} 10.0001\n", "expected 10.0001"},
    {"eval instant at 3m sum(m)\n", "unexpected series {} with value 10"},
    {"eval instant at 3m m\n  m{i=\"1\"} 3\n", "unexpected series m{i=\"2\"}"},
    {"eval instant at 3m m{i=\"1\"}\n  m{i=\"1\"} 3\n  m{i=\"3\"} 3\n", "m{i=\"3\"} not found"},
    {"eval instant at 2m m{i=\"2\"}\n", ""},
    {"eval instant at 3m 1 + 1\n  2\n", ""},
    {"eval instant at 3m 1 + 1\n  {} 2\n", "expected no scalar"},
    {"eval instant at 3m vector(2)\n  2\n", "expected a scalar"},
    {"eval instant at 3m m\n  m{i=\"1\"} 3 4\n", "expecting multiple values", true},
    {"eval instant at 3m \"a\"\n  expect string \"a\"\n", ""},
    {"eval instant at 3m \"a\"\n  expect string \"b\"\n", "got string \"a\""},
    {"eval instant at 3m \"a\"\n  expect string b\n", "", true},
    {"eval instant at 3m sort_desc(m)\n  expect ordered\n  m{i=\"2\"} 7\n  m{i=\"1\"} 3\n", ""},
    {"eval instant at 3m sort(m)\n  expect ordered\n  m{i=\"2\"} 7\n  m{i=\"1\"} 3\n",
     "at position 2 but it is at 1"},
    {"eval_ordered instant at 3m sort(m)\n  m{i=\"1\"} 3\n  m{i=\"2\"} 7\n", ""},
    {"eval instant at 3m m[2m]\n  expect range vector from 2m to 3m step 1m\n  m{i=\"1\"} 2 3\n"
     "  m{i=\"2\"} _ 7\n",
     ""},
    {"eval instant at 3m m[2m]\n  expect range vector from 2m to 3m step 1m\n  m{i=\"1\"} 2 3\n"
     "  m{i=\"2\"} 7 7\n",
     "m{i=\"2\"}: expected 7 at 120000"},
    {"eval range from 0 to 2m step 1m m\n  m{i=\"1\"} 0 1 2\n  m{i=\"2\"} 5 5 _\n", ""},
    {"eval range from 0 to 2m step 1m m\n  m{i=\"1\"} 0 1 2\n  m{i=\"2\"} 5 5 5\n", "at 120000"},
    {"eval range from 0 to 1m step 1m m{i=\"1\"}\n  m{i=\"1\"} 0 1 2\n", "cannot return this many"},
    {"eval range from 0 to 2m step 1m m{i=\"1\"}\n  expect ordered\n  m{i=\"1\"} 0 1 2\n",
     "expected ordered result"},
    {"eval instant at 3m m + on () m\n  expect fail\n", ""},
    {"eval instant at 3m sum(m)\n  expect fail\n  {} 10\n", "expected the query to fail"},
    {"eval instant at 3m m % on () m\n  expect fail msg: no\n", "expected failure \"no\" but got"},
    {"eval instant at 3m m % on () m\n  expect fail regex: found duplicate .*labels\n", ""},
    {"eval_fail instant at 3m m % on () m\n  expected_fail_regexp duplicate\n", ""},
    {"eval instant at 3m m % on () m\n  expect fail\n  expect fail\n", "multiple expect", true},
    {"eval instant at 3m m % on () m\n  expect fail error: x\n", "invalid expect", true},
    {"eval instant at 3m m % on () m\n  expect fail regex: (\n", "error parsing regexp", true},
    {"eval instant at 3m quantile(2, c_total)\n  expect warn\n  {} Inf\n", ""},
    {"eval instant at 3m quantile(2, c_total)\n  {} Inf\n", ""},
    {"eval instant at 3m quantile(2, c_total)\n  expect no_warn\n  {} Inf\n",
     "unexpected warnings"},
    {"eval instant at 3m quantile(1, c_total)\n  expect warn\n  {} 180\n", "expected warning"},
    {"eval instant at 3m quantile(2, c_total)\n  expect warn regex: got 2 \\(1:10\\)$\n  {} Inf\n",
     ""},
    {"eval instant at 3m quantile(2, c_total)\n  expect warn msg: got 2\n  {} Inf\n",
     "expected warning \"got 2\""},
    {"eval instant at 3m quantile(2, c_total)\n  expect warn\n  expect no_warn\n", "warn and",
     true},
    {"eval instant at 3m rate(m{i=\"1\"}[2m])\n  expect info\n  {i=\"1\"} 0.01666666667\n", ""},
    {"eval instant at 3m rate(m{i=\"1\"}[2m])\n  expect no_info\n  {i=\"1\"} 0.01666666667\n",
     "unexpected infos"},
    {"eval instant at 3m m{\n  {} 10\n", "unexpected end of input inside braces"},
    {"eval sometimes at 3m m\n", "eval wants instant or range", true},
};

TEST(PromqlVerdicts, AreThoseOfPrometheus) {
  const FakeClock clock;
  for (const Verdict& v : kVerdicts) {
    const auto report = RunPromqlTest(std::string(kLoad) + std::string(v.eval), "verdict", clock);
    EXPECT_EQ(report.ok(), !v.refused) << v.eval;
    if (!report.ok()) {
      EXPECT_THAT(Message(report.status()), testing::HasSubstr(std::string(v.verdict))) << v.eval;
      continue;
    }
    const bool passes = v.verdict.empty();
    EXPECT_EQ(report->passed, passes ? 1 : 0) << v.eval << Join(report->messages, "\n");
    EXPECT_EQ(report->failed, passes ? 0 : 1) << v.eval;
    if (!passes) {
      EXPECT_THAT(Join(report->messages, "\n"), testing::HasSubstr(std::string(v.verdict)));
    }
  }
}

// A case may be right as it is written and wrong pinned by @ or in a range query: all are looked
// at.
TEST(PromqlVerdicts, EveryVariantCounts) {
  const FakeClock clock;
  const auto report =
      RunPromqlTest(std::string(kLoad) +
                        "eval instant at 3m m{i=\"1\"} offset 1m + 0 * time()\n  {i=\"1\"} 2\n\n"
                        "eval instant at 3m sum_over_time(time()[2m:1m])\n  300\n",
                    "variants", clock);
  ASSERT_TRUE(report.ok()) << Message(report.status());
  EXPECT_EQ(report->passed, 1);
  EXPECT_EQ(report->failed, 1);
}

// Each number that is expected is one that counts.
TEST(PromqlVerdicts, AChangedValueFails) {
  constexpr std::string_view kLines[] = {
      "eval instant at 3m count_over_time(m[4m])",
      "  {i=\"1\"} 4",
      "  {i=\"2\"} 2",
      "",
      "eval range from 1m to 3m step 1m -m{i=\"1\"}",
      "  {i=\"1\"} -1 -2 -3",
      "",
      "eval instant at 10m scalar(c_total) / 6",
      "  100",
  };
  const FakeClock clock;
  const size_t count = std::size(kLines);
  for (size_t changed = 0; changed <= count; ++changed) {
    std::string text(kLoad);
    for (size_t i = 0; i < count; ++i) {
      const bool expectation = kLines[i].starts_with(' ');
      if (i == changed && !expectation) break;
      text += std::string(kLines[i]) + (i == changed ? "1\n" : "\n");
    }
    if (changed < count && !kLines[changed].starts_with(' ')) continue;
    const auto report = RunPromqlTest(text, "changed", clock);
    ASSERT_TRUE(report.ok()) << Message(report.status());
    EXPECT_EQ(report->failed, changed < count ? 1 : 0) << text;
    EXPECT_EQ(report->passed, changed < count ? 2 : 3) << text;
  }
}

}  // namespace
}  // namespace outrider
