// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/decode_histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/exporter/ingest/wire_build.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Wire Span(int64_t offset, uint64_t length) { return Wire().Zigzag(1, offset).Varint(2, length); }

class DecodeHistogramTest : public testing::Test {
 protected:
  Status Decode(const Wire& message, bool v2 = true) {
    return DecodeHistogram(message.str(), v2, &out_, &start_);
  }
  HistogramSample out_;
  Timestamp start_ = -1;
};

TEST_F(DecodeHistogramTest, IntegerDeltasBecomeCounts) {
  const Wire message = Wire()
                           .Varint(1, 12)
                           .Double(3, 18.4)
                           .Zigzag(4, -1)
                           .Double(5, 0.001)
                           .Varint(6, 2)
                           .Bytes(8, Span(-3, 2))
                           .PackedZigzag(9, {1, -1})
                           .Bytes(11, Span(0, 2))
                           .Bytes(11, Span(5, 1))
                           .PackedZigzag(12, {1, 2, -2})
                           .Varint(14, 3)
                           .Int64(15, -9)
                           .Int64(17, 77);
  ASSERT_TRUE(Decode(message).ok());
  const NativeHistogram& h = out_.histogram;
  EXPECT_FALSE(h.is_float);
  EXPECT_EQ(out_.time, -9);
  EXPECT_EQ(start_, 77);
  EXPECT_EQ(h.count, 12);
  EXPECT_EQ(h.sum, 18.4);
  EXPECT_EQ(h.schema, -1);
  EXPECT_EQ(h.zero_threshold, 0.001);
  EXPECT_EQ(h.zero_count, 2);
  EXPECT_EQ(h.reset_hint, ResetHint::kGauge);
  EXPECT_THAT(h.negative_spans, ElementsAre(BucketSpan{-3, 2}));
  EXPECT_THAT(h.positive_spans, ElementsAre(BucketSpan{0, 2}, BucketSpan{5, 1}));
  EXPECT_THAT(h.negative_buckets, ElementsAre(1, 0));
  EXPECT_THAT(h.positive_buckets, ElementsAre(1, 3, 1));
  EXPECT_THAT(h.custom_values, IsEmpty());
  ASSERT_TRUE(Decode(message, false).ok());  // 17 is not a field of 1.0
  EXPECT_EQ(start_, 0);
  EXPECT_EQ(out_.time, -9);
}

TEST_F(DecodeHistogramTest, FloatCountsAndCustomBounds) {
  ASSERT_TRUE(Decode(Wire()
                         .PackedDouble(13, {1.5, 0, 2})
                         .PackedZigzag(12, {9, 9, 9})  // not of a float histogram
                         .PackedDouble(10, {0.25})
                         .Bytes(8, Span(1, 1))
                         .Bytes(11, Span(0, 3))
                         .PackedDouble(16, {0.1, 1})
                         .Zigzag(4, kCustomSchema)
                         .Double(7, 0.5)
                         .Double(3, StaleNan())
                         .Double(2, 4.25))
                  .ok());
  const NativeHistogram& h = out_.histogram;
  EXPECT_TRUE(h.is_float);
  EXPECT_TRUE(IsStale(h));
  EXPECT_EQ(h.count, 4.25);
  EXPECT_EQ(h.zero_count, 0.5);
  EXPECT_EQ(h.schema, kCustomSchema);
  EXPECT_THAT(h.positive_buckets, ElementsAre(1.5, 0, 2));
  EXPECT_THAT(h.negative_buckets, ElementsAre(0.25));
  EXPECT_THAT(h.custom_values, ElementsAre(0.1, 1));
}

TEST_F(DecodeHistogramTest, UnpackedFieldsAndReuse) {
  ASSERT_TRUE(Decode(Wire()
                         .Varint(1, 5)
                         .Bytes(11, Span(0, 2))
                         .Zigzag(12, 2)
                         .Zigzag(12, 1)
                         .Double(13, 9)  // not of an integer histogram
                         .Double(16, 0.5)
                         .Double(16, 2)
                         .Varint(14, 9))
                  .ok());
  EXPECT_THAT(out_.histogram.positive_buckets, ElementsAre(2, 3));
  EXPECT_THAT(out_.histogram.custom_values, ElementsAre(0.5, 2));
  EXPECT_EQ(out_.histogram.reset_hint, ResetHint::kUnknown);
  ASSERT_TRUE(Decode(Wire().Double(2, 1).Double(10, 1).Double(10, 2)).ok());
  EXPECT_THAT(out_.histogram.negative_buckets, ElementsAre(1, 2));
  EXPECT_THAT(out_.histogram.positive_buckets, IsEmpty());
  ASSERT_TRUE(Decode(Wire()).ok());
  EXPECT_TRUE(SameBits(out_.histogram.count, 0.0) && !out_.histogram.is_float);
  EXPECT_THAT(out_.histogram.custom_values, IsEmpty());
  EXPECT_THAT(out_.histogram.negative_buckets, IsEmpty());
}

TEST_F(DecodeHistogramTest, TheLastOfTwoCountsHolds) {
  ASSERT_TRUE(Decode(Wire().Double(2, 1.5).Varint(1, 3)).ok());
  EXPECT_FALSE(out_.histogram.is_float);
  EXPECT_EQ(out_.histogram.count, 3);
  ASSERT_TRUE(Decode(Wire().Varint(1, 3).Double(2, 1.5)).ok());
  EXPECT_TRUE(out_.histogram.is_float);
  EXPECT_EQ(out_.histogram.count, 1.5);
}

// What is left to ValidateHistogram comes through.
TEST_F(DecodeHistogramTest, WhatIsNotJudgedHere) {
  EXPECT_TRUE(Decode(Wire().PackedZigzag(12, {-4, 1})).ok());  // buckets without spans
  EXPECT_THAT(out_.histogram.positive_buckets, ElementsAre(-4, -3));
  EXPECT_TRUE(Decode(Wire().PackedZigzag(9, {INT64_MAX, INT64_MAX})).ok());  // wraps
  EXPECT_EQ(out_.histogram.negative_buckets.at(1), -2);
  EXPECT_TRUE(Decode(Wire().Zigzag(4, 100)).ok());
}

TEST_F(DecodeHistogramTest, BadHistogramsAreNotBrokenMessages) {
  struct Case {
    const char* text;
    Wire message;
  };
  std::vector<int64_t> many(kMaxHistogramBuckets + 1, 0);
  std::vector<double> bounds(kMaxHistogramBuckets + 1, 0);
  Wire spans;
  for (size_t i = 0; i <= kMaxHistogramBuckets; ++i) spans.Bytes(11, "");
  const Case cases[] = {
      {"positive side: spans need 4294967295 buckets, have 1 buckets",
       Wire().Bytes(11, Span(0, 0xffffffff)).PackedZigzag(12, {1})},
      {"negative side: spans need 3 buckets, have 2 buckets",
       Wire().Bytes(8, Span(0, 2)).Bytes(8, Span(9, 1)).PackedZigzag(9, {1, 1})},
      {"positive side: spans need 1 buckets, have 0 buckets",  // int counts, but a float histogram
       Wire().Double(2, 1).Bytes(11, Span(0, 1)).PackedZigzag(12, {1})},
      {"histogram with more than 65536 buckets", Wire().PackedZigzag(12, many)},
      {"histogram with more than 65536 buckets", Wire().PackedDouble(16, bounds)},
      {"histogram with more than 65536 buckets", spans},
  };
  for (const Case& one : cases) {
    const Status status = Decode(one.message);
    EXPECT_TRUE(absl::IsOutOfRange(status)) << one.text;
    EXPECT_THAT(Message(status), HasSubstr(one.text));
    EXPECT_LE(out_.histogram.positive_buckets.capacity(), 2 * kMaxHistogramBuckets);
  }
}

TEST_F(DecodeHistogramTest, BrokenMessages) {
  // Every known field with a type it cannot have: fixed32.
  for (uint32_t field = 1; field <= 17; ++field) {
    const Status status = Decode(Wire().Fixed32(field));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << field;
    EXPECT_EQ(Message(status),
              "protobuf: field " + std::to_string(field) + " of Histogram has a wrong type");
  }
  EXPECT_TRUE(Decode(Wire().Fixed32(17), false).ok());
  EXPECT_TRUE(Decode(Wire().Fixed32(18).Bytes(100, "new")).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Decode(Wire().Bytes(13, "1234567").Double(2, 1))));
  EXPECT_TRUE(absl::IsInvalidArgument(Decode(Wire().Bytes(12, "\x80"))));
  EXPECT_TRUE(absl::IsInvalidArgument(Decode(Wire().Bytes(11, Wire().Double(1, 1)))));
  EXPECT_TRUE(absl::IsInvalidArgument(Decode(Wire().Tag(3, 1))));
}

}  // namespace
}  // namespace outrider
