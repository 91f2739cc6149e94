// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/exposition_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "exporter/trial/file_history.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// `series time=value …`, sorted as read.
std::string Read(std::string_view text) {
  SampleTable table;
  const Status status = ReadExposition(text, "f", &table);
  if (!status.ok()) return Message(status);
  table.Sort();
  std::string out;
  for (const SampleTable::Series& series : table.series()) {
    out += series.labels.ToString();
    for (const Sample& sample : series.samples) {
      out += fmt::format(" {}={}", sample.time, FormatFloatG(sample.value));
    }
    out += "; ";
  }
  return out;
}

TEST(ExpositionFile, Reads) {
  const struct {
    const char* text;
    const char* read;
  } kCases[] = {
      {"", ""},
      {"# HELP m x\n# TYPE m gauge\n\nm 1 2000\n", "m 2000=1; "},
      {"m 1 2\n# EOF\n", "m 2000=1; "},
      {"m 1 2.5\r\n# EOF", "m 2500=1; "},
      {"m{} 1 2", "m 2=1; "},
      {"m{a=\"b\",} 1 2\nm{a=\"b\",} 2 3", "m{a=\"b\"} 2=1 3=2; "},
      {"m {a = \"b\" , c=\"d\"}\t1 2", "m{a=\"b\", c=\"d\"} 2=1; "},
      {"m{a=\"}{ \\\" \\\\ \\n x\"} 1 2", "m{a=\"}{ \\\" \\\\ \\n x\"} 2=1; "},
      {"{\"my.metric\",\"a.b\"=\"c\"} 1 2", "{__name__=\"my.metric\", \"a.b\"=\"c\"} 2=1; "},
      {"m{a=\"\"} 1 2\nm 2 3", "m 2=1 3=2; "},
      {"m NaN 1\nm +Inf 2\nm -Inf 3\nm 1e3 4", "m 1=NaN 2=+Inf 3=-Inf 4=1000; "},
      {"m 3 3\nm 1 1\nm 2 1", "m 1=1 3=3; "},
      {"m_total 1 2 # {trace_id=\"x\"} 0.5 2\n# EOF\n", "m_total 2000=1; "},
      {"m 1 -2", "m -2=1; "},
      {"m 1 2\n# EOF\nnot read\n# EOF", "m 2000=1; "},
  };
  for (const auto& c : kCases) EXPECT_EQ(Read(c.text), c.read) << c.text;
}

TEST(ExpositionFile, ErrorsNameThePlace) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"m 1", "f:1:4: no timestamp; a back-test needs one with every sample"},
      {"m 1 # {a=\"b\"} 1\n# EOF", "f:1:5: no timestamp; a back-test needs one with every sample"},
      {"# x\nm x 1", "f:2:3: expected a value"},
      {"m 1 x", "f:1:5: expected a timestamp in milliseconds"},
      {"m 1 2.5",
       "f:1:5: expected a timestamp in milliseconds; with seconds, the file must end with a line # "
       "EOF"},
      {"m 1 1e99\n# EOF", "f:1:5: expected a timestamp in seconds"},
      {"m 1 2 3", "f:1:7: expected the end of the line"},
      {"m 1 2 # {} 1", "f:1:7: expected the end of the line"},
      {"1m 1 2", "f:1:1: expected a metric name"},
      {"{a=\"b\"} 1 2", "f:1:1: a series without a name"},
      {"m{1=\"b\"} 1 2", "f:1:3: expected a label name"},
      {"m{a} 1 2", "f:1:4: expected ="},
      {"m{a=b} 1 2", "f:1:5: expected \""},
      {"m{a=\"b} 1 2", "f:1:12: a quoted text does not end"},
      {"m{a=\"b\" c=\"d\"} 1 2", "f:1:9: expected , or }"},
      {"m{a=\"b\",a=\"c\"} 1 2", "f:1:9: label \"a\" stands there twice"},
      {"m{a=\"\xff\"} 1 2", "f:1:3: not valid UTF-8"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Read(c.text), c.error) << c.text;
}

TEST(ExpositionFile, SecondsWithoutTheEndAreWarnedOf) {
  const std::pair<const char*, bool> kCases[] = {
      {"m 1 1700000000", true},        {"m 1 1700000000\nm 1 1700000000000", false},
      {"m 1 1700000000000", false},    {"m 1 1700000000\n# EOF", false},
      {"# TYPE m gauge\nm 1 1", true}, {"", false},
  };
  for (const auto& [text, warned] : kCases) {
    SampleTable table;
    std::vector<std::string> warnings;
    ASSERT_TRUE(ReadExposition(text, "f", &table, &warnings).ok()) << text;
    ASSERT_EQ(warnings.size(), warned ? 1U : 0U) << text;
    if (!warned) continue;
    EXPECT_TRUE(Contains(warnings[0], "f: the newest sample is of 1970-01-")) << text;
    EXPECT_TRUE(Contains(warnings[0], "# EOF")) << text;
  }
}

TEST(FileHistory, GivesWhatIsAskedFor) {
  SampleTable table;
  ASSERT_TRUE(ReadExposition("a{x=\"1\"} 1 10\na{x=\"1\"} 2 20\na{x=\"1\"} 3 30\na{x=\"2\"} 4 5\n"
                             "b 5 40\n",
                             "f", &table)
                  .ok());
  FileHistory history(std::move(table));
  EXPECT_EQ(history.TimesCovered()->first, 5);
  EXPECT_EQ(history.TimesCovered()->last, 40);
  const auto piece = history.Fetch({{{Matcher::Equal("__name__", "a")}, 10, 20}});
  std::string seen;
  ASSERT_TRUE((*piece)
                  ->ForEach([&](const HistoryRow& row) {
                    seen += Labels::FromSorted(row.labels).ToString();
                    for (const Sample& sample : row.samples)
                      seen += fmt::format(" {}", sample.time);
                  })
                  .ok());
  EXPECT_EQ(seen, "a{x=\"1\"} 10 20");
  EXPECT_FALSE(FileHistory(SampleTable()).TimesCovered().ok());
}

}  // namespace
}  // namespace outrider
