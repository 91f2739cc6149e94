// SPDX-License-Identifier: Apache-2.0
#include "storage/base/strict_yaml.h"

#include <gtest/gtest.h>

#include "storage/base/status.h"

namespace outrider {
namespace {

TEST(StrictYaml, ErrorsNameThePlace) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"a: 1\na: 2\n", "f.yml:2:1: key \"a\" already set in map"},
      {"x: {b: 1, b: 2}\n", "f.yml:1:11: key \"b\" already set in map"},
      {"a: [1\n", "f.yml:"},
      {"? [1]\n: 2\n", "f.yml:1:3: a map key must be a plain text"},
  };
  for (const auto& c : kCases) {
    const auto node = ParseYaml(c.text, "f.yml");
    ASSERT_FALSE(node.ok()) << c.text;
    EXPECT_EQ(Message(node.status()).rfind(c.error, 0), 0u) << Message(node.status());
  }
  EXPECT_TRUE(ParseYaml("", "f.yml")->IsNull());
}

// Go's YAML refuses them; yaml-cpp takes the rest of the file for the quoted text.
TEST(StrictYaml, RefusesTextsThatEndTooEarly) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"a: \"x\nb: 1\nc: 2\n", "f.yml:1:4: yaml: found unexpected end of stream"},
      {"a: 'x\nb: 1\n", "f.yml:1:4: yaml: found unexpected end of stream"},
      {"a:\n  - !!str &x \"y\n", "f.yml:2:5: yaml: found unexpected end of stream"},
      {"a: \"x\\\"\nb: 1\n", "f.yml:1:4: yaml: found unexpected end of stream"},
      {"a: 'it''s\nb: ''\n", "f.yml:1:4: yaml: found unexpected end of stream"},
      {"a: {b: \"c}\n", "f.yml:2:1: yaml: end of map flow not found"},
      {"\xef\xbb\xbf"
       "a: \"x\n",
       "f.yml:1:4: yaml: found unexpected end of stream"},
      {"a: 1\nannotations", "f.yml:2:1: yaml: could not find expected ':'"},
      {"a: 1\nannotations\n", "f.yml:2:1: yaml: could not find expected ':'"},
      {"a: 1\n\"annotations\" # x\n", "f.yml:2:1: yaml: end of map not found"},
      {"r:\n  a: |\n  text: b\n  more\n", "f.yml:4:3: yaml: could not find expected ':'"},
  };
  for (const auto& c : kCases) {
    const auto node = ParseYaml(c.text, "f.yml");
    ASSERT_FALSE(node.ok()) << c.text;
    EXPECT_EQ(Message(node.status()).rfind(c.error, 0), 0u) << c.text << Message(node.status());
    EXPECT_FALSE(ParseYamlDocuments(c.text, "f.yml").ok()) << c.text;
  }
  for (const char* fine : {"a: \"x\"\nb: 'it''s'\n", "a: \"x\\\\\"\n", "a:\nb:\n", "? a\n? b\n",
                           "{a, b}", "a: {b, c: }\n", "\"a b\" :\n'c':\n",
                           "!!str \"a\": &x\nb: &y \"z\"\nc: *y\n", "a: it's\nb: x\"y\n",
                           "\xef\xbb\xbf"
                           "a: \"x\"\nb:\n",
                           "a: \"\xc3\xa4\"\nb: 'x'\n\xc3\xb6:\n", "a: |\n  \"x\nb:\n", "",
                           "a: &k b\n*k :\n", "a: \"x\r\n  y\"\r\nb:\r\n"}) {
    const auto node = ParseYaml(fine, "f.yml");
    EXPECT_TRUE(node.ok()) << fine << ": " << node.status();
  }
}

TEST(StrictYaml, ReaderReadsAndRefusesTheRest) {
  const auto node = ParseYaml(
      "name: n\nwait: 1h30m\non: true\nsize: 64MiB\nlist: [a, b]\nmap: {k: v, e: "
      "}\nnothing:\nextra: 1\n",
      "f.yml");
  ASSERT_TRUE(node.ok()) << node.status();
  YamlReader reader(*node, "f.yml", "type test");
  std::string name;
  DurationMs wait = 0;
  bool on = false;
  int64_t size = 0;
  std::vector<std::string> list;
  std::vector<std::pair<std::string, std::string>> map;
  EXPECT_TRUE(reader.String("name", &name) && reader.Duration("wait", &wait) &&
              reader.Bool("on", &on));
  EXPECT_TRUE(reader.Size("size", &size) && reader.StringList("list", &list) &&
              reader.StringMap("map", &map));
  EXPECT_FALSE(reader.String("nothing", &name));
  EXPECT_EQ(wait, 90 * kMinute);
  EXPECT_EQ(size, 64 << 20);
  EXPECT_EQ(list.size(), 2u);
  EXPECT_EQ(map[1].second, "");
  EXPECT_EQ(Message(reader.Finish()), "f.yml:8:1: field extra not found in type test");
}

TEST(StrictYaml, FirstErrorWins) {
  const auto node = ParseYaml("n: x\nd: 5\n", "f.yml");
  YamlReader reader(*node, "f.yml", "type test");
  int64_t n = 0;
  DurationMs d = 0;
  EXPECT_FALSE(reader.Int("n", &n));
  EXPECT_FALSE(reader.Duration("d", &d));
  EXPECT_EQ(Message(reader.Finish()), "f.yml:1:4: n: not an integer: \"x\"");
}

TEST(StrictYaml, BoundsAliases) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) bomb += std::string(i ? "," : "") + "*" + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  EXPECT_FALSE(ParseYaml(bomb, "f.yml").ok());
}

TEST(StrictYaml, SeveralDocuments) {
  const auto documents = ParseYamlDocuments("---\na: 1\n---\n---\nb: {c: 2}\n", "f.yml");
  ASSERT_TRUE(documents.ok()) << documents.status();
  ASSERT_EQ(documents->size(), 2U) << "the empty one is left out";
  EXPECT_EQ((*documents)[0].Find("a")->scalar, "1");
  EXPECT_EQ((*documents)[1].Find("b")->line, 5) << "lines count through the file";
  EXPECT_TRUE(ParseYamlDocuments("", "f.yml")->empty());
  const auto bad = ParseYamlDocuments("a: 1\n---\nb: 1\nb: 2\n", "f.yml");
  ASSERT_FALSE(bad.ok());
  EXPECT_NE(Message(bad.status()).find("f.yml:4:1:"), std::string::npos) << bad.status();
  EXPECT_FALSE(ParseYamlDocuments("a: [\n---\nb", "f.yml").ok());
}

TEST(StrictYaml, TextThatIsNoYamlIsNotDocumentsWithoutEnd) {
  for (const char* text : {",p", ",", "---\n,p\n---\n]"}) {
    const auto documents = ParseYamlDocuments(text, "f");
    EXPECT_TRUE(!documents.ok() || documents->size() <= 3) << text;
  }
}

TEST(StrictYaml, LinesOfLaterDocumentsAreThoseOfTheFile) {
  const auto documents = ParseYamlDocuments("%YAML 1.2\n---\na: 1\n--- {b: 2}\n---\n\nc: 3\n", "f");
  ASSERT_TRUE(documents.ok()) << documents.status();
  ASSERT_EQ(documents->size(), 3U);
  EXPECT_EQ((*documents)[1].line, 4);
  EXPECT_EQ((*documents)[2].Find("c")->line, 7);
}

}  // namespace
}  // namespace outrider
