// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/gsm7.h"

#include <gmock/gmock.h>

#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Times(size_t count, std::string_view text) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Gsm7, Spelling) {
  const std::pair<const char*, const char*> cases[] = {
      {"plain @ $ _ text", "plain @ $ _ text"},
      {"“quoted” ‘so’ – and — dashes…", "\"quoted\" 'so' - and - dashes..."},
      {"Ärger über ñandú à", "Ärger über ñandu à"},
      {"łódź", "lodz"},
      {"fire 🔥 ✓\ufe0f", "fire  ✓"},
      {"`code` a\tb", "'code' a b"},
      {"{[~^\\|]} €", "{[~^\\|]} €"},
      {"привет", "привет"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(SpellInGsm7(text), want);
}

TEST(Gsm7, UnitsAndSegments) {
  EXPECT_EQ(Gsm7Units("abc"), 3U);
  EXPECT_EQ(Gsm7Units("a{€"), 5U);
  EXPECT_EQ(Gsm7Units("ü"), 1U);
  EXPECT_EQ(Gsm7Units("я"), std::nullopt);
  EXPECT_EQ(Gsm7Units("\x01"), std::nullopt);
  EXPECT_EQ(SmsSegments(""), 1U);
  EXPECT_EQ(SmsSegments(Times(160, "x")), 1U);
  EXPECT_EQ(SmsSegments(Times(161, "x")), 2U);
  EXPECT_EQ(SmsSegments(Times(306, "x")), 2U);
  EXPECT_EQ(SmsSegments(Times(307, "x")), 3U);
  EXPECT_EQ(SmsSegments(Times(80, "{")), 1U);
  EXPECT_EQ(SmsSegments(Times(81, "{")), 2U);
  EXPECT_EQ(SmsSegments(Times(70, "я")), 1U);
  EXPECT_EQ(SmsSegments(Times(71, "я")), 2U);
  EXPECT_EQ(SmsSegments(Times(35, "🔥")), 1U);
  EXPECT_EQ(SmsSegments(Times(36, "🔥")), 2U);
}

TEST(Gsm7, Cutting) {
  EXPECT_EQ(CutSms("short", 1), "short");
  EXPECT_EQ(CutSms(Times(160, "x"), 1), Times(160, "x"));
  EXPECT_EQ(CutSms(Times(161, "x"), 1), Times(157, "x") + "...");
  EXPECT_EQ(CutSms(Times(400, "x"), 2), Times(303, "x") + "...");
  EXPECT_EQ(CutSms(Times(100, "я"), 1), Times(67, "я") + "...");
  EXPECT_EQ(CutSms(Times(5, "x"), 0), "xxxxx");
  for (size_t segments = 1; segments <= 11; ++segments) {
    const std::string cut = CutSms(Times(3000, "ab{é"), segments);
    EXPECT_LE(SmsSegments(cut), segments);
    EXPECT_LE(RuneCount(cut), 1600U);
    EXPECT_GT(SmsSegments(cut + "xxxx"), segments == 11 ? 0U : segments);
  }
}

}  // namespace
}  // namespace outrider
