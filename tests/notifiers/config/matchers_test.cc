// SPDX-License-Identifier: Apache-2.0
// Both matcher grammars and the fallback between them (specs/alertmanager.md §1 "Matchers").
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/config/matcher_text.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

constexpr const char* kBad = "error";

std::string Show(const StatusOr<std::vector<MatcherText>>& matchers) {
  if (!matchers.ok()) return kBad;
  std::string out;
  for (const MatcherText& matcher : *matchers) {
    out += "[" + matcher.name + "|" + std::string(MatchTypeText(matcher.type)) + "|" +
           matcher.value + "]";
  }
  return out;
}

struct Case {
  std::string_view text;
  std::string classic;
  std::string utf8;
};

const Case kCases[] = {
    {"", "", ""},
    {"{}", "", ""},
    {"foo=bar", "[foo|=|bar]", "[foo|=|bar]"},
    {"foo!=bar", "[foo|!=|bar]", "[foo|!=|bar]"},
    {"foo=~bar.*", "[foo|=~|bar.*]", "[foo|=~|bar.*]"},
    {"foo!~bar.*", "[foo|!~|bar.*]", "[foo|!~|bar.*]"},
    {R"(foo="bar")", "[foo|=|bar]", "[foo|=|bar]"},
    {R"({foo="bar"})", "[foo|=|bar]", "[foo|=|bar]"},
    {R"({foo="bar",})", "[foo|=|bar]", "[foo|=|bar]"},
    {R"(foo="bar",)", "[foo|=|bar]", "[foo|=|bar]"},
    {R"( { foo = "bar" , baz != qux } )", kBad, "[foo|=|bar][baz|!=|qux]"},
    {R"({foo = "bar" , baz != qux })", "[foo|=|bar][baz|!=|qux]", "[foo|=|bar][baz|!=|qux]"},
    {R"(foo="bar,baz",a=b)", "[foo|=|bar,baz][a|=|b]", "[foo|=|bar,baz][a|=|b]"},
    // One brace: the classic grammar does not mind.
    {"{foo=bar", "[foo|=|bar]", kBad},
    {"foo=bar}", "[foo|=|bar]", kBad},
    {"{{foo=bar}}", kBad, kBad},
    {"{foo=bar}}", "[foo|=|bar}]", kBad},
    // Empty values and blanks inside them.
    {"foo=", "[foo|=|]", kBad},
    {R"(foo="")", "[foo|=|]", "[foo|=|]"},
    {"foo=bar baz", "[foo|=|bar baz]", kBad},
    {"foo=bar=baz", "[foo|=|bar=baz]", kBad},
    {"foo==bar", "[foo|=|=bar]", kBad},
    // The last brace is taken for the set's.
    {"foo=~(a|b){2}", "[foo|=~|(a|b){2]", kBad},
    // Quotes and escapes.
    {R"(foo="bar)", kBad, kBad},
    {R"(foo=bar")", kBad, kBad},
    {R"(foo="b"r")", kBad, kBad},
    {R"(foo="b\"r")", R"([foo|=|b"r])", R"([foo|=|b"r])"},
    {R"(foo="b\\r")", R"([foo|=|b\r])", R"([foo|=|b\r])"},
    {R"(foo="b\nr")", "[foo|=|b\nr]", "[foo|=|b\nr]"},
    {R"(foo="b\tr")", R"([foo|=|b\tr])", "[foo|=|b\tr]"},
    {R"(foo="\d+")", R"([foo|=|\d+])", kBad},
    {R"(foo=\d+)", R"([foo|=|\d+])", kBad},
    {R"(foo=bar\)", R"([foo|=|bar\])", kBad},
    {R"(foo="bar\")", kBad, kBad},
    {R"(foo="\u0041")", R"([foo|=|\u0041])", "[foo|=|A]"},
    {R"(foo="\xff")", R"([foo|=|\xff])", kBad},
    // Names.
    {"foo:bar=x", "[foo:bar|=|x]", "[foo:bar|=|x]"},
    {"0foo=x", kBad, "[0foo|=|x]"},
    {"fo-o=x", kBad, "[fo-o|=|x]"},
    {"Σ=🙂", kBad, "[Σ|=|🙂]"},
    {"foo=🙂", "[foo|=|🙂]", "[foo|=|🙂]"},
    {R"("foo bar"="x y")", kBad, "[foo bar|=|x y]"},
    {R"(""=x)", kBad, kBad},
    {"=x", kBad, kBad},
    {"foo", kBad, kBad},
    {"foo!bar", kBad, kBad},
    {",", kBad, kBad},
    {"foo=bar,,a=b", kBad, kBad},
    {",foo=bar", kBad, kBad},
    {"foo='bar'", "[foo|=|'bar']", kBad},
    {"foo=`bar`", "[foo|=|`bar`]", kBad},
    {"foo=bar\xff", kBad, kBad},
};

TEST(Matchers, BothGrammars) {
  for (const Case& c : kCases) {
    EXPECT_EQ(Show(ParseClassicMatchers(c.text)), c.classic) << "classic: " << c.text;
    EXPECT_EQ(Show(ParseUtf8Matchers(c.text)), c.utf8) << "utf-8: " << c.text;
  }
}

TEST(Matchers, FallbackPrefersTheClassicReading) {
  for (const Case& c : kCases) {
    const auto both = ParseMatchers(c.text);
    const std::string& wanted = c.classic != kBad ? c.classic : c.utf8;
    EXPECT_EQ(both.ok(), wanted != kBad) << c.text << " " << both.status();
    if (!both.ok()) {
      EXPECT_EQ(Message(both.status()), Message(ParseClassicMatchers(c.text).status())) << c.text;
      continue;
    }
    std::string shown;
    for (const Matcher& matcher : *both) {
      shown += "[" + matcher.name() + "|" + std::string(MatchTypeText(matcher.type())) + "|" +
               matcher.value() + "]";
    }
    EXPECT_EQ(shown, wanted) << c.text;
  }
}

TEST(Matchers, WarnsWhereTheMeaningWillChange) {
  std::vector<std::string> warnings;
  ASSERT_TRUE(ParseMatchers("foo=bar", &warnings).ok());
  ASSERT_TRUE(ParseMatchers("Σ=x", &warnings).ok());
  EXPECT_TRUE(warnings.empty());
  ASSERT_TRUE(ParseMatchers("foo=bar baz", &warnings).ok());
  ASSERT_TRUE(ParseMatchers(R"(foo="b\tr")", &warnings).ok());
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_THAT(warnings[0], HasSubstr(R"(foo="bar baz")"));
  EXPECT_THAT(warnings[1], HasSubstr("disagreement"));
}

TEST(Matchers, ErrorTexts) {
  EXPECT_EQ(Message(ParseMatchers("foo").status()), "bad matcher format: foo");
  EXPECT_EQ(Message(ParseMatchers(R"(foo="b"r")").status()),
            R"(matcher value contains unescaped double quote: "b"r")");
  EXPECT_EQ(Message(ParseMatcher("{foo=bar}").status()),
            "unexpected open or close brace: {foo=bar}");
  EXPECT_EQ(Message(ParseMatcher("foo=bar}").status()), "unexpected open or close brace: foo=bar}");
  EXPECT_EQ(Message(ParseMatcher("a=b,c=d", MatcherMode::kUtf8).status()),
            "expected 1 matcher, found 2");
  EXPECT_EQ(Message(ParseMatcher("").status()), "bad matcher format: ");
  EXPECT_TRUE(ParseMatcher("foo=bar").ok());
  EXPECT_FALSE(ParseMatchers("foo=~(").ok());
}

// As `filter` of the API: the classic grammar takes commas for a part of the value.
TEST(Matchers, OneMatcherMayHaveCommas) {
  const std::pair<const char*, const char*> cases[] = {
      {"a=e,x=y", "e,x=y"},
      {"a=b,", "b,"},
      {"a=(b,c)", "(b,c)"},
      {R"(a=b\\,c)", R"(b\,c)"},
      {"a=~x{1,2}y", "x{1,2}y"},
      {R"(a="b,c")", "b,c"},
      {"a=b", "b"},
  };
  for (const auto& [text, value] : cases) {
    for (const MatcherMode mode : {MatcherMode::kFallback, MatcherMode::kClassic}) {
      const auto matcher = ParseMatcher(text, mode);
      ASSERT_TRUE(matcher.ok()) << matcher.status() << text;
      EXPECT_EQ(matcher->value(), value) << text;
      EXPECT_EQ(matcher->name(), "a") << text;
    }
  }
}

TEST(Matchers, RegexIsAnchoredAndItsDotStopsAtNewlines) {
  const Matcher matcher = *ParseMatcher("foo=~b.r");
  EXPECT_TRUE(matcher.Matches("bar"));
  EXPECT_FALSE(matcher.Matches("xbar"));
  EXPECT_FALSE(matcher.Matches("b\nr"));
}

TEST(Matchers, TextForKeys) {
  EXPECT_EQ(MatchersText({}), "{}");
  EXPECT_EQ(MatchersText(*ParseMatchers(R"(a="b",c=~"d|e")")), R"({a="b",c=~"d|e"})");
  EXPECT_EQ(MatchersText(*ParseMatchers(R"(a="q\"\\\n")")), R"({a="q\"\\\n"})");
  EXPECT_EQ(MatchersText(*ParseMatchers("a=\"t\tab\"")), "{a=\"t\tab\"}");
  EXPECT_EQ(MatchersText(*ParseMatchers(R"("a b"="c\td")")), R"({"a b"="c\td"})");
}

}  // namespace
}  // namespace outrider
