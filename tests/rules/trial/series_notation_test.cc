// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/series_notation.h"

#include <gtest/gtest.h>

#include "rules/promql/histogram/histogram_math.h"
#include "rules/trial/promql_compare.h"
#include "storage/base/text.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

std::string Show(const std::vector<SequenceValue>& values) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const SequenceValue& v : values) {
    texts.push_back(v.omitted          ? "_"
                    : v.histogram      ? promql::HistogramText(*v.histogram)
                    : IsStale(v.value) ? "stale"
                                       : FormatFloatF(v.value));
  }
  return Join(texts, " ");
}

struct Case {
  const char* text;
  const char* shown;
};

TEST(SeriesNotation, Sequences) {
  constexpr Case kCases[] = {
      {"", ""},
      {"1 2  3", "1 2 3"},
      {"_", "_"},
      {"_x3", "_ _ _"},
      {"1x2", "1 1 1"},
      {"0+10x3", "0 10 20 30"},
      {"5-2x2", "5 3 1"},
      {"-2+1.5x2", "-2 -0.5 1"},
      {"Inf -Inf NaN", "+Inf -Inf NaN"},
      {"stale 1 stalex1", "stale 1 stale stale"},
      {"1e3 .5 8.0e-1", "1000 0.5 0.8"},
      {"0x2", "0 0 0"},
      {"{{schema:0 sum:1}} 1 {{}}x1", "{count:0, sum:1} 1 {count:0, sum:0} {count:0, sum:0}"},
      {"{{sum:1}}+{{sum:2}}x2", "{count:0, sum:1} {count:0, sum:3} {count:0, sum:5}"},
      {"{{ count:3 buckets:[1 2 ] }}-{{count:1 offset:1 buckets:[1]}}x1",
       "{count:3, sum:0, (0.5,1]:1, (1,2]:2} {count:2, sum:0, (0.5,1]:1, (1,2]:1}"},
  };
  for (const Case& c : kCases) {
    const auto values = ParseSequence(c.text);
    ASSERT_TRUE(values.ok()) << c.text << ": " << Message(values.status());
    EXPECT_EQ(Show(*values), c.shown) << c.text;
  }
}

TEST(SeriesNotation, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"a", "1+", "1+2", "1x", "1xy", "{{", "_y", "1x99999999", "{{sum}}", "{{sum:x}}",
        "{{sum:1 sum:2}}", "{{color:1}}", "{{schema:99}}", "{{counter_reset_hint:maybe}}",
        "{{buckets:1}}", "{{schema:-53 custom_values:[1] buckets:[1 1 1]}}",
        "{{schema:1}}+{{schema:0}}x1", "{{}}+{{schema:-53}}x1"}) {
    EXPECT_FALSE(ParseSequence(text).ok()) << text;
  }
}

TEST(SeriesNotation, StartTimes) {
  constexpr Case kCases[] = {{"_ -1m 0s", "_ -60000 0"},
                             {"_x2 -30sx1", "_ _ -30000 -30000"},
                             {"-1m-30sx2", "-60000 -90000 -120000"},
                             {"-2m+1mx2", "-120000 -60000 0"}};
  for (const Case& c : kCases) {
    const auto values = ParseStartTimes(c.text);
    ASSERT_TRUE(values.ok()) << c.text << ": " << Message(values.status());
    EXPECT_EQ(Show(*values), c.shown) << c.text;
  }
  EXPECT_FALSE(ParseStartTimes("1").ok());
  EXPECT_FALSE(ParseStartTimes("-1m+30s").ok());
}

TEST(SeriesNotation, HintsCountOnlyWhereTheyAreWritten) {
  const auto values = ParseSequence("{{counter_reset_hint:gauge}} {{}}");
  ASSERT_TRUE(values.ok());
  EXPECT_TRUE(values->at(0).hint_written);
  EXPECT_EQ(values->at(0).histogram->reset_hint, ResetHint::kGauge);
  EXPECT_FALSE(values->at(1).hint_written);
}

TEST(SeriesNotation, Lines) {
  constexpr Case kCases[] = {
      {"m 1", "m"},
      {"m{} 1", "m"},
      {"{} 1", "{}"},
      {"m{a=\"}\", b='x y'} 1", "m{a=\"}\", b=\"x y\"}"},
      {"m {a=\"1\"} 1", "m{a=\"1\"}"},
      {"{__name__=\"m\",a=\"1\"} 1", "m{a=\"1\"}"},
      {"m:rate5m\t1", "m:rate5m"},
  };
  for (const Case& c : kCases) {
    const auto line = ParseSeriesLine(c.text);
    ASSERT_TRUE(line.ok()) << c.text << ": " << Message(line.status());
    EXPECT_EQ(line->labels.ToString(), c.shown) << c.text;
    ASSERT_EQ(line->values.size(), 1u) << c.text;
    EXPECT_EQ(line->values[0].value, 1) << c.text;
  }
  EXPECT_TRUE(ParseSeriesLine("m{a=\"1\"}@st -1sx3")->start_times);
  EXPECT_FALSE(ParseSeriesLine("m{a!=\"1\"} 1").ok());
}

TEST(AlmostEqual, IsRelativeAndKnowsStaleFromNan) {
  EXPECT_TRUE(AlmostEqual(1, 1 + 1e-7));
  EXPECT_FALSE(AlmostEqual(1, 1 + 1e-5));
  EXPECT_FALSE(AlmostEqual(0, 1e-300));
  EXPECT_TRUE(AlmostEqual(std::nan(""), -std::nan("")));
  EXPECT_FALSE(AlmostEqual(std::nan(""), StaleNan()));
  EXPECT_TRUE(AlmostEqual(StaleNan(), StaleNan()));
}

}  // namespace
}  // namespace outrider
