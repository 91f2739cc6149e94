// SPDX-License-Identifier: Apache-2.0
// The rows are read on a short way where it is wide enough: they must be what V2Decoder says.
#include <gtest/gtest.h>

#include "storage/base/random.h"
#include "tests/exporter/ingest/v2_rows_oracle.h"
#include "tests/exporter/ingest/wire_build.h"

namespace outrider {
namespace {

Wire Symbols() {
  Wire message;
  for (const char* symbol : {"", "__name__", "m", "job", "n", "help", "s", "__name__", ""}) {
    message.Bytes(4, symbol);
  }
  return message;
}

Wire SampleOf(double value, Timestamp time, Timestamp start = 0) {
  Wire message;
  message.Double(1, value).Int64(2, time);
  if (start != 0) message.Int64(3, start);
  return message;
}

Wire Plain() { return Wire().Packed(1, {1, 2, 3, 4}).Bytes(2, SampleOf(1, 1'700'000'000'000)); }

TEST(V2Rows, AsTheDecoderSays) {
  const Wire sample = SampleOf(2, 5);
  const Wire metadata = Wire().Varint(1, 2).Varint(3, 5).Varint(4, 6);
  struct Case {
    const char* what;
    Wire series;
  };
  const Case cases[] = {
      {"plain", Plain()},
      {"two samples", Plain().Bytes(2, sample)},
      {"metadata", Plain().Bytes(5, metadata)},
      {"metadata twice", Plain().Bytes(5, metadata).Bytes(5, Wire().Varint(1, 1))},
      {"metadata with a bad reference", Plain().Bytes(5, Wire().Varint(3, 99))},
      {"metadata before the samples", Wire().Packed(1, {1, 2}).Bytes(5, metadata).Bytes(2, sample)},
      {"metadata and no name", Wire().Packed(1, {3, 4}).Bytes(2, sample).Bytes(5, metadata)},
      {"metadata and no sample", Wire().Packed(1, {1, 2}).Bytes(5, metadata)},
      {"the name by another symbol",
       Wire().Packed(1, {3, 4, 7, 2, 1, 4}).Bytes(2, sample).Bytes(5, metadata)},
      {"an empty value", Wire().Packed(1, {1, 2, 3, 0}).Bytes(2, sample)},
      {"an empty value by another symbol", Wire().Packed(1, {3, 8, 1, 2}).Bytes(2, sample)},
      {"a value under two names", Wire().Packed(1, {1, 4, 3, 4}).Bytes(2, sample)},
      {"turned", Wire().Packed(1, {3, 4, 1, 2}).Bytes(2, sample)},
      {"a start time", Plain().Bytes(2, SampleOf(3, 9, 4))},
      {"an empty sample", Plain().Bytes(2, "")},
      {"a negative time", Plain().Bytes(2, SampleOf(1, -7))},
      {"no labels", Wire().Bytes(2, sample)},
      {"no references", Wire().Bytes(1, "").Bytes(2, sample)},
      {"no samples", Wire().Packed(1, {1, 2})},
      {"nothing", Wire()},
      {"odd", Wire().Packed(1, {1, 2, 3}).Bytes(2, sample)},
      {"odd in the first piece", Wire().Packed(1, {1}).Packed(1, {2}).Bytes(2, sample)},
      {"not packed", Wire().Varint(1, 1).Varint(1, 2).Bytes(2, sample)},
      {"in two pieces", Plain().Packed(1, {3, 4})},
      {"out of range", Wire().Packed(1, {1, 2, 3, 9}).Bytes(2, sample)},
      {"far out of range", Wire().Packed(1, {1, 1ULL << 40}).Bytes(2, sample)},
      {"a long way to a small number",
       Wire().Bytes(1, std::string("\x81\x80\x80\x00\x02", 5)).Bytes(2, sample)},
      {"an exemplar", Plain().Bytes(4, Wire().Packed(1, {3, 4}))},
      {"a histogram", Plain().Bytes(3, Wire().Varint(1, 9))},
      {"an unknown field", Plain().Fixed32(99)},
      {"a wrong type", Plain().Varint(2, 5)},
      {"a sample of a wrong type", Plain().Bytes(2, Wire().Bytes(1, "x"))},
      {"a sample that is cut off", Plain().Bytes(2, SampleOf(1, 5).str().substr(0, 5))},
      {"too many labels", Wire().Packed(1, std::vector<uint64_t>(2 * kMaxLabels + 2, 2))},
      {"many labels", Wire().Packed(1, std::vector<uint64_t>(2 * kMaxLabels, 2)).Bytes(2, sample)},
  };
  V2Rows rows;  // used again, as at the door
  for (const Case& one : cases) {
    for (const std::string& body :
         {Symbols().Bytes(5, one.series).str(),
          Symbols().Bytes(5, Plain()).Bytes(5, one.series).Bytes(5, Plain()).str(),
          Wire().Bytes(5, one.series).str() + Symbols().Bytes(5, one.series).str()}) {
      EXPECT_EQ(WrongWithRows(body, &rows), "") << one.what;
    }
  }
}

TEST(V2Rows, RandomAndDamaged) {
  SeededRandom random(8);
  const auto below = [&](uint64_t n) { return random.Next() % n; };
  V2Rows rows;
  int taken = 0;
  for (int round = 0; round < 5000; ++round) {
    Wire body = Symbols();
    for (uint64_t n = below(5); n > 0; --n) {
      std::vector<uint64_t> refs;
      for (uint64_t i = 2 * below(5); i > 0; --i) refs.push_back(below(10 - below(2)));
      Wire series;
      series.Packed(1, refs);
      for (uint64_t i = below(3); i > 0; --i) {
        series.Bytes(
            2, SampleOf(static_cast<double>(below(100)),
                        static_cast<Timestamp>(random.Next() >> below(64)), below(4) == 0 ? 3 : 0));
      }
      if (below(2) == 0) series.Bytes(5, Wire().Varint(1, below(9)).Varint(3, below(10)));
      body.Bytes(5, series);
    }
    std::string bytes = body.str();
    if (below(2) == 0) bytes[below(bytes.size())] = static_cast<char>(random.Next());
    ASSERT_EQ(WrongWithRows(bytes, &rows), "") << round;
    taken += rows.rows().empty() ? 0 : 1;
  }
  EXPECT_GT(taken, 2000);
}

}  // namespace
}  // namespace outrider
