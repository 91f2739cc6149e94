// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/mime.h"

#include <gtest/gtest.h>

#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Letters(size_t n) {
  std::string out;
  while (out.size() < n) out += 'a';
  return out;
}

TEST(Mime, QuotedPrintable) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"a=b é", "a=3Db =C3=A9"},
      {"end \nnext\t\r\nx ", "end=20\r\nnext=09\r\nx=20"},
      {Letters(76), Letters(76)},
      {Letters(77), Letters(75) + "=\r\naa"},
      {Letters(74) + "é", Letters(74) + "=\r\n=C3=A9"},
      {"a\rb", "a=0Db"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(EncodeQuotedPrintable(text), want) << text;
}

TEST(Mime, HeaderWords) {
  EXPECT_EQ(EncodeHeader("plain ? = _"), "plain ? = _");
  EXPECT_EQ(EncodeHeader("ü_? ="), "=?utf-8?q?=C3=BC=5F=3F_=3D?=");
  std::string long_text;
  for (int i = 0; i < 60; ++i) long_text += "é";
  const std::string encoded = EncodeHeader(long_text);
  for (const std::string_view word : Split(encoded, ' ')) {
    EXPECT_LE(word.size(), 75U);
    EXPECT_TRUE(word.starts_with("=?utf-8?q?") && word.ends_with("?="));
  }
}

TEST(Mime, Addresses) {
  const auto list = ParseMailAddresses("a@b, \"C, \\\"D\" <c@d>,Grün <e@f>");
  ASSERT_TRUE(list.ok()) << Message(list.status());
  ASSERT_EQ(list->size(), 3U);
  EXPECT_EQ((*list)[1].name, "C, \"D");
  EXPECT_EQ((*list)[1].address, "c@d");
  EXPECT_EQ(FormatMailAddresses(*list), "a@b, \"C, \\\"D\" <c@d>, =?utf-8?q?Gr=C3=BCn?= <e@f>");
  for (const char* bad : {"", "a", "a@", "@b", "x <a@b", "a@b c@d", "<a@b\r\nBcc: x@y>"}) {
    EXPECT_FALSE(ParseMailAddresses(bad).ok()) << bad;
  }
}

TEST(Mime, LongHeadersAreFolded) {
  std::string value;
  for (int i = 0; i < 60; ++i) value += "word ";
  const std::string mail = FormatMail({{"Subject", value}}, {{"text/plain", "x"}}, "b");
  for (const std::string_view line : Split(mail, '\n')) EXPECT_LE(line.size(), 78U) << line;
  EXPECT_TRUE(
      mail.ends_with("\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n"
                     "Content-Type: text/plain\r\n\r\nx\r\n--b--\r\n"));
}

}  // namespace
}  // namespace outrider
