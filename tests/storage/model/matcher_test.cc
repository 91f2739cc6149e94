// SPDX-License-Identifier: Apache-2.0
#include "storage/model/matcher.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(Matcher, AMissingLabelIsEmpty) {
  const Labels labels{{"job", "node"}};
  const struct {
    MatchType type;
    const char* name;
    const char* value;
    bool matches;
    const char* text;
  } kCases[] = {
      {MatchType::kEqual, "job", "node", true, R"(job="node")"},
      {MatchType::kEqual, "x", "", true, R"(x="")"},
      {MatchType::kNotEqual, "x", "a", true, R"(x!="a")"},
      {MatchType::kRegex, "job", "no.*", true, R"(job=~"no.*")"},
      {MatchType::kRegex, "job", "no", false, R"(job=~"no")"},
      {MatchType::kNotRegex, "job", "a|b", true, R"(job!~"a|b")"},
      {MatchType::kRegex, "x.y", ".*", true, R"("x.y"=~".*")"},
  };
  for (const auto& c : kCases) {
    const auto matcher = Matcher::Create(c.type, c.name, c.value);
    ASSERT_TRUE(matcher.ok());
    EXPECT_EQ(matcher->Matches(labels), c.matches) << c.text;
    EXPECT_EQ(matcher->ToString(), c.text);
  }
  EXPECT_FALSE(Matcher::Create(MatchType::kRegex, "a", "(").ok());
  EXPECT_TRUE(Matcher::Create(MatchType::kRegex, "a", "b|").value().MatchesEmpty());
}

}  // namespace
}  // namespace outrider
