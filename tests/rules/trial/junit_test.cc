// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/junit.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(JunitTest, EscapesAndCounts) {
  RuleTestResult good;
  good.path = "a<b>.yml";
  good.cases = {{"fine", {3, 1}, {}, 1500000000, ""},
                {"bad \"one\"", {9, 1}, {"exp: 1\n got: \x01&", "more"}, 0, ""}};
  RuleTestResult aborted;
  aborted.path = "b.yml";
  aborted.aborted = InvalidArgument("b.yml:1:1: not a map");
  const std::vector<RuleTestResult> results = {good, aborted};
  EXPECT_EQ(JunitXml(results, 1704067200000000000),
            R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="a&lt;b&gt;.yml" tests="2" failures="1" errors="0" skipped="0" timestamp="2024-01-01T00:00:00" time="1.500000">
    <testcase classname="a&lt;b&gt;.yml" name="fine" file="a&lt;b&gt;.yml" line="3" time="1.500000"/>
    <testcase classname="a&lt;b&gt;.yml" name="bad &quot;one&quot;" file="a&lt;b&gt;.yml" line="9" time="0.000000">
      <failure message="2 differences">exp: 1&#10; got: )"
            "\xEF\xBF\xBD"
            R"(&amp;&#10;more</failure>
    </testcase>
  </testsuite>
  <testsuite name="b.yml" tests="1" failures="0" errors="1" skipped="0" timestamp="2024-01-01T00:00:00" time="0.000000">
    <testcase classname="b.yml" name="unknown">
      <error>b.yml:1:1: not a map</error>
    </testcase>
  </testsuite>
</testsuites>
)");
}

}  // namespace
}  // namespace outrider
