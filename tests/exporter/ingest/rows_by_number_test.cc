// SPDX-License-Identifier: Apache-2.0
// The form of requests by number: what is written is read, and nothing else is.
#include "exporter/ingest/rows_by_number.h"

#include <gtest/gtest.h>

#include "exporter/ingest/replay_batch.h"
#include "storage/base/random.h"

namespace outrider {
namespace {

constexpr Timestamp kNow = 1'800'000'000'000;

// Rows of given samples.
class GivenRows final : public WriteRows {
 public:
  explicit GivenRows(const std::vector<std::vector<Sample>>& rows) {
    for (const std::vector<Sample>& row : rows) {
      const auto begin = static_cast<uint32_t>(samples_.size());
      samples_.insert(samples_.end(), row.begin(), row.end());
      rows_.push_back({.key = {}, .begin = begin, .end = static_cast<uint32_t>(samples_.size())});
      special_.push_back(0);
    }
  }
  KeyKind kind() const override { return KeyKind::kSender; }
  Status Decode(uint32_t row, IncomingSeries* out) const override {
    out->Clear();
    names_.push_back(std::make_unique<std::string>("m" + std::to_string(row)));
    out->labels.push_back({"__name__", *names_.back()});
    return absl::OkStatus();
  }
  Status DecodeHistograms(uint32_t, const IncomingSeries&,
                          std::vector<IncomingHistogram>*) const override {
    return absl::OkStatus();
  }

 private:
  mutable std::vector<std::unique_ptr<std::string>> names_;
};

struct Case {
  const char* what;
  std::vector<std::vector<Sample>> rows;
  std::vector<uint32_t> numbers;
  size_t bytes;  // of the body
};

std::vector<Case> Cases() {
  return {
      {"one", {{{kNow, 1.5}}}, {1}, 1 + 1 + 2 + 1 + 8},
      {"a run", {{{kNow, 1}}, {{kNow, 2}}, {{kNow, 3}}}, {200, 201, 202}, 1 + 1 + 3 + 1 + 24},
      {"the same series twice", {{{kNow, 1}}, {{kNow, 2}}}, {7, 7}, 1 + 1 + 4 + 1 + 16},
      {"in another order", {{{kNow, 1}}, {{kNow, 2}}, {{kNow, 3}}}, {3, 1, 2}, 1 + 1 + 4 + 1 + 24},
      {"several times", {{{kNow - 5, 1}}, {{kNow + 5, -0.0}}}, {1, 2}, 1 + 1 + 2 + 2 + 16},
      {"rows of several samples and of none",
       {{{kNow, 1}, {kNow + 1, 2}}, {}, {{kNow - 1, StaleNan()}}},
       {4, 5, 6},
       1 + 1 + 2 + 3 + 3 + 24},
      {"the last numbers", {{{kNow, 1}}, {{kNow, 2}}}, {UINT32_MAX - 2, UINT32_MAX - 1}, 27 - 1},
      {"any times", {{{INT64_MIN, 1}}, {{INT64_MAX, 2}}}, {1, 2}, 1 + 1 + 2 + 10 + 1 + 16},
  };
}

std::string BodyOf(const Case& one) {
  std::string body;
  EncodeByNumber(GivenRows(one.rows), one.numbers, kNow, &body);
  return body;
}

TEST(RowsByNumber, WhatIsWrittenIsRead) {
  RowsByNumber rows;
  for (const Case& one : Cases()) {
    const std::string body = BodyOf(one);
    EXPECT_LE(body.size(), one.bytes) << one.what;
    ASSERT_TRUE(rows.Parse(body, kNow).ok()) << one.what;
    std::vector<uint32_t> numbers;
    for (const RowsByNumber::Run& run : rows.runs()) {
      for (uint32_t i = 0; i < run.rows; ++i) numbers.push_back(run.first + i);
    }
    EXPECT_EQ(numbers, one.numbers) << one.what;
    size_t at = 0;
    for (size_t row = 0; row < one.rows.size(); ++row) {
      ASSERT_EQ(rows.samples_of(row), one.rows[row].size()) << one.what;
      for (const Sample& sample : one.rows[row]) {
        EXPECT_EQ(rows.sample(at).time, sample.time) << one.what;
        EXPECT_TRUE(SameBits(rows.sample(at).value, sample.value)) << one.what;
        ++at;
      }
    }
    EXPECT_EQ(rows.samples(), at);
  }
}

TEST(RowsByNumber, APartIsNoBody) {
  RowsByNumber rows;
  for (const Case& one : Cases()) {
    const std::string body = BodyOf(one);
    for (size_t size = 0; size < body.size(); ++size) {
      EXPECT_FALSE(rows.Parse(body.substr(0, size), kNow).ok()) << one.what << ' ' << size;
    }
    EXPECT_FALSE(rows.Parse(body + '\0', kNow).ok()) << one.what;
  }
}

TEST(RowsByNumber, BytesThatAreNoBody) {
  const std::string value(8, '\0');
  const std::string bodies[] = {
      "",
      std::string(1, '\4') + "\1\2\1" + std::string(1, '\0') + value,    // a flag from the future
      std::string(1, '\0') + "\1\2\x7f" + std::string(1, '\0') + value,  // more rows than values
      std::string(1, '\0') + "\1\1\1" + std::string(1, '\0') + value,    // a number below 0
      std::string(1, '\0') + "\1\xfe\xff\xff\xff\x1f\2" + std::string(1, '\0') + value + value,
      std::string(1, '\0') + "\x7f\2\1" + std::string(1, '\0') + value,  // runs that are not there
      std::string(2, '\0') + std::string(1, '\0'),                       // nothing at all
      "\1\1\2\1\x7f" + std::string(1, '\0') + value,                     // a row of 127 samples
  };
  RowsByNumber rows;
  for (const std::string& body : bodies) EXPECT_FALSE(rows.Parse(body, kNow).ok());
}

TEST(RowsByNumber, RandomBytesAreReadOrRefused) {
  SeededRandom random(5);
  RowsByNumber rows;
  for (int i = 0; i < 20'000; ++i) {
    std::string body = BodyOf(Cases()[random.Next() % Cases().size()]);
    for (uint64_t n = random.Next() % 4; n > 0; --n) {
      body[random.Next() % body.size()] = static_cast<char>(random.Next());
    }
    if (!rows.Parse(body, kNow).ok()) continue;
    uint64_t sum = 0;
    for (size_t at = 0; at < rows.samples(); ++at)
      sum += static_cast<uint64_t>(rows.sample(at).time);
    EXPECT_LE(rows.oldest(), rows.newest()) << sum;
  }
}

TEST(RowsByNumber, TheFirstNumberStandsInFront) {
  std::string body = "1234request";
  PutFirstNumber(77, &body);
  std::string_view rest = body;
  EXPECT_EQ(*CutFirstNumber(&rest), 77U);
  EXPECT_EQ(rest, "request");
  rest = "123";
  EXPECT_TRUE(absl::IsDataLoss(CutFirstNumber(&rest).status()));
}

// Numbers 10 to 12 and 20 to 21 are given; 11 made no series.
TEST(ReplayNumbers, WhatNumbersMean) {
  const GivenRows three({{{kNow, 1}}, {{kNow, 1}}, {{kNow, 1}}});
  const GivenRows two({{{kNow, 1}}, {{kNow, 1}}});
  const uint32_t first_ids[] = {100, kNoSeries, 102};
  const uint32_t second_ids[] = {200, 201};
  ReplayNumbers numbers;
  numbers.Learn(1, 10, three, first_ids);
  numbers.Learn(1, 20, two, second_ids);
  numbers.Learn(1, 15, two, second_ids);  // not in the order in which numbers are given
  const auto ids_of = [&](std::vector<uint32_t> wanted, uint32_t segment) {
    std::vector<std::vector<Sample>> rows(wanted.size(), {{kNow, 1}});
    RowsByNumber parsed;
    EXPECT_TRUE(parsed.Parse(BodyOf({"", rows, wanted, 0}), kNow).ok());
    std::vector<uint32_t> ids;
    numbers.Find(segment, parsed, &ids);
    return ids;
  };
  constexpr uint32_t kNo = kNoSeries;
  EXPECT_EQ(ids_of({10, 12, 20}, 1), (std::vector<uint32_t>{100, 102, 200}));
  EXPECT_EQ(ids_of({8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22}, 1),
            (std::vector<uint32_t>{kNo, kNo, 100, kNo, 102, kNo, kNo, kNo, kNo, kNo, kNo, kNo, 200,
                                   201, kNo}));
  EXPECT_EQ(ids_of({21, 9, 10}, 1), (std::vector<uint32_t>{201, kNo, 100}));
  EXPECT_EQ(ids_of({10, 20}, 2), (std::vector<uint32_t>{kNo, kNo}));
  ASSERT_NE(numbers.LabelsOf(1, 11), nullptr);
  EXPECT_EQ(numbers.LabelsOf(1, 11)->ToString(), "m1");
  EXPECT_EQ(numbers.LabelsOf(1, 10), nullptr);
  EXPECT_EQ(numbers.LabelsOf(2, 11), nullptr) << "a number of another run";
  numbers.Met(11, 101);
  EXPECT_EQ(ids_of({11}, 1), std::vector<uint32_t>{101});
  numbers.Learn(2, 30, two, second_ids);  // another segment: what was is forgotten
  EXPECT_EQ(ids_of({10}, 1), std::vector<uint32_t>{kNo});
  EXPECT_EQ(numbers.LabelsOf(1, 11), nullptr);
}

}  // namespace
}  // namespace outrider
