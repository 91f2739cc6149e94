// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/decode_v2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/random.h"
#include "tests/exporter/ingest/wire_build.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Wire Symbols(const std::vector<std::string>& symbols) {
  Wire message;
  for (const std::string& symbol : symbols) message.Bytes(4, symbol);
  return message;
}

Wire SampleOf(double value, Timestamp time, Timestamp start = 0) {
  Wire message;
  message.Double(1, value).Int64(2, time);
  if (start != 0) message.Int64(3, start);
  return message;
}

const std::vector<std::string> kTable = {"", "__name__", "m", "job", "a\nb", "help", "s"};

// One series of everything.
Wire Full() {
  return Wire()
      .Packed(1, {3, 4, 1, 2})
      .Bytes(2, SampleOf(1.5, -5))
      .Bytes(2, SampleOf(StaleNan(), 7, 3))
      .Bytes(3, Wire().Varint(1, 9))
      .Bytes(4, Wire().Packed(1, {3, 2}).Double(2, 0.5).Int64(3, 6))
      .Bytes(5, Wire().Varint(1, 2).Varint(3, 5).Varint(4, 6));
}

void ExpectFull(const IncomingSeries& series) {
  EXPECT_THAT(series.labels, ElementsAre(LabelView{"job", "a\nb"}, LabelView{"__name__", "m"}));
  ASSERT_EQ(series.samples.size(), 2U);
  EXPECT_EQ(series.samples[0].time, -5);
  EXPECT_EQ(series.samples[0].value, 1.5);
  EXPECT_TRUE(IsStale(series.samples[1].value));
  EXPECT_THAT(series.start_times, ElementsAre(0, 3));
  EXPECT_THAT(series.histograms, ElementsAre(std::string_view("\x08\x09")));
  ASSERT_EQ(series.exemplars.size(), 1U);
  EXPECT_THAT(series.exemplars[0].labels, ElementsAre(LabelView{"job", "m"}));
  EXPECT_EQ(series.exemplars[0].value, 0.5);
  EXPECT_EQ(series.exemplars[0].time, 6);
  EXPECT_TRUE(series.has_metadata);
  EXPECT_EQ(series.metadata.type, MetricType::kGauge);
  EXPECT_EQ(series.metadata.help, "help");
  EXPECT_EQ(series.metadata.unit, "s");
  EXPECT_FALSE(series.bad_refs || series.too_many_labels);
}

void ExpectOnlyFull(const std::string& body) {
  V2Decoder decoder;
  ASSERT_TRUE(decoder.Open(body).ok());
  IncomingSeries series;
  ASSERT_TRUE(*decoder.Next(&series));
  ExpectFull(series);
  EXPECT_THAT(decoder.refs(), ElementsAre(3, 4, 1, 2));
  EXPECT_FALSE(*decoder.Next(&series));
  EXPECT_FALSE(*decoder.Next(&series));
}

TEST(DecodeV2, EverythingWhereverTheSymbolsStand) {
  const std::string front = Symbols(kTable).Bytes(5, Full()).str();
  ExpectOnlyFull(front);
  ExpectOnlyFull(Wire().Bytes(5, Full()).str() + Symbols(kTable).str());
  const V2Totals totals = *CheckV2(front);
  const std::vector<uint64_t> counts = {totals.series, totals.samples, totals.histograms,
                                        totals.exemplars, totals.metadata};
  EXPECT_THAT(counts, ElementsAre(1, 2, 1, 1, 1));
}

// The first series of a body, which views into it.
IncomingSeries First(V2Decoder* decoder, std::string_view body) {
  IncomingSeries series;
  EXPECT_TRUE(decoder->Open(body).ok() && decoder->Next(&series).value_or(false));
  return series;
}

TEST(DecodeV2, AReusedDecoderForgetsTheBodyBefore) {
  const std::string first = Symbols(kTable).Bytes(5, Full()).str();
  const std::string second =
      Symbols({"", "x"}).Bytes(5, Wire().Packed(1, {1, 1}).Bytes(2, SampleOf(1, 1))).str();
  V2Decoder decoder;
  IncomingSeries series;
  ASSERT_TRUE(decoder.Open(first).ok());
  ASSERT_TRUE(*decoder.Next(&series));
  EXPECT_FALSE(decoder.Open("\x28").ok());
  EXPECT_FALSE(decoder.Next(&series).ok());
  ASSERT_TRUE(decoder.Open(second).ok());
  EXPECT_EQ(decoder.symbols().size(), 2U);
  EXPECT_EQ(decoder.messages().size(), 1U);
  ASSERT_TRUE(*decoder.Next(&series));
  EXPECT_THAT(series.labels, ElementsAre(LabelView{"x", "x"}));
  EXPECT_EQ(series.samples.size(), 1U);
  EXPECT_THAT(series.start_times, IsEmpty());
  EXPECT_TRUE(series.histograms.empty() && series.exemplars.empty() && !series.has_metadata);
}

// What is wrong with references stays in the series.
TEST(DecodeV2, References) {
  struct Case {
    const char* what;
    Wire series;
    bool bad;
    std::vector<LabelView> labels;
  };
  const LabelView m{"__name__", "m"};
  const Case cases[] = {
      {"none", Wire(), false, {}},
      {"packed", Wire().Packed(1, {1, 2}), false, {m}},
      {"unpacked", Wire().Varint(1, 1).Varint(1, 2), false, {m}},
      {"mixed", Wire().Varint(1, 1).Packed(1, {2, 3}).Varint(1, 0), false, {m, {"job", ""}}},
      {"odd", Wire().Packed(1, {1, 2, 3}), true, {m}},
      {"odd, unpacked", Wire().Varint(1, 1), true, {}},
      {"value out of range", Wire().Packed(1, {1, 2, 3, 7}), true, {m}},
      {"name out of range", Wire().Packed(1, {7, 2}), true, {}},
      {"far out of range", Wire().Packed(1, {1, 0xffffffff}), true, {}},
      {"exemplar", Wire().Packed(1, {1, 2}).Bytes(4, Wire().Packed(1, {1, 9})), true, {m}},
      {"odd exemplar", Wire().Packed(1, {1, 2}).Bytes(4, Wire().Varint(1, 1)), true, {m}},
      {"help", Wire().Packed(1, {1, 2}).Bytes(5, Wire().Varint(3, 7)), true, {m}},
      {"unit", Wire().Packed(1, {1, 2}).Bytes(5, Wire().Varint(4, 7)), true, {m}},
  };
  for (const Case& one : cases) {
    const std::string body = Symbols(kTable).Bytes(5, one.series).Bytes(5, Full()).str();
    V2Decoder decoder;
    IncomingSeries series = First(&decoder, body);
    EXPECT_EQ(series.bad_refs, one.bad) << one.what;
    EXPECT_EQ(series.labels, one.labels) << one.what;
    ASSERT_TRUE(*decoder.Next(&series)) << one.what;  // the next series is untouched
    ExpectFull(series);
  }
}

TEST(DecodeV2, MetadataTypes) {
  struct Case {
    uint64_t sent;
    MetricType type;
  };
  using enum MetricType;
  const Case cases[] = {{0, kUnknown},        {1, kCounter},         {2, kGauge}, {3, kHistogram},
                        {4, kGaugeHistogram}, {5, kSummary},         {6, kInfo},  {7, kStateset},
                        {8, kUnknown},        {UINT64_MAX, kUnknown}};
  for (const Case& one : cases) {
    const std::string body =
        Symbols(kTable).Bytes(5, Wire().Bytes(5, Wire().Varint(1, one.sent))).str();
    V2Decoder decoder;
    const IncomingSeries series = First(&decoder, body);
    EXPECT_TRUE(series.has_metadata);
    EXPECT_EQ(series.metadata.type, one.type) << one.sent;
    EXPECT_EQ(series.metadata.help, "");
  }
}

TEST(DecodeV2, UnknownAndReservedFieldsArePassedOver) {
  const std::string body =
      Symbols(kTable)
          .Varint(1, 5)
          .Bytes(3, "old")
          .Fixed32(99)
          .Bytes(5, Full().Int64(6, 1'700'000'000'000).Double(7, 1).Bytes(2047, "new"))
          .str();
  V2Decoder decoder;
  IncomingSeries series;
  ASSERT_TRUE(decoder.Open(body).ok());
  ASSERT_TRUE(*decoder.Next(&series));
  ExpectFull(series);
}

TEST(DecodeV2, WhatBreaksTheWholeBody) {
  const auto in_series = [](const Wire& series) { return Symbols(kTable).Bytes(5, series); };
  struct Case {
    const char* text;
    Wire body;
  };
  const Case cases[] = {
      {"symbols must begin with the empty string", Symbols({"a", ""})},
      {"symbols must begin with the empty string", Wire().Bytes(5, Wire())},
      {"symbols must begin with the empty string", Wire().Bytes(1, "a 1.0 series")},
      {"field 4 of Request has a wrong type", Symbols(kTable).Varint(4, 1)},
      {"field 5 of Request has a wrong type", Symbols(kTable).Double(5, 1)},
      {"field 1 of TimeSeries has a wrong type", in_series(Wire().Double(1, 1))},
      {"field 2 of TimeSeries has a wrong type", in_series(Wire().Varint(2, 1))},
      {"field 5 of TimeSeries has a wrong type", in_series(Wire().Fixed32(5))},
      {"field 1 of Sample has a wrong type", in_series(Wire().Bytes(2, Wire().Varint(1, 1)))},
      {"field 3 of Sample has a wrong type", in_series(Wire().Bytes(2, Wire().Double(3, 1)))},
      {"field 2 of Exemplar has a wrong type", in_series(Wire().Bytes(4, Wire().Varint(2, 1)))},
      {"field 4 of Metadata has a wrong type", in_series(Wire().Bytes(5, Wire().Bytes(4, "s")))},
      {"field 3 of Histogram has a wrong type", in_series(Wire().Bytes(3, Wire().Varint(3, 1)))},
      {"varint too long", in_series(Wire().Bytes(1, std::string(11, '\xff')))},
      {"cut off", in_series(Wire().Bytes(1, "\xff"))},
      {"unknown wire type", Symbols(kTable).Tag(9, 3)},
      {"field number out of range", Symbols(kTable).Tag(0, 0)},
  };
  for (const Case& one : cases) {
    const Status status = CheckV2(one.body.str()).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << one.text;
    EXPECT_THAT(Message(status), HasSubstr(std::string("protobuf: ") + one.text));
  }
  EXPECT_TRUE(CheckV2("").ok());  // no fields, nothing wrong
}

TEST(DecodeV2, Limits) {
  const std::string two_bytes = Wire().Bytes(2, "").str();
  std::string many_samples;
  for (size_t i = 0; i <= kMaxSamplesOfSeries; ++i) many_samples += two_bytes;
  std::string many_exemplars;
  for (size_t i = 0; i <= kMaxExemplarsOfSeries; ++i) many_exemplars += Wire().Bytes(4, "").str();
  std::string many_symbols;
  for (size_t i = 0; i <= kMaxSymbols; ++i) many_symbols += Wire().Bytes(4, "").str();
  struct Case {
    const char* text;
    std::string body;
  };
  const Case cases[] = {
      {"too many samples", Symbols(kTable).Bytes(5, many_samples).str()},
      {"too many exemplars", Symbols(kTable).Bytes(5, many_exemplars).str()},
      {"too many symbols", many_symbols},
  };
  for (const Case& one : cases) {
    EXPECT_THAT(Message(CheckV2(one.body).status()), HasSubstr(one.text));
  }
}

TEST(DecodeV2, TooManyLabels) {
  const std::vector<uint64_t> refs(2 * kMaxLabels + 2, 1);
  const std::vector<uint64_t> exemplar(2 * kMaxExemplarLabels + 2, 1);
  const std::string body =
      Symbols(kTable).Bytes(5, Wire().Packed(1, refs).Bytes(4, Wire().Packed(1, exemplar))).str();
  V2Decoder decoder;
  IncomingSeries series;
  ASSERT_TRUE(decoder.Open(body).ok());
  ASSERT_TRUE(*decoder.Next(&series));
  EXPECT_TRUE(series.too_many_labels && !series.bad_refs);
  EXPECT_EQ(series.labels.size(), kMaxLabels);
  EXPECT_EQ(series.exemplars.at(0).labels.size(), kMaxExemplarLabels);
}

TEST(DecodeV2, GarbageIsAnErrorNeverACrash) {
  const std::string body = Symbols(kTable).Bytes(5, Full()).str();
  const size_t table = Symbols(kTable).str().size();
  for (size_t cut = table + 1; cut < body.size(); ++cut) {
    EXPECT_FALSE(CheckV2(body.substr(0, cut)).ok()) << cut;
  }
  SeededRandom random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = body;
    for (uint64_t n = 1 + random.Next() % 4; n > 0; --n) {
      damaged[random.Next() % damaged.size()] = static_cast<char>(random.Next());
    }
    (void)CheckV2(damaged);
  }
}

}  // namespace
}  // namespace outrider
