// SPDX-License-Identifier: Apache-2.0
#include "storage/base/regex.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

Regex Make(std::string_view pattern, Regex::Anchor anchor = Regex::Anchor::kBoth,
           Regex::Dot dot = Regex::Dot::kAll) {
  return *Regex::Compile(pattern, anchor, dot);
}

TEST(Regex, AnchorsAndDot) {
  EXPECT_TRUE(Make("a|b").Matches("b"));
  EXPECT_FALSE(Make("a|b").Matches("ab"));
  EXPECT_TRUE(Make("a.b").Matches("a\nb"));
  EXPECT_FALSE(Make("a.b", Regex::Anchor::kBoth, Regex::Dot::kNoNewline).Matches("a\nb"));
  EXPECT_TRUE(Make("b", Regex::Anchor::kNone).Matches("abc"));
  EXPECT_FALSE(Regex::Compile("(", Regex::Anchor::kBoth, Regex::Dot::kAll).ok());
}

TEST(Regex, ExpandsAsGo) {
  std::string out;
  EXPECT_TRUE(Make("(.*)-(?P<n>.*)").MatchAndExpand("x-y", "$1|${n}|$$|$9|$1x|$", &out));
  EXPECT_EQ(out, "x|y|$|||$");
  EXPECT_FALSE(Make("a").MatchAndExpand("b", "$0", &out));
}

TEST(Regex, ReplacesAll) {
  const auto any = Regex::Anchor::kNone;
  EXPECT_EQ(Make("a(x*)b", any).ReplaceAll("-ab-axxb-", "${1}W"), "-W-xxW-");
  EXPECT_EQ(Make("x*", any).ReplaceAll("abxc", "-"), "-a-b-c-");
  EXPECT_EQ(Make("x*", any).ReplaceAll("xéb", "-"), "-é-b-");  // no character is split
  EXPECT_EQ(Make("b", any).ReplaceAll("", "-"), "");
  // Between matches and inside of one replacement.
  EXPECT_EQ(Make("a", any).ReplaceAll("aaaa", "xy", 3), "xyxy");
  EXPECT_EQ(Make("a+", any).ReplaceAll("aaaa", "$0$0$0", 3), "aaaa");
  EXPECT_EQ(Make("a", any).ReplaceAll("aaaa", "x", 4), "xxxx");
}

TEST(Regex, LiteralPrefix) {
  EXPECT_EQ(Make("node_.*").Prefix(), "node_");
  EXPECT_EQ(Make(".*x").Prefix(), "");
  EXPECT_EQ(QuoteRegexMeta("team.a"), "team\\.a");
}

}  // namespace
}  // namespace outrider
