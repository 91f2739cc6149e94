// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/lexer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <span>
#include <string>

namespace outrider::promql {
namespace {

// One word per token: what it is, its text, and where it begins.
std::string Show(const Item& item) {
  static const std::map<Token, std::string_view> kKinds = {
      {Token::kIdentifier, "id"}, {Token::kMetricIdentifier, "metric"},
      {Token::kString, "str"},    {Token::kNumber, "num"},
      {Token::kDuration, "dur"},
  };
  if (item.token == Token::kEof) return "end";
  if (item.token == Token::kError) return fmt::format("!{} {}", item.pos, item.error);
  const auto kind = kKinds.find(item.token);
  if (kind != kKinds.end()) return fmt::format("{}:{}", kind->second, item.text);
  const bool word = IsOperator(item.token) || IsAggregator(item.token) || IsKeyword(item.token);
  return word ? fmt::format("<{}>", TokenText(item.token)) : std::string(item.text);
}

std::string Cut(std::string_view query) {
  Lexer lexer(query);
  std::string out;
  while (true) {
    const Item item = lexer.Next();
    out += (out.empty() ? "" : " ") + Show(item);
    if (item.token == Token::kEof || item.token == Token::kError) return out;
  }
}

struct Row {
  std::string_view query;
  std::string_view tokens;
};

void ExpectTokens(std::span<const Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(Cut(row.query), row.tokens) << row.query;
}

TEST(Lexer, Numbers) {
  constexpr Row kRows[] = {
      {"0", "num:0 end"},
      {"42 3.25 .5 6.", "num:42 num:3.25 num:.5 num:6. end"},
      {"2e3 2E+3 2.5e-3 7.e1", "num:2e3 num:2E+3 num:2.5e-3 num:7.e1 end"},
      {"12_345 1_2.3_4 1e1_0", "num:12_345 num:1_2.3_4 num:1e1_0 end"},
      {"0x1F 0XaB 0x_f 0xdead_beef", "num:0x1F num:0XaB num:0x_f num:0xdead_beef end"},
      {"017 08", "num:017 num:08 end"},
      {"Inf nan +INF -NaN", "num:Inf num:nan <+> num:INF <-> num:NaN end"},
      {"info infinity", "id:info id:infinity end"},
      {"1+2", "num:1 <+> num:2 end"},
      {"1-.5", "num:1 <-> num:.5 end"},
      {"3(", "num:3 ( !2 unclosed left parenthesis"},
      {"3.4.5", R"(!0 bad number or duration syntax: "3.4.")"},
      {"8_", R"(!0 bad number or duration syntax: "8_")"},
      {"8__1", R"(!0 bad number or duration syntax: "8__")"},
      {"8_.1", R"(!0 bad number or duration syntax: "8_.")"},
      {"0x__a", "num:0x__a end"},
      {"5e", R"(!0 bad number or duration syntax: "5e")"},
      {"5x", R"(!0 bad number or duration syntax: "5")"},
      {"5_x", R"(!0 bad number or duration syntax: "5_")"},
      {"+ .", "<+> !2 unexpected character: '.'"},
  };
  ExpectTokens(kRows);
}

TEST(Lexer, Durations) {
  constexpr Row kRows[] = {
      {"9y 8w 7d 6h 5m 4s 3ms", "dur:9y dur:8w dur:7d dur:6h dur:5m dur:4s dur:3ms end"},
      {"1w3d5h", "dur:1w3d5h end"},
      {"2m1s500ms", "dur:2m1s500ms end"},
      {"5m*2", "dur:5m <*> num:2 end"},
      // The order of units and the fraction are for the value to refuse.
      {"1s1h 1.5h 0x2h 4ys", "dur:1s1h dur:1.5h dur:0x2h dur:4ys end"},
      {"5mm", R"(!0 bad number or duration syntax: "5mm")"},
      {"5m3", R"(!0 bad number or duration syntax: "5m3")"},
      {"5m3q", R"(!0 bad number or duration syntax: "5m3")"},
      {"5m_", R"(!0 bad number or duration syntax: "5m_")"},
      {"5M", R"(!0 bad number or duration syntax: "5")"},
  };
  ExpectTokens(kRows);
}

TEST(Lexer, Words) {
  constexpr Row kRows[] = {
      {"_ a_1 Z9", "id:_ id:a_1 id:Z9 end"},
      {"site:flow:rate5m :x x: ::", "metric:site:flow:rate5m metric::x metric:x: metric::: end"},
      {"sum SUM Sum", "<sum> <sum> <sum> end"},
      {"a AND b oR c", "id:a <and> id:b <or> id:c end"},
      {"sums by_ onward", "id:sums id:by_ id:onward end"},
      {"group_left(x)", "<group_left> ( id:x ) end"},
      {"start() step()", "<start> ( ) <step> ( ) end"},
      {"fill_left atan2 limit_ratio", "id:fill_left <atan2> <limit_ratio> end"},
      {"sum:x", "metric:sum:x end"},
  };
  ExpectTokens(kRows);
}

TEST(Lexer, Signs) {
  constexpr Row kRows[] = {
      {"+-*/%^@,", "<+> <-> <*> </> <%> <^> <@> , end"},
      {"== != < <= > >= </ >/ =", "<==> <!=> <<> <<=> <>> <>=> <</> <>/> = end"},
      {"a<b>=c", "id:a <<> id:b <>=> id:c end"},
      {"===", "<==> = end"},
      {"=~", "!0 unexpected character after '=': '~'"},
      {"a !~ b", "id:a !2 unexpected character after '!': '~'"},
      {"!", "!0 unexpected character after '!': '\xEF\xBF\xBD'"},
      {"a & b", "id:a !2 unexpected character: '&'"},
      {"a }", "id:a !2 unexpected character: '}'"},
      {"a ]", "id:a !2 unexpected right bracket ']'"},
      {"a )", "id:a !3 unexpected right parenthesis ')'"},
      {"(a", "( id:a !2 unclosed left parenthesis"},
      {"((a)", "( ( id:a ) !4 unclosed left parenthesis"},
  };
  ExpectTokens(kRows);
}

TEST(Lexer, BlanksAndComments) {
  constexpr Row kRows[] = {
      {"", "end"},
      {" \t\r\n ", "end"},
      {"# nothing", "end"},
      {"a # b\n+ c#d", "id:a <+> id:c end"},
      {"#\n#\n\n#x\n7", "num:7 end"},
      {"a{ # )\n}", "id:a { } end"},
      {"a[5m # ]\n:]", "id:a [ dur:5m : ] end"},
      {"a[ # 5m\n5m]", "id:a [ !3 unexpected character in duration expression: '#'"},
      {"\"#\" '#' `#`", "str:\"#\" str:'#' str:`#` end"},
  };
  ExpectTokens(kRows);
}

TEST(Lexer, Strings) {
  constexpr Row kRows[] = {
      {R"("")", R"(str:"" end)"},
      {R"("a'b`c" 'a"b' `"'`)", R"(str:"a'b`c" str:'a"b' str:`"'` end)"},
      {R"("\a\b\f\n\r\t\v\\\"")", R"(str:"\a\b\f\n\r\t\v\\\"" end)"},
      {R"('\'')", R"(str:'\'' end)"},
      {R"("\x4a\112\u00e9\U0001F37A")", R"(str:"\x4a\112\u00e9\U0001F37A" end)"},
      {R"("bière 🍺")", R"(str:"bière 🍺" end)"},
      {"`a\\q\nb`", "str:`a\\q\nb` end"},
      {R"("a)", "!0 unterminated quoted string"},
      {"'a\n'", "!0 unterminated quoted string"},
      {R"("\")", "!0 unterminated quoted string"},
      {"`a", "!0 unterminated raw string"},
      {R"("\)", "!0 escape sequence not terminated"},
      {R"("\u1)", "!0 escape sequence not terminated"},
      {R"("\q")", "!0 unknown escape sequence U+0071 'q'"},
      {R"("\'")", "!0 unknown escape sequence U+0027 '''"},
      {R"("\🍺")", "!0 unknown escape sequence U+1F37A '🍺'"},
      {"\"\\\t\"", "!0 unknown escape sequence U+0009"},
      {R"("\x1")", R"(!0 illegal character U+0022 '"' in escape sequence)"},
      {R"("\x\")", R"(!0 illegal character U+005C '\' in escape sequence)"},
      {R"("\19")", "!0 illegal character U+0039 '9' in escape sequence"},
      {R"("\777")", "!0 escape sequence is an invalid Unicode code point"},
      {R"("\uDC00")", "!0 escape sequence is an invalid Unicode code point"},
      {R"("\UFFFFFFFF")", "!0 escape sequence is an invalid Unicode code point"},
      {"\"\xC3(\"", "!0 invalid UTF-8 rune"},
  };
  ExpectTokens(kRows);
}

TEST(Lexer, Braces) {
  constexpr Row kRows[] = {
      {"a{}", "id:a { } end"},
      {R"(a{sum="x",on!='y'})", R"(id:a { id:sum = str:"x" , id:on <!=> str:'y' } end)"},
      {"{x=~`1`,y!~`2`,}", "{ id:x <=~> str:`1` , id:y <!~> str:`2` , } end"},
      {R"({"a.b","c d"="e"})", R"({ str:"a.b" , str:"c d" = str:"e" } end)"},
      {"a{x==", "id:a { id:x = = !5 unexpected end of input inside braces"},
      {"a{}b", "id:a { } id:b end"},
      {"a{", "id:a { !2 unexpected end of input inside braces"},
      {"a{{", "id:a { !2 unexpected left brace '{'"},
      {"a{x:y", "id:a { id:x !3 unexpected character inside braces: ':'"},
      {"a{5", "id:a { !2 unexpected character inside braces: '5'"},
      {"a{.5", "id:a { !2 unexpected character inside braces: '.'"},
      {"a{x!y", "id:a { id:x !3 unexpected character after '!' inside braces: 'y'"},
      {"a{x<y", "id:a { id:x !3 unexpected character inside braces: '<'"},
      {"a{ö", "id:a { !2 unexpected character inside braces: 'ö'"},
  };
  ExpectTokens(kRows);
}

TEST(Lexer, Brackets) {
  constexpr Row kRows[] = {
      {"a[5m]", "id:a [ dur:5m ] end"},
      {"a[ 300 ]", "id:a [ num:300 ] end"},
      {"a[5m:]", "id:a [ dur:5m : ] end"},
      {"a[1h:30s] @ 5", "id:a [ dur:1h : dur:30s ] <@> num:5 end"},
      {"a[-(5m+1)*2^.5]", "id:a [ <-> ( dur:5m <+> num:1 ) <*> num:2 <^> num:.5 ] end"},
      {"a[step():range()]",
       "id:a [ <step> ( ) !9 unexpected colon before duration in duration expression"},
      {"a[1+step():range()]", "id:a [ num:1 <+> <step> ( ) : <range> ( ) ] end"},
      {"a[MAX_OF(1,2m)]", "id:a [ <max_of> ( num:1 , dur:2m ) ] end"},
      {"a[5m]:b", "id:a [ dur:5m ] metric::b end"},
      {"a[", "id:a [ !2 unexpected end of input in duration expression"},
      {"a[(", "id:a [ ( !3 unexpected end of input in duration expression"},
      {"a[5m", "id:a [ dur:5m !4 unclosed left bracket"},
      {"(a[5m", "( id:a [ dur:5m !5 unclosed left parenthesis"},
      {"a[:", "id:a [ !3 unexpected colon before duration in duration expression"},
      {"a[5m::", "id:a [ dur:5m : !5 unexpected colon ':'"},
      {"a[5m[", "id:a [ dur:5m !4 unexpected left bracket '['"},
      {"a[b", "id:a [ !2 unexpected character in duration expression: 'b'"},
      {"a[sum", "id:a [ !2 unexpected character in duration expression: 's'"},
      {"a[\"", "id:a [ !2 unexpected character in duration expression: '\"'"},
      {"a[5m b", "id:a [ dur:5m !5 unexpected character: 'b', expected ':'"},
      {"a[5m;", "id:a [ dur:5m !4 unexpected character: ';'"},
      {"a[5m]]", "id:a [ dur:5m ] !5 unexpected right bracket ']'"},
      {"a[)", "id:a [ !3 unexpected right parenthesis ')'"},
  };
  ExpectTokens(kRows);
}

TEST(Lexer, PositionsAndTextsCoverTheQuery) {
  constexpr std::string_view kQuery = "  sum by(x) (rate(a{b=\"c\"}[5m:1m]))>=1e3 # end\n";
  Lexer lexer(kQuery);
  uint32_t before = 0;
  for (Item item = lexer.Next(); item.token != Token::kEof; item = lexer.Next()) {
    ASSERT_NE(item.token, Token::kError) << item.error;
    EXPECT_GE(item.pos, before);
    EXPECT_EQ(kQuery.substr(item.pos, item.text.size()), item.text);
    before = item.end();
  }
  EXPECT_EQ(lexer.Next().pos, kQuery.size());
}

TEST(Lexer, TheLastItemComesAgain) {
  Lexer ended("a");
  ended.Next();
  EXPECT_EQ(ended.Next().token, Token::kEof);
  EXPECT_EQ(ended.Next().token, Token::kEof);
  Lexer failed("$ a");
  const std::string first = Show(failed.Next());
  EXPECT_EQ(first, "!0 unexpected character: '$'");
  EXPECT_EQ(Show(failed.Next()), first);
}

TEST(Lexer, ACopyLooksAhead) {
  Lexer lexer("a[5m]");
  lexer.Next();
  Lexer copy = lexer;
  EXPECT_EQ(copy.Next().token, Token::kLeftBracket);
  EXPECT_EQ(copy.Next().token, Token::kDuration);
  EXPECT_EQ(lexer.Next().token, Token::kLeftBracket);
}

TEST(Keywords, AreFoundInAnyCaseAndPrintedInOne) {
  for (int i = 0; i <= static_cast<int>(Token::kMinOf); ++i) {
    const auto token = static_cast<Token>(i);
    if (!IsAggregator(token) && !IsKeyword(token)) continue;
    std::string word(TokenText(token));
    ASSERT_FALSE(word.empty()) << i;
    EXPECT_EQ(FindKeyword(word), token) << word;
    word[0] = static_cast<char>(word[0] - 'a' + 'A');
    EXPECT_EQ(FindKeyword(word), token) << word;
    const bool in_durations = token >= Token::kStep;
    EXPECT_EQ(FindDurationKeyword(word).has_value(), in_durations) << word;
  }
  EXPECT_EQ(FindKeyword("iNf"), Token::kNumber);
  EXPECT_EQ(FindKeyword("rate"), std::nullopt);
  EXPECT_EQ(FindKeyword(""), std::nullopt);
}

TEST(Describe, NamesTheKindAndCutsLongTexts) {
  const auto describe = [](std::string_view query) { return Describe(Lexer(query).Next()); };
  EXPECT_EQ(describe(""), "end of input");
  EXPECT_EQ(describe("a_rather_long_name"), R"(identifier "a_rather_long_name")");
  EXPECT_EQ(describe("a:b"), R"(metric identifier "a:b")");
  EXPECT_EQ(describe("12345678901"), R"(number "1234567890"...)");
  EXPECT_EQ(describe("1234567890"), R"(number "1234567890")");
  EXPECT_EQ(describe("1d2h3m4s5ms"), R"(duration "1d2h3m4s5m"...)");
  EXPECT_EQ(describe("'ééééééééééé'"), R"(string "'ééééééééé"...)");
  EXPECT_EQ(describe("OFFSET"), "<OFFSET>");
  EXPECT_EQ(describe("Topk"), "<aggr:Topk>");
  EXPECT_EQ(describe(">="), "<op:>=>");
  EXPECT_EQ(describe("start"), R"("start")");
  EXPECT_EQ(describe("="), R"("=")");
  EXPECT_EQ(describe("?"), "unexpected character: '?'");
}

}  // namespace
}  // namespace outrider::promql
