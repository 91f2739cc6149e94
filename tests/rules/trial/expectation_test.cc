// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/expectation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rules/trial/histogram_notation.h"
#include "rules/trial/series_notation.h"

namespace outrider {
namespace {

Fact Alert(TextMap labels, TextMap annotations = {}, std::string state = "") {
  return {std::move(labels), std::move(annotations), std::move(state), 0, ""};
}
Fact Sample(TextMap labels, double value, std::string histogram = "") {
  return {std::move(labels), {}, "", value, std::move(histogram)};
}

struct MeetCase {
  const char* name;
  std::vector<Fact> expected;
  std::vector<Fact> got;
  CompareOptions options;
  bool meets;
};

TEST(ExpectationTest, Meets) {
  const CompareOptions kExact;
  const CompareOptions kFuzzy{{}, true};
  const CompareOptions kPartial{{.partial = true}, false};
  const CompareOptions kMore{{.allow_more = true}, false};
  const double above = std::nextafter(3.0, 4.0);
  const MeetCase kCases[] = {
      {"nothing", {}, {}, kExact, true},
      {"missing", {Alert({{"a", "1"}})}, {}, kExact, false},
      {"unexpected", {}, {Alert({{"a", "1"}})}, kExact, false},
      {"unexpected but allowed", {}, {Alert({{"a", "1"}})}, kMore, true},
      {"any order",
       {Alert({{"a", "1"}}), Alert({{"a", "2"}})},
       {Alert({{"a", "2"}}), Alert({{"a", "1"}})},
       kExact,
       true},
      {"each by another one",
       {Alert({{"a", "1"}}), Alert({{"a", "1"}})},
       {Alert({{"a", "1"}}), Alert({{"a", "2"}})},
       kExact,
       false},
      {"more labels", {Alert({{"a", "1"}})}, {Alert({{"a", "1"}, {"b", "2"}})}, kExact, false},
      {"more labels, partial",
       {Alert({{"a", "1"}})},
       {Alert({{"a", "1"}, {"b", "2"}})},
       kPartial,
       true},
      {"partial is met by absence", {Alert({{"a", ""}})}, {Alert({{"b", "2"}})}, kPartial, true},
      {"empty is not absent in annotations", {Alert({}, {{"a", ""}})}, {Alert({})}, kExact, false},
      {"partial needs all alerts", {Alert({})}, {Alert({}), Alert({})}, kPartial, false},
      // The first could take either, the second only the first one's favourite.
      {"augmenting path",
       {Alert({{"a", "1"}}), Alert({{"a", "1"}, {"b", "1"}})},
       {Alert({{"a", "1"}, {"b", "1"}}), Alert({{"a", "1"}, {"b", "2"}})},
       kPartial,
       true},
      {"state", {Alert({}, {}, "pending")}, {Alert({}, {}, "firing")}, kExact, false},
      {"value", {Sample({}, 3)}, {Sample({}, 3)}, kExact, true},
      {"last bit", {Sample({}, 3)}, {Sample({}, above)}, kExact, false},
      {"last bit, fuzzy", {Sample({}, 3)}, {Sample({}, above)}, kFuzzy, true},
      {"two bits, fuzzy", {Sample({}, 3)}, {Sample({}, std::nextafter(above, 4.0))}, kFuzzy, false},
      {"NaN meets nothing", {Sample({}, NAN)}, {Sample({}, NAN)}, kExact, false},
      {"histogram", {Sample({}, 0, "{{count:1}}")}, {Sample({}, 0, "{{count:2}}")}, kExact, false},
  };
  for (const MeetCase& c : kCases) {
    EXPECT_EQ(MeetsAll(c.expected, c.got, c.options), c.meets) << c.name;
  }
}

TEST(ExpectationTest, TextsAreThoseOfPromtool) {
  EXPECT_EQ(FactsText(FactKind::kAlert, {}), "[]");
  EXPECT_EQ(FactsText(FactKind::kSample, {}), "nil");
  EXPECT_EQ(
      FactsText(FactKind::kSample, {Sample({{"b", "2"}}, 1500), Sample({{"a", "x\"y"}}, NAN)}),
      "{a=\"x\\\"y\"} NaN, {b=\"2\"} 1.5E+03");
  EXPECT_EQ(FactsText(FactKind::kAlert, {Alert({{"a", "1"}}, {{"s", "t"}})}),
            "[\n            0:\n              Labels:{a=\"1\"}\n              "
            "Annotations:{s=\"t\"}\n            ]");
}

TEST(ExpectationTest, DiffSetsLikeBesideLike) {
  const std::vector<Fact> expected = {
      Alert({{"i", "a"}, {"severity", "page"}}, {{"s", "a is down"}}), Alert({{"i", "z"}})};
  const std::vector<Fact> got = {Alert({{"i", "b"}, {"severity", "page"}}, {{"s", "b is down"}}),
                                 Alert({{"i", "a"}, {"severity", "ticket"}}, {{"s", "a is down"}})};
  EXPECT_EQ(FactsDiff(FactKind::kAlert, expected, got, {}, false),
            "    {i=\"a\"}\n"
            "  -   label severity=\"page\"\n"
            "  +   label severity=\"ticket\"\n"
            "    {}\n"
            "  -   label i=\"z\"\n"
            "  +   label i=\"b\"\n"
            "  +   label severity=\"page\"\n"
            "  +   annotation s=\"b is down\"");
  EXPECT_EQ(FactsDiff(FactKind::kSample, {Sample({{"a", "1"}}, 1)}, {}, {}, true),
            "  \x1b[31m- {a=\"1\"} 1E+00\x1b[0m");
}

TEST(HistogramLiteralTest, WritesWhatItReads) {
  for (const char* text :
       {"{{}}", "{{count:2 sum:3 buckets:[2]}}",
        "{{schema:1 count:32.1 sum:-0.3 z_bucket:7.1 z_bucket_w:0.05 offset:-3 buckets:[5 10 7]}}",
        "{{count:9.1 buckets:[0.1] n_offset:-5 n_buckets:[4 5]}}",
        "{{schema:-53 count:3 sum:4 custom_values:[1 2] counter_reset_hint:gauge buckets:[1 0 2]}}",
        "{{count:1 counter_reset_hint:not_reset buckets:[1]}}"}) {
    const auto values = ParseSequence(text);
    ASSERT_TRUE(values.ok()) << values.status();
    EXPECT_EQ(FormatHistogramLiteral(*(*values)[0].histogram), text);
  }
}

}  // namespace
}  // namespace outrider
