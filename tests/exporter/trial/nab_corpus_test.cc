// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/nab_corpus.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "exporter/trial/anomaly_evaluation.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

TEST(NabCorpus, ReadsLinesAndSaysWhatIsWrongWithThem) {
  const auto file = ParseNabFile(
      "timestamp,value\n2014-04-10 16:15:00,1.5\r\n2014-04-10 16:20:00.5, -2e3\n\n", "f.csv");
  ASSERT_TRUE(file.ok()) << Message(file.status());
  EXPECT_EQ(file->values, (std::vector<double>{1.5, -2000}));
  EXPECT_EQ(file->times[1] - file->times[0], 5 * kMinute + 500);
  EXPECT_EQ(file->value_texts[1], "-2e3");
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"", "f.csv:1:1: expected the header timestamp,value"},
      {"time,value\n", "f.csv:1:1: expected the header timestamp,value"},
      {"timestamp,value\n", "f.csv:2:1: there are no points"},
      {"timestamp,value\n2014-04-10 16:15:00\n", "f.csv:2:1: expected timestamp,value"},
      {"timestamp,value\n2014-04-10 16:15:00,1\n2014-13-10 16:15:00,1\n",
       "f.csv:3:1: \"2014-13-10 16:15:00\" is not a time such as 2014-04-10 16:15:00"},
      {"timestamp,value\n2014-04-10 16:15:00,one\n", "f.csv:2:21: \"one\" is not a finite number"},
      {"timestamp,value\n2014-04-10 16:15:00,NaN\n", "f.csv:2:21: \"NaN\" is not a finite number"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Message(ParseNabFile(c.text, "f.csv").status()), c.error);
  }
}

class CorpusDirectory : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/nab_corpus_XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    ASSERT_TRUE(MakeDirectories(directory_ + "/data/web").ok());
  }
  void Write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(WriteFileAtomically(directory_ + "/" + name, text).ok());
  }
  std::string Error() const { return Message(ReadNabCorpus(directory_).status()); }
  std::string directory_;
};

std::string Points(size_t count, size_t jump_at) {
  std::string text = "timestamp,value\n";
  for (size_t i = 0; i < count; ++i) {
    const Nanos time = static_cast<Nanos>(1'400'000'000 + 300 * i) * kNanosPerSecond;
    std::string written = FormatRfc3339(time);
    written[10] = ' ';
    written.pop_back();
    const double value = i >= jump_at && i < jump_at + 20 ? 90 : static_cast<double>(i % 7);
    text += fmt::format("{},{}\n", written, value);
  }
  return text;
}

TEST_F(CorpusDirectory, SaysWhatIsMissing) {
  EXPECT_NE(Error().find("combined_windows.json"), std::string::npos) << Error();
  Write("combined_windows.json", "{");
  EXPECT_EQ(Error().find(directory_ + "/combined_windows.json: "), 0U) << Error();
  Write("combined_windows.json", "{}");
  EXPECT_NE(Error().find("no <category>/<file>.csv in it"), std::string::npos) << Error();
  Write("data/web/a.csv", Points(10, 100));
  EXPECT_NE(Error().find("no list of windows for \"web/a.csv\""), std::string::npos) << Error();
  Write("combined_windows.json",
        R"({"web/a.csv": [["2001-01-01 00:00:00", "2001-01-02 00:00:00"]]})");
  EXPECT_NE(Error().find("no point lies in the window"), std::string::npos) << Error();
}

TEST_F(CorpusDirectory, StreamsEachFileAndWritesItsScores) {
  Write("data/web/a.csv", Points(2000, 1500));
  Write("data/web/b.csv", Points(800, 5000));
  // Point 1500 is 2014-05-18 21:53:20.
  Write("combined_windows.json",
        R"({"web/a.csv": [["2014-05-18 21:53:20.000000", "2014-05-18 23:53:20.000000"]],
            "web/b.csv": []})");
  const auto files = ReadNabCorpus(directory_);
  ASSERT_TRUE(files.ok()) << Message(files.status());
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ((*files)[0].windows, (std::vector<std::pair<size_t, size_t>>{{1500, 1524}}));
  const auto evaluation = EvaluateAnomalies(*files, "seasonal", {});
  ASSERT_TRUE(evaluation.ok());
  ASSERT_EQ(evaluation->categories.size(), 2U);
  const AnomalyEvaluation::Category& total = evaluation->categories.back();
  EXPECT_EQ(total.name, "total");
  EXPECT_EQ(total.points, 2800U);
  EXPECT_NEAR(total.fixed[0].normalised, 100, 1e-6);
  EXPECT_EQ(total.fixed[0].found, 1U);

  ASSERT_TRUE(WriteScores(*files, *evaluation, directory_ + "/out").ok());
  const auto written = ReadFile(directory_ + "/out/web/a.csv");
  ASSERT_TRUE(written.ok());
  const auto lines = Split(*written, '\n');
  EXPECT_EQ(lines[0], "timestamp,value,anomaly_score");
  EXPECT_EQ(lines.size(), 2002U);
  EXPECT_EQ(lines[1501].substr(0, 23), "2014-05-18 21:53:20,90,");
  EXPECT_GE(*ParseDouble(lines[1501].substr(23)), 1);
  EXPECT_FALSE(EvaluateAnomalies(*files, "prophet", {}).ok());
}

TEST_F(CorpusDirectory, WhatComesLaterNeverChangesAScore) {
  // Strictly causal: the scores of a shortened file are those of the whole one.
  Write("data/web/a.csv", Points(1600, 1500));
  Write("data/web/b.csv", Points(2500, 1500));
  Write("combined_windows.json", R"({"web/a.csv": [], "web/b.csv": []})");
  const auto files = ReadNabCorpus(directory_);
  ASSERT_TRUE(files.ok());
  const auto evaluation = EvaluateAnomalies(*files, "seasonal", {});
  ASSERT_TRUE(evaluation.ok());
  for (size_t i = 0; i < 1510; ++i) {
    ASSERT_EQ(evaluation->scores[0][i], evaluation->scores[1][i]) << i;
  }
}

}  // namespace
}  // namespace outrider
