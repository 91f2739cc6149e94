// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/decode_v1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/ingest/encode_v1.h"
#include "exporter/ingest/series_check.h"
#include "protozero/pbf_writer.hpp"
#include "storage/base/random.h"
#include "tests/exporter/ingest/write_request.h"

namespace outrider {
namespace {

using testing::ElementsAre;

constexpr uint64_t kSeed = 7;

// The whole way a body is looked at before it is logged.
Status Check(std::string_view body) {
  V1Rows rows;
  TRY(rows.Parse(body, kSeed));
  IncomingSeries series;
  for (uint32_t row = 0; row < rows.rows().size(); ++row) TRY(rows.Decode(row, &series));
  return absl::OkStatus();
}

TEST(DecodeV1, SeriesAsSent) {
  const std::string body = EncodeRaw(
      {{{{"b", "2"}, {"__name__", "m"}, {"a", ""}}, {{-5, 1.5}, {7, StaleNan()}}}, {{}, {{1, 1}}}});
  V1Rows rows;
  ASSERT_TRUE(rows.Parse(body, kSeed).ok());
  ASSERT_EQ(rows.rows().size(), 2U);
  EXPECT_EQ(rows.samples().size(), 3U);
  IncomingSeries series;
  ASSERT_TRUE(rows.Decode(0, &series).ok());
  EXPECT_THAT(series.labels,
              ElementsAre(LabelView{"b", "2"}, LabelView{"__name__", "m"}, LabelView{"a", ""}));
  ASSERT_EQ(series.samples.size(), 2U);
  EXPECT_EQ(series.samples[0].time, -5);
  EXPECT_TRUE(IsStale(series.samples[1].value));
  ASSERT_TRUE(rows.Decode(1, &series).ok());
  EXPECT_TRUE(series.labels.empty() && series.samples.size() == 1);
}

TEST(DecodeV1, KeysTellLabelsAsTheyWereSent) {
  const auto keys = [](const std::vector<RawSeries>& series, uint64_t seed) {
    V1Rows rows;
    const std::string body = EncodeRaw(series);
    EXPECT_TRUE(rows.Parse(body, seed).ok());
    std::vector<Hash128> all;
    for (const KeyedRow& row : rows.rows()) all.push_back(row.key);
    return all;
  };
  const RawSeries one{{{"__name__", "m"}, {"a", "b"}}, {{1, 1}}};
  const RawSeries later{one.labels, {{2, 1}, {3, 1}}};
  const RawSeries turned{{{"a", "b"}, {"__name__", "m"}}, {{1, 1}}};
  const RawSeries other{{{"__name__", "m"}, {"a", "c"}}, {{1, 1}}};
  const auto all = keys({one, later, turned, other, {{}, {{1, 1}}}}, 1);
  EXPECT_EQ(all[0], all[1]);
  EXPECT_NE(all[0], all[2]);
  EXPECT_NE(all[0], all[3]);
  EXPECT_EQ(all[4], Hash128()) << "no labels, no key";
  EXPECT_NE(all[0], keys({one}, 2)[0]) << "seeded";
}

TEST(DecodeV1, LabelsInPiecesHaveNoKey) {
  std::string body;
  {
    protozero::pbf_writer request(body);
    protozero::pbf_writer series(request, 1);
    const auto label = [&](const char* name, const char* value) {
      protozero::pbf_writer pair(series, 1);
      pair.add_string(1, name);
      pair.add_string(2, value);
    };
    label("__name__", "m");
    {
      protozero::pbf_writer sample(series, 2);
      sample.add_int64(2, 5);
    }
    label("a", "b");
  }
  V1Rows rows;
  ASSERT_TRUE(rows.Parse(body, kSeed).ok());
  EXPECT_EQ(rows.rows().at(0).key, Hash128());
  IncomingSeries series;
  ASSERT_TRUE(rows.Decode(0, &series).ok());
  EXPECT_EQ(series.labels.size(), 2U);
}

TEST(DecodeV1, MoreThanSamplesIsMarkedAndUnknownFieldsPassedOver) {
  std::string body;
  {
    protozero::pbf_writer request(body);
    request.add_message(3, std::string());  // metadata
    request.add_uint32(2, 1);               // reserved
    request.add_string(99, "new");
    protozero::pbf_writer series(request, 1);
    series.add_message(3, std::string());  // exemplar
    series.add_message(4, std::string());  // histogram
    series.add_message(4, std::string());
    series.add_fixed32(77, 5);
  }
  V1Rows rows;
  ASSERT_TRUE(rows.Parse(body, kSeed).ok());
  EXPECT_TRUE(rows.special(0));
  EXPECT_EQ(rows.metadata().size(), 1U);
  IncomingSeries series;
  ASSERT_TRUE(rows.Decode(0, &series).ok());
  EXPECT_EQ(series.exemplars.size(), 1U);
  EXPECT_EQ(series.histograms.size(), 2U);
}

TEST(DecodeV1, GarbageIsAnErrorNeverACrash) {
  std::string wrong_type;
  protozero::pbf_writer(wrong_type).add_uint32(1, 5);
  EXPECT_EQ(Message(Check(wrong_type)), "protobuf: field 1 of WriteRequest has a wrong type");
  const std::string body = EncodeRaw({{{{"__name__", "m"}, {"a", "b"}}, {{1, 2}}}});
  int broken = 0;
  for (size_t cut = 1; cut < body.size(); ++cut) broken += Check(body.substr(0, cut)).ok() ? 0 : 1;
  EXPECT_EQ(broken, static_cast<int>(body.size()) - 1);
  SeededRandom random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = body;
    for (uint64_t n = 1 + random.Next() % 4; n > 0; --n) {
      damaged[random.Next() % damaged.size()] = static_cast<char>(random.Next());
    }
    (void)Check(damaged);
  }
}

TEST(DecodeV1, OwnEncodingRoundTrips) {
  const Labels labels{{"__name__", "ALERTS"}, {"a", "x\ny"}};
  const std::vector<LabeledSample> samples = {{labels, {5, 1}}, {labels, {6, 2}}};
  const std::string body = *SnappyDecompress(EncodeWriteRequest(samples), 1 << 20);
  V1Rows rows;
  ASSERT_TRUE(rows.Parse(body, kSeed).ok());
  IncomingSeries series;
  ASSERT_TRUE(rows.Decode(0, &series).ok());
  EXPECT_EQ(Labels::FromSorted(series.labels), labels);
  EXPECT_EQ(rows.samples().at(1).value, 2);
}

TEST(DecodeV1, OwnEncodingOfHistogramsRoundTrips) {
  NativeHistogram histogram;
  histogram.schema = 1;
  histogram.is_float = true;
  histogram.reset_hint = ResetHint::kGauge;
  histogram.zero_threshold = 0.5;
  histogram.zero_count = 1.5;
  histogram.count = 7;
  histogram.sum = -2;
  histogram.positive_spans = {{-1, 1}, {2, 1}};
  histogram.positive_buckets = {1, 2.5};
  histogram.negative_spans = {{3, 1}};
  histogram.negative_buckets = {2};
  NativeHistogram custom;
  custom.schema = kCustomSchema;
  custom.is_float = true;
  custom.count = 3;
  custom.positive_spans = {{0, 2}};
  custom.positive_buckets = {1, 2};
  custom.custom_values = {0.5};
  for (const NativeHistogram& h : {histogram, custom}) {
    const LabeledSample sample{
        Labels{{"__name__", "h"}}, {5, 0}, std::make_shared<const NativeHistogram>(h)};
    const std::string body = *SnappyDecompress(EncodeWriteRequest({&sample, 1}), 1 << 20);
    V1Rows rows;
    ASSERT_TRUE(rows.Parse(body, kSeed).ok());
    IncomingSeries series;
    ASSERT_TRUE(rows.Decode(0, &series).ok());
    std::vector<IncomingHistogram> histograms;
    ASSERT_TRUE(rows.DecodeHistograms(0, series, &histograms).ok());
    ASSERT_EQ(histograms.size(), 1U);
    EXPECT_TRUE(histograms[0].refusal.ok()) << Message(histograms[0].refusal);
    EXPECT_EQ(histograms[0].sample.time, 5);
    EXPECT_TRUE(SameBits(histograms[0].sample.histogram, h));
  }
}

TEST(CheckSeries, Table) {
  struct Case {
    const char* what;
    std::vector<LabelView> labels;
    SeriesVerdict verdict;
  };
  using enum SeriesVerdict;
  const Case cases[] = {
      {"plain", {{"__name__", "m"}, {"a", "b"}}, kFine},
      {"unsorted", {{"b", "1"}, {"a", "1"}, {"__name__", "m"}}, kFine},
      {"UTF-8 names", {{"__name__", "größe"}, {"wo bin ich", "hier\n"}}, kFine},
      {"empty value of a name given twice", {{"__name__", "m"}, {"a", ""}, {"a", "b"}}, kFine},
      {"no labels", {}, kNoName},
      {"no name", {{"a", "b"}}, kNoName},
      {"empty name", {{"__name__", ""}, {"a", "b"}}, kNoName},
      {"empty label name", {{"__name__", "m"}, {"", "b"}}, kEmptyLabelName},
      {"label twice", {{"__name__", "m"}, {"a", "b"}, {"a", "b"}}, kDuplicateLabel},
      {"name twice", {{"__name__", "m"}, {"__name__", "n"}}, kDuplicateLabel},
      {"bad value", {{"__name__", "m"}, {"a", "\xff\xfe"}}, kBadUtf8},
      {"bad name", {{"__name__", "m\xc3"}, {"a", "b"}}, kBadUtf8},
      {"ours", {{"__name__", "outrider_series"}}, kOwn},
      {"nearly ours", {{"__name__", "outriders"}}, kFine},
      {"alerts are judged by the windows", {{"__name__", "ALERTS"}, {"alertname", "x"}}, kFine},
  };
  for (const Case& one : cases) {
    IncomingSeries series;
    series.labels = one.labels;
    EXPECT_EQ(CheckSeries(&series), one.verdict) << one.what;
    if (one.verdict == kFine) {
      EXPECT_TRUE(std::is_sorted(series.labels.begin(), series.labels.end())) << one.what;
    }
  }
}

TEST(CheckSeries, TooManyLabels) {
  std::vector<std::string> names;
  for (size_t i = 0; i <= kMaxLabels; ++i) names.push_back("l" + std::to_string(i));
  RawSeries raw;
  for (const std::string& name : names) raw.labels.push_back({name, "v"});
  const std::string body = EncodeRaw({raw});
  V1Rows rows;
  ASSERT_TRUE(rows.Parse(body, kSeed).ok());
  IncomingSeries series;
  ASSERT_TRUE(rows.Decode(0, &series).ok());
  EXPECT_EQ(series.labels.size(), kMaxLabels);
  EXPECT_EQ(CheckSeries(&series), SeriesVerdict::kTooManyLabels);
}

TEST(Snappy, ErrorsSayWhatIsWrong) {
  const std::string good = SnappyCompress(std::string(100'000, 'x'));
  EXPECT_EQ(SnappyDecompress(good, 100'000)->size(), 100'000U);
  struct Case {
    std::string body;
    const char* text;
  };
  const Case cases[] = {
      {"", "not in snappy block format"},
      {std::string("\xff\x06\x00\x00sNaPpY....", 14), "framed format"},
      {good.substr(0, good.size() / 2), "corrupt or cut off"},
      {std::string("\xff\xff\xff\xff\x0f", 5), "the limit is"},
      {std::string("\x80\x80\x40", 3), "cannot be true"},
  };
  for (const Case& one : cases) {
    const auto result = SnappyDecompress(one.body, 32U << 20);
    ASSERT_FALSE(result.ok()) << one.text;
    EXPECT_NE(Message(result.status()).find(one.text), std::string::npos)
        << Message(result.status());
  }
  EXPECT_FALSE(SnappyDecompress(good, 99'999).ok());
}

}  // namespace
}  // namespace outrider
