// SPDX-License-Identifier: Apache-2.0
// Files made here byte by byte; tests/e2e/am_import_test.py reads those of a real Alertmanager.
#include "notifiers/import/alertmanager_state.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  return out + static_cast<char>(value);
}
std::string Number(int field, uint64_t value) {
  return Varint(static_cast<uint64_t>(field) << 3) + Varint(value);
}
std::string Bytes(int field, const std::string& content) {
  return Varint((static_cast<uint64_t>(field) << 3) | 2) + Varint(content.size()) + content;
}
std::string Time(int field, int64_t seconds) {
  return Bytes(field, Number(1, static_cast<uint64_t>(seconds)) + Number(2, 5));
}
std::string Framed(const std::string& message) { return Varint(message.size()) + message; }

std::string MatcherOf(int type, const std::string& name, const std::string& pattern) {
  return Number(1, static_cast<uint64_t>(type)) + Bytes(2, name) + Bytes(3, pattern);
}
std::string SilenceOf(const std::string& id, const std::string& matchers,
                      const std::string& more = "") {
  return Framed(Bytes(1, Bytes(1, id) + matchers + Time(3, 100) + Time(4, 200) + Time(5, 90) +
                             Bytes(8, "anna") + Bytes(9, "quiet") + more) +
                Time(2, 300));
}

TEST(AlertmanagerState, Silences) {
  ImportedState state;
  const std::string file =
      SilenceOf("one", Bytes(2, MatcherOf(0, "a", "b")) + Bytes(2, MatcherOf(3, "c", "d|e")),
                Bytes(10, Bytes(1, "ticket") + Bytes(2, "7"))) +
      // As 0.34 writes it: the one set, and the same beside it for older readers.
      SilenceOf("two", Bytes(2, MatcherOf(1, "x", "y.*")),
                Bytes(11, Bytes(1, MatcherOf(1, "x", "y.*"))) + Number(99, 1));
  ASSERT_TRUE(ReadSilencesFile(file, &state).ok());
  ASSERT_EQ(state.silences.size(), 2U);
  EXPECT_TRUE(state.skipped.empty());
  const Silence& one = state.silences[0];
  EXPECT_EQ(one.id, "one");
  EXPECT_EQ(one.matchers, *ParseMatchers(R"(a="b",c!~"d|e")"));
  EXPECT_EQ(one.starts_at, 100 * kNanosPerSecond + 5);
  EXPECT_EQ(one.ends_at, 200 * kNanosPerSecond + 5);
  EXPECT_EQ(one.created_by, "anna");
  EXPECT_EQ(one.comment, "quiet");
  EXPECT_EQ(one.annotations.at("ticket"), "7");
  EXPECT_EQ(state.silences[1].matchers, *ParseMatchers(R"(x=~"y.*")"));
}

TEST(AlertmanagerState, SilencesThatCannotBeTaken) {
  const std::pair<std::string, const char*> table[] = {
      {SilenceOf("", Bytes(2, MatcherOf(0, "a", "b"))), "it has no id"},
      {SilenceOf("x", Bytes(2, MatcherOf(1, "a", "("))), "missing closing )"},
      {SilenceOf("x", Bytes(2, MatcherOf(7, "a", "b"))), "unknown type of matcher 7"},
      {SilenceOf("x", ""), "at least one matcher required"},
      {SilenceOf("x", "", Bytes(11, Bytes(1, MatcherOf(0, "a", "b"))) +
                              Bytes(11, Bytes(1, MatcherOf(0, "a", "c")))),
       "several sets"},
      {SilenceOf("x", Bytes(2, MatcherOf(0, "a", "b")), Bytes(12, "")), "of some receivers only"},
  };
  for (const auto& [file, part] : table) {
    ImportedState state;
    ASSERT_TRUE(ReadSilencesFile(file, &state).ok()) << part;
    EXPECT_TRUE(state.silences.empty()) << part;
    ASSERT_EQ(state.skipped.size(), 1U) << part;
    EXPECT_NE(state.skipped[0].find(part), std::string::npos) << state.skipped[0];
  }
}

std::string EntryOf(const std::string& hashes) {
  return Framed(Bytes(1, Bytes(1, "{}:{alertname=\"X\"}") +
                             Bytes(2, Bytes(1, "team") + Bytes(2, "webhook") + Number(3, 2)) +
                             Time(5, 50) + hashes) +
                Time(2, 500));
}

TEST(AlertmanagerState, Log) {
  ImportedState state;
  const uint64_t big = 0xFEDCBA9876543210ULL;
  const std::string packed = Bytes(6, Varint(big) + Varint(2));
  ASSERT_TRUE(ReadLogFile(EntryOf(packed + Number(7, 3)) + EntryOf(Number(6, big)), &state).ok());
  ASSERT_EQ(state.log.size(), 2U);
  const ImportedLogEntry& entry = state.log[0];
  EXPECT_EQ(entry.group_key, "{}:{alertname=\"X\"}");
  EXPECT_EQ(entry.receiver, "team");
  EXPECT_EQ(entry.integration, "webhook");
  EXPECT_EQ(entry.index, 2U);
  EXPECT_EQ(entry.told_at, 50 * kNanosPerSecond + 5);
  EXPECT_EQ(entry.expires_at, 500 * kNanosPerSecond + 5);
  EXPECT_EQ(entry.firing, (std::vector<uint64_t>{big, 2}));
  EXPECT_EQ(entry.resolved, std::vector<uint64_t>{3});
  EXPECT_EQ(state.log[1].firing, std::vector<uint64_t>{big});
}

TEST(AlertmanagerState, WhatIsCutIsRefusedWhole) {
  const std::string file = EntryOf(Number(6, 1)) + EntryOf(Number(6, 2));
  for (size_t length = 1; length < file.size(); ++length) {
    if (length == file.size() / 2) continue;  // one whole entry
    ImportedState state;
    EXPECT_FALSE(ReadLogFile(file.substr(0, length), &state).ok()) << length;
    EXPECT_TRUE(state.log.empty() && state.skipped.empty()) << length;
  }
  ImportedState state;
  EXPECT_FALSE(ReadSilencesFile("{\"json\": true}", &state).ok());
  EXPECT_FALSE(ReadSilencesFile(std::string(11, '\xff'), &state).ok());
  EXPECT_TRUE(ReadSilencesFile("", &state).ok());
}

}  // namespace
}  // namespace outrider
