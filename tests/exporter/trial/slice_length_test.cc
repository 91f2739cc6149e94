// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/slice_length.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

// What the server says to one question after the other: + an answer, m too much, l too late. Gives
// the minutes that were asked for; ! where the refusal stands.
std::string Asked(std::string_view said) {
  SliceLength slice(kHour);
  std::string text;
  for (const char c : said) {
    const DurationMs asked = slice.length();
    text += fmt::format("{} ", asked / kMinute);
    if (c == '+') {
      slice.Answered(asked);
    } else if (!slice.Refused(asked, c == 'm' ? SliceRefusal::kTooMuch : SliceRefusal::kTooLate)) {
      text += "! ";
    }
  }
  return text;
}

TEST(SliceLength, Table) {
  const struct {
    const char* said;
    const char* asked;
  } kCases[] = {
      {"++", "60 60 "},
      {"mm++", "60 30 15 15 "},
      {"mmmmmm", "60 30 15 7 3 1 ! "},
      // A server that hangs is waited for three times, not more.
      {"lll", "60 30 15 ! "},
      {"ll+ll", "60 30 15 15 7 "},
      // Grows again, and more slowly where that was wrong.
      {"m+++++", "60 30 30 30 30 60 "},
      {"mm+++++++++", "60 30 15 15 15 15 30 30 30 30 60 "},
      {"m++++m+++++++++", "60 30 30 30 30 60 30 30 30 30 30 30 30 30 60 "},
  };
  for (const auto& c : kCases) EXPECT_EQ(Asked(c.said), c.asked) << c.said;
}

// What is shorter than it might be says nothing about the whole length.
TEST(SliceLength, ShortQuestions) {
  SliceLength slice(kHour);
  EXPECT_TRUE(slice.Refused(20 * kMinute, SliceRefusal::kTooMuch));
  EXPECT_EQ(slice.length(), 10 * kMinute);
  for (int i = 0; i < 20; ++i) slice.Answered(kMinute);
  EXPECT_EQ(slice.length(), 10 * kMinute);
  EXPECT_FALSE(slice.Refused(2 * kMinute, SliceRefusal::kTooMuch));
  EXPECT_EQ(slice.length(), 10 * kMinute);
}

}  // namespace
}  // namespace outrider
