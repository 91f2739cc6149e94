// SPDX-License-Identifier: Apache-2.0
// What PlainJsonReader reads at all it reads as ReadJson does.
#include "storage/base/json_plain.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/base/json_reader.h"

namespace outrider {
namespace {

// What it is told, as text.
class Log final : public JsonEvents {
 public:
  bool OnKey(std::string_view key) override { return Note("key ", key); }
  bool OnString(std::string_view text) override { return Note("text ", text); }
  bool OnScalar(JsonValue::Kind /*kind*/) override { return Note("scalar", ""); }
  bool OnOpen(JsonValue::Kind kind) override {
    return Note(kind == JsonValue::Kind::kObject ? "object" : "array", "");
  }
  bool OnClose() override { return Note("close", ""); }
  const std::string& told() const { return told_; }

 private:
  bool Note(std::string_view what, std::string_view text) {
    told_ += what;
    told_ += text;
    told_ += '\n';
    return true;
  }
  std::string told_;
};

// Whether it was read. Then both agree.
bool ReadsPlain(const std::string& text) {
  std::string unescaped;
  Log plain;
  if (!PlainJsonReader<Log>(text, &unescaped, plain).Read()) return false;
  std::string copy = text;
  Log other;
  const Status read = ReadJson(&copy, other);
  EXPECT_TRUE(read.ok()) << text << ": " << Message(read);
  EXPECT_EQ(plain.told(), other.told()) << text;
  return true;
}

constexpr std::string_view kAlert =
    R"([{"labels": {"alertname": "PodDown", "instance":"10.0.0.1:8080"},)"
    "\n\t\r "
    R"("annotations":{"summary":"a \"b\" \\ \/ \b\f\n\r\t \u003e \u00e9 \u20ac"},"generatorURL":)"
    R"("http:\/\/p\/graph?a\u0026b", "others":[[],{},["x"]] , "startsAt":"2026-11-30T00:00:00Z"}])";

TEST(PlainJson, Table) {
  struct Case {
    std::string_view text;
    bool plain;
  };
  const Case cases[] = {
      {kAlert, true},
      {"[]", true},
      {" {} ", true},
      {R"("a")", true},
      {R"({"a":{"b":["c","d",{}]}})", true},
      {R"(["a text of more than sixteen bytes","\u0000"])", true},
      // Left to the other one:
      {R"([1])", false},
      {R"([null])", false},
      {R"({"a":true})", false},
      {"[\"\xc3\xa9\"]", false},
      {R"(["\ud83d\ude00"])", false},
      {"[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]", false},
      // Wrong:
      {"", false},
      {"[", false},
      {"[]]", false},
      {"[}", false},
      {"[,]", false},
      {R"(["a",])", false},
      {R"(["a" "b"])", false},
      {R"({"a"})", false},
      {R"({"a":})", false},
      {R"({"a":"b",})", false},
      {R"({"a" "b"})", false},
      {R"({a:"b"})", false},
      {R"(["a)", false},
      {R"(["a\)", false},
      {R"(["\x"])", false},
      {R"(["\u12"])", false},
      {R"(["\u12g4"])", false},
      {"[\"a\nb\"]", false},
      {std::string_view("[\"a zero \0\"]", 12), false},
      {std::string_view("[]\0", 3), false},
      {"[] x", false},
  };
  for (const Case& c : cases) EXPECT_EQ(ReadsPlain(std::string(c.text)), c.plain) << c.text;
}

TEST(PlainJson, WhateverIsChangedInATextBothAgree) {
  std::mt19937_64 random(8);
  constexpr std::string_view kBytes = "\"\\{}[],: \nu0aé\x7f\x1f";
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text(kAlert);
    for (uint64_t changes = random() % 3 + 1; changes > 0; --changes) {
      const size_t at = random() % text.size();
      const char byte = kBytes[random() % kBytes.size()];
      switch (random() % 3) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        default:
          text.erase(at, 1);
      }
    }
    read += ReadsPlain(text) ? 1 : 0;
  }
  EXPECT_GT(read, 1'000);
}

}  // namespace
}  // namespace outrider
