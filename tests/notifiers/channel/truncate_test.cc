// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/truncate.h"

#include <gmock/gmock.h>

#include "notifiers/channel/fit_body.h"

namespace outrider {
namespace {

TEST(Truncate, Runes) {
  EXPECT_EQ(TruncateRunes("éééé", 4), "éééé");
  EXPECT_EQ(TruncateRunes("ééééé", 4), "ééé…");
  EXPECT_EQ(TruncateRunes("ééééé", 3), "ééé");
}

TEST(Truncate, Bytes) {
  EXPECT_EQ(TruncateBytes("abcd", 4), "abcd");
  EXPECT_EQ(TruncateBytes("abcde", 4), "a…");
  EXPECT_EQ(TruncateBytes("ééé", 5), "é…");
  EXPECT_EQ(TruncateBytes("ééé", 4), "…");
  EXPECT_EQ(TruncateBytes("abcd", 3), "…");
  EXPECT_EQ(TruncateBytes("abcd", 2), "..");
  EXPECT_EQ(TruncateBytes("abcd", 0), "");
}

TEST(FitBody, CutsTheTextUntilTheBodyFits) {
  const auto build = [](const std::string& text) {
    std::string body = "{\"t\":\"";
    for (const char c : text) body += c == '"' ? "\\\"" : std::string(1, c);
    return body + "\"}";
  };
  EXPECT_EQ(FitBody("short", 100, build), "{\"t\":\"short\"}");
  const std::string plain = FitBody(std::string(500, 'x'), 100, build);
  EXPECT_LE(plain.size(), 100U);
  EXPECT_GT(plain.size(), 90U);
  // Escapes: each letter takes two bytes.
  const std::string quotes = FitBody(std::string(500, '"'), 100, build);
  EXPECT_LE(quotes.size(), 100U);
  EXPECT_GT(quotes.size(), 80U);
  EXPECT_EQ(FitBody("xxxx", 3, build), "{\"t\":\"\"}") << "what is not the text's cannot be cut";
}

}  // namespace
}  // namespace outrider
