// SPDX-License-Identifier: Apache-2.0
#include "storage/base/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "storage/base/crypto.h"
#include "storage/base/hash.h"
#include "storage/base/random.h"

namespace outrider {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Text, FloatsAsGoPrintsThem) {
  const struct {
    double value;
    const char* g;
    const char* f;
  } kCases[] = {
      {0, "0", "0"},
      {100000, "100000", "100000"},
      {1000000, "1e+06", "1000000"},
      {12345678, "1.2345678e+07", "12345678"},
      {1234567.891, "1.234567891e+06", "1234567.891"},
      {0.0001234, "0.0001234", "0.0001234"},
      {0.00001234, "1.234e-05", "0.00001234"},
      {1e100, "1e+100", nullptr},
      {-0.5, "-0.5", "-0.5"},
      {std::nan(""), "NaN", "NaN"},
      {kInf, "+Inf", "+Inf"},
      {-kInf, "-Inf", "-Inf"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(FormatFloatG(c.value), c.g);
    if (c.f != nullptr) {
      EXPECT_EQ(FormatFloatF(c.value), c.f);
    }
  }
  EXPECT_EQ(FormatFloatE(1), "1e+00");
  EXPECT_EQ(FormatSampleValue(1e21), "1e+21");
  EXPECT_EQ(FormatSampleValue(1e20), "100000000000000000000");
  EXPECT_EQ(FormatSampleValue(1e-7), "1e-07");
  EXPECT_EQ(FormatTimestampSeconds(1435781451781), "1435781451.781");
  EXPECT_EQ(FormatTimestampSeconds(1435781451700), "1435781451.7");
  EXPECT_EQ(FormatTimestampSeconds(-1500), "-1.5");
  EXPECT_EQ(FormatTimestampSeconds(2000), "2");
}

TEST(Text, ParsesNumbersWhole) {
  EXPECT_EQ(*ParseDouble("+1.5e3"), 1500);
  EXPECT_EQ(*ParseDouble("-Inf"), -kInf);
  EXPECT_TRUE(std::isnan(*ParseDouble("nan")));
  EXPECT_EQ(*ParseDouble("1e999"), kInf);
  for (const char* bad : {"", "1x", " 1", "+-1", "--1"}) EXPECT_FALSE(ParseDouble(bad).ok()) << bad;
  EXPECT_EQ(*ParseInt("-42"), -42);
  EXPECT_FALSE(ParseInt("4.2").ok());
  EXPECT_FALSE(ParseInt("99999999999999999999").ok());
}

TEST(Text, QuotesAndUnquotesAsGo) {
  EXPECT_EQ(Quote("a\"b\\c\n\t\x01\xff é"), "\"a\\\"b\\\\c\\n\\t\\x01\\xff é\"");
  EXPECT_EQ(*Unquote(R"("a\"b\\c\n\x41\u00e9\101")"), "a\"b\\c\nAéA");
  EXPECT_EQ(*Unquote("'it\\'s'"), "it's");
  EXPECT_EQ(*Unquote("`raw\\n`"), "raw\\n");
  for (const char* bad : {"\"", "\"a", "\"\\q\"", "\"\\'\"", "\"a\nb\"", "abc", "\"\\x4\""}) {
    EXPECT_FALSE(Unquote(bad).ok()) << bad;
  }
}

TEST(Text, Utf8) {
  EXPECT_TRUE(IsValidUtf8("plain ascii text and é 日本 😀"));
  for (const char* bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xf4\x90\x80\x80"}) {
    EXPECT_FALSE(IsValidUtf8(bad));
  }
  EXPECT_EQ(RuneCount("aé日"), 3u);
  EXPECT_EQ(RunePrefix("aé日", 2), "aé");
}

TEST(Text, UrlsAndDigests) {
  EXPECT_EQ(UrlEncodeQuery("a b&c=é"), "a+b%26c%3D%C3%A9");
  EXPECT_EQ(*UrlDecode("a+b%26", true), "a b&");
  EXPECT_FALSE(UrlDecode("%4", true).ok());
  EXPECT_FALSE(UrlDecode("%zz", true).ok());
  EXPECT_EQ(Base64Encode("user:pass"), "dXNlcjpwYXNz");
  EXPECT_EQ(Base64Encode("a"), "YQ==");
  EXPECT_EQ(Base64Encode("ab"), "YWI=");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexEncode(HmacSha256("s3cret", "{\"a\": 1}")),
            "1a9fab6cd4b8cdcaad8640f3eca73fa924c62ff24f3833254ef3547232153767");
  EXPECT_EQ(EscapeHtml("<a href=\"x\">'&"), "&lt;a href=&#34;x&#34;&gt;&#39;&amp;");
}

TEST(Random, SeededIsRepeatableAndUuidsAreVersion4) {
  SeededRandom a(1);
  SeededRandom b(1);
  const std::string uuid = a.Uuid();
  EXPECT_EQ(uuid, b.Uuid());
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
  const double unit = a.Unit();
  EXPECT_TRUE(unit >= 0 && unit < 1);
}

}  // namespace
}  // namespace outrider
