// SPDX-License-Identifier: Apache-2.0
#include "storage/base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <string_view>

#include "storage/base/json_reader.h"

namespace outrider {
namespace {

TEST(Json, ParsesWhatItWrites) {
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("a").StartArray().Int(1).Double(1.5).Double(NAN).EndArray();
  json.Key("s").String("q\" \\ \n \x01 é <").Key("b").Bool(true).Key("n").Null().EndObject();
  EXPECT_EQ(text, R"({"a":[1,1.5,null],"s":"q\" \\ \n \u0001 é <","b":true,"n":null})");
  const auto value = ParseJson(text);
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->GetString("s"), "q\" \\ \n \x01 é <");
  EXPECT_TRUE(value->GetBool("b"));
  ASSERT_EQ(value->Find("a")->items.size(), 3u);
  EXPECT_EQ(value->Find("a")->items[0].integer, 1);
  EXPECT_EQ(value->Find("missing"), nullptr);
}

TEST(Json, Numbers) {
  const auto value = ParseJson("[0, -7, 9223372036854775807, 9223372036854775808, 1.5e3, 0." +
                               std::string(400, '0') + "1]");
  ASSERT_TRUE(value.ok()) << value.status();
  const auto& items = value->items;
  EXPECT_TRUE(items[1].is_integer);
  EXPECT_EQ(items[1].integer, -7);
  EXPECT_EQ(items[2].integer, INT64_MAX);
  EXPECT_FALSE(items[3].is_integer);
  EXPECT_EQ(items[3].number, 0x1p63);
  EXPECT_EQ(items[4].number, 1500);
  EXPECT_EQ(items[5].number, 0);
  EXPECT_FALSE(ParseJson("1e400").ok());
}

// Eight bytes are looked at together: an escape must be seen at any place of them.
TEST(Json, EscapesAreSeenAtEveryPlace) {
  const std::map<std::string, std::string> escaped = {
      {"\"", "\\\""},      {"\\", "\\\\"},   {"\n", "\\n"},
      {"\x1f", "\\u001f"}, {"<", "\\u003c"}, {">", "\\u003e"},
      {"&", "\\u0026"},    {" ", " "},       {"\xe2\x80\xa9", "\\u2029"},
      {"\x7f", "\x7f"},    {"\xff", "\xff"}, {"\xe2\x82\xac", "\xe2\x82\xac"}};
  for (size_t before = 0; before < 20; ++before) {
    for (const auto& [plain, quoted] : escaped) {
      const std::string around(before, 'x');
      std::string text;
      JsonWriter(&text, JsonWriter::Escape::kGoHtml).String(around + plain + around);
      EXPECT_EQ(text, "\"" + around + quoted + around + "\"");
    }
  }
}

// Of which a sanitizer has to tell: texts without room behind them.
TEST(Json, ACharacterThatIsCutOffAtTheEndIsReadNoFurther) {
  struct Nothing final : JsonEvents {
    bool OnKey(std::string_view) override { return true; }
    bool OnString(std::string_view) override { return true; }
    bool OnScalar(JsonValue::Kind) override { return true; }
    bool OnOpen(JsonValue::Kind) override { return true; }
    bool OnClose() override { return true; }
  };
  for (const char* end : {"\xf0", "\xe2", "\xf4\"", "\xe2\x82", "\xf0\"]"}) {
    std::string text = "[\"" + std::string(40, 'a') + end;
    text.shrink_to_fit();
    const size_t size = text.size();
    Nothing events;
    EXPECT_FALSE(ReadJson(&text, events).ok()) << end;
    EXPECT_EQ(text.size(), size) << end;
  }
}

TEST(Json, GoEscapes) {
  std::string text;
  JsonWriter(&text, JsonWriter::Escape::kGoHtml).String("<a & b>\xe2\x80\xa8");
  EXPECT_EQ(text, R"("\u003ca \u0026 b\u003e\u2028")");
}

TEST(Json, RefusesWithTheOffset) {
  for (const char* bad : {"", "{", "[1,]", "{\"a\":}", "nul", "\"\xff\"", "1 2"}) {
    const auto value = ParseJson(bad);
    ASSERT_FALSE(value.ok()) << bad;
    EXPECT_NE(value.status().ToString().find("offset"), std::string::npos);
  }
  EXPECT_FALSE(ParseJson(std::string(100, '[') + std::string(100, ']')).ok());
  EXPECT_TRUE(ParseJson(std::string(60, '[') + std::string(60, ']')).ok());
}

}  // namespace
}  // namespace outrider
