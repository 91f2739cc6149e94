// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/lexer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace outrider::promql {
namespace {

// Tokens as `text@pos`, errors as `!message@pos`.
std::string Lex(std::string_view input) {
  Lexer lexer(input);
  std::string out;
  while (true) {
    const Item item = lexer.Next();
    if (item.token == Token::kEof) return out;
    if (!out.empty()) out += ' ';
    if (item.token == Token::kError) return out + fmt::format("!{}@{}", item.error, item.pos);
    out += fmt::format("{}@{}", item.text, item.pos);
  }
}

struct Case {
  std::string_view input;
  std::string_view tokens;
};

TEST(Lexer, CutsTokens) {
  constexpr Case kCases[] = {
      {"", ""},
      {"  \t\n", ""},
      {"# only a comment", ""},
      {"a # b\nc", "a@0 c@6"},
      {",", ",@0"},
      {"()", "(@0 )@1"},
      {"1 12. .5 1e3 1E-3 0x1F 1_000 0x_ff",
       "1@0 12.@2 .5@6 1e3@9 1E-3@13 0x1F@18 1_000@23 0x_ff@29"},
      {"NaN inf Inf nan", "NaN@0 inf@4 Inf@8 nan@12"},
      {"5s 1h30m 1d2h3m4s5ms 2y", "5s@0 1h30m@3 1d2h3m4s5ms@9 2y@21"},
      {"== != < <= > >= </ >/ =", "==@0 !=@3 <@6 <=@8 >@11 >=@13 </@16 >/@19 =@22"},
      {"+-*/%^@", "+@0 -@1 *@2 /@3 %@4 ^@5 @@6"},
      {"abc a:b:c :x", "abc@0 a:b:c@4 :x@10"},
      {R"("a\"b" 'c' `d\`)", R"("a\"b"@0 'c'@7 `d\`@11)"},
      {R"({a="b",c=~'d',e!="f",g!~`h`})",
       R"({@0 a@1 =@2 "b"@3 ,@6 c@7 =~@8 'd'@10 ,@13 e@14 !=@15 "f"@17 ,@20 g@21 !~@22 `h`@24 }@27)"},
      {"{on, bool}", "{@0 on@1 ,@3 bool@5 }@9"},
      {"a[5m]", "a@0 [@1 5m@2 ]@4"},
      {"a[ 5m : 30s ] offset 1w", "a@0 [@1 5m@3 :@6 30s@8 ]@12 offset@14 1w@21"},
      {"a[1h:]", "a@0 [@1 1h@2 :@4 ]@5"},
      {"a[step()+5m]", "a@0 [@1 step@2 (@6 )@7 +@8 5m@9 ]@11"},
  };
  for (const Case& c : kCases) EXPECT_EQ(Lex(c.input), c.tokens) << c.input;
}

TEST(Lexer, RefusesWithTextAndPosition) {
  constexpr Case kCases[] = {
      {"=~", "!unexpected character after '=': '~'@0"},
      {"a !~ b", "a@0 !unexpected character after '!': '~'@2"},
      {"a $", "a@0 !unexpected character: '$'@2"},
      {"a ü", "a@0 !unexpected character: 'ü'@2"},
      {")", "!unexpected right parenthesis ')'@1"},
      {"(", "(@0 !unclosed left parenthesis@1"},
      {"]", "!unexpected right bracket ']'@0"},
      {"}", "!unexpected character: '}'@0"},
      {"{a", "{@0 a@1 !unexpected end of input inside braces@2"},
      {"{{", "{@0 !unexpected left brace '{'@1"},
      {"{a!x}", "{@0 a@1 !unexpected character after '!' inside braces: 'x'@2"},
      {"2.5.", "!bad number or duration syntax: \"2.5.\"@0"},
      {"0deadbeef", "!bad number or duration syntax: \"0de\"@0"},
      {"1__0", "!bad number or duration syntax: \"1__\"@0"},
      {"5x", "!bad number or duration syntax: \"5\"@0"},
      {"\"abc", "!unterminated quoted string@0"},
      {"'a\nb'", "!unterminated quoted string@0"},
      {"`abc", "!unterminated raw string@0"},
      {"\"\\q\"", "!unknown escape sequence U+0071 'q'@0"},
      {"\"\\xg0\"", "!illegal character U+0067 'g' in escape sequence@0"},
      {"\"\\400\"", "!escape sequence is an invalid Unicode code point@0"},
      {"\"\xff\"", "!invalid UTF-8 rune@0"},
      {"a[", "a@0 [@1 !unexpected end of input in duration expression@2"},
      {"a[x]", "a@0 [@1 !unexpected character in duration expression: 'x'@2"},
      {"a[5s x", "a@0 [@1 5s@2 !unexpected character: 'x', expected ':'@5"},
      {"a[:5s", "a@0 [@1 !unexpected colon before duration in duration expression@2"},
  };
  for (const Case& c : kCases) EXPECT_EQ(Lex(c.input), c.tokens) << c.input;
}

TEST(Lexer, StaysAtItsEnd) {
  Lexer lexer("a");
  lexer.Next();
  EXPECT_EQ(lexer.Next().token, Token::kEof);
  EXPECT_EQ(lexer.Next().token, Token::kEof);
}

TEST(Keywords, AreCaseInsensitive) {
  EXPECT_EQ(FindKeyword("SUM"), Token::kSum);
  EXPECT_EQ(FindKeyword("Group_Left"), Token::kGroupLeft);
  EXPECT_EQ(FindKeyword("rate"), std::nullopt);
  EXPECT_EQ(FindDurationKeyword("Step"), Token::kStep);
  EXPECT_EQ(FindDurationKeyword("sum"), std::nullopt);
}

}  // namespace
}  // namespace outrider::promql
