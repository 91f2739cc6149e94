// SPDX-License-Identifier: Apache-2.0
// The encoders against bytes that Prometheus 3.14's tsdb/chunkenc made of the same samples.
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "exporter/read/chunk_stream.h"
#include "exporter/read/histogram_chunk.h"
#include "exporter/read/xor_chunk.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
// Go's math.NaN().
const double kGoNan = std::bit_cast<double>(uint64_t{0x7ff8000000000001});

TEST(XorChunk, AsPrometheusWritesIt) {
  struct Case {
    std::vector<Timestamp> times;
    std::vector<double> values;
    const char* bytes;
  };
  const Case cases[] = {
      {{1700000000000}, {1.5}, "000180a0abfef9623ff8000000000000"},
      {{1700000000000, 1700000015000, 1700000030000, 1700000045000},
       {1, 2, 2, 3.75},
       "000480a0abfef9623ff00000000000009875c25fff1b03e0"},
      {{-5, 0, 7, 8200, 20000, 200000, 5000000, 9000000000},
       {0, kInf, kGoNan, 0.0, 1e300, 1e-300, 123456789.125, 0},
       "000809000000000000000005c25fff8002d9a4000000000000cffd61ffffc000000000000c70bdf8df90f22001d"
       "6"
       "738a4422ff25144695f10d8be00000000008cfdc14038012b9678f359f0000000217db90c0a0ceb79a2a4000000"
       "0"},
      {{0, 100000, 208192, 308193, 473730, 873730, 873731, 999999999},
       {1, 1.0000000000000002, -1, 3, 5, 5, 5, 6},
       "0008003ff0000000000000a08d06ff08000000068003001000000000000000340037ffc00000000000068000400"
       "38000000000001c727bee9e5817800000001dc6ba7dc00180000000000000"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(HexEncode(EncodeXorChunk(c.times, c.values)), c.bytes) << c.times.size();
}

NativeHistogram Integer(int k) {
  NativeHistogram h;
  h.schema = 1;
  h.zero_threshold = 0.001;
  h.zero_count = 2 + k;
  h.count = 30 + 9 * k;
  h.sum = 18.4 + k;
  h.positive_spans = {{-3, 2}, {1, 2}};
  h.positive_buckets = {1.0 + k, 2.0 + k, 1.0 + k, 1.0 + k};
  h.negative_spans = {{0, 1}};
  h.negative_buckets = {2.0 + 4 * k};
  return h;
}

NativeHistogram Float(double k) {
  NativeHistogram h;
  h.is_float = true;
  h.zero_threshold = 0.5;
  h.zero_count = 1.5 + k;
  h.count = 10.25 + 3 * k;
  h.sum = 3 - k;
  h.positive_spans = {{2, 2}};
  h.positive_buckets = {1.5 + k, 2};
  h.negative_spans = {{1, 1}};
  h.negative_buckets = {0.25};
  return h;
}

NativeHistogram Custom() {
  NativeHistogram h;
  h.schema = kCustomSchema;
  h.count = 7;
  h.sum = -2.5;
  h.positive_spans = {{0, 3}};
  h.positive_buckets = {4, 2, 1};
  h.custom_values = {0.005, 1.5, 1e10, -3};
  return h;
}

NativeHistogram OnlyZeros() {
  NativeHistogram h;
  h.schema = 3;
  h.zero_threshold = 2.938735877055719e-39;
  h.zero_count = 3;
  h.count = 3;
  return h;
}

NativeHistogram Hinted(NativeHistogram h, ResetHint hint) {
  h.reset_hint = hint;
  return h;
}

TEST(HistogramChunk, AsPrometheusWritesIt) {
  const std::pair<std::vector<HistogramSample>, const char*> cases[] = {
      {{{1700000000000, Integer(0)}, {1700000015000, Integer(1)}, {1700000030001, Integer(5)}},
       "000300ff3f50624dd2f1a9fc8ca55946317f0000c5e7f2b40067a48064cccccccccccd18dd2f83a98c4c778388a"
       "4"
       "7373da0e6318"},
      {{{1000, Custom()}},
       "00010000ee5c6652de5dd2101502f9000000030020000000000003c7d17600200000000000052d70"},
      {{{5, Float(0)}, {10, Float(1)}, {16, Float(3)}},
       "000300f346528c638540248000000000003ff800000000000040080000000000003ff8000000000000400000000"
       "00000003fd0000000000000c2ec0fe137fffb01e137ffe4758f9f5897841eb12c"},
      {{{77, StaleHistogram()}}, "000100001c4d1ffc00000000000080"},
      {{{-1, OnlyZeros()}, {5, OnlyZeros()}}, "000200749979cc00000000000000030c00"},
      {{{1, Hinted(Integer(0), ResetHint::kYes)}},
       "000180ff3f50624dd2f1a9fc8ca5594631473d240326666666666668c6e900"},
      {{{1, Hinted(Integer(3), ResetHint::kGauge)}, {2, Hinted(Integer(1), ResetHint::kGauge)}},
       "0002c0ff3f50624dd2f1a9fc8ca5594631477354035666666666666a46ec7475d6da1761b8"},
  };
  for (const auto& [run, bytes] : cases) {
    EXPECT_EQ(HistogramRun(run, 120), run.size()) << bytes;
    EXPECT_EQ(HexEncode(EncodeHistogramChunk(run, ResetOf(nullptr, run[0].histogram))), bytes);
  }
}

TEST(HistogramChunk, RunsEndWhereLayoutOrCountersDo) {
  NativeHistogram wider = Integer(9);
  wider.positive_spans = {{-3, 5}};
  wider.positive_buckets = {9, 9, 9, 9, 9};
  struct Case {
    NativeHistogram before;
    NativeHistogram now;
    bool one_run;
    CounterReset reset;
  };
  const Case cases[] = {
      {Integer(1), Integer(1), true, CounterReset::kNo},
      {Integer(2), Integer(1), false, CounterReset::kYes},
      {Integer(1), Hinted(Integer(2), ResetHint::kYes), false, CounterReset::kYes},
      {Integer(1), Hinted(Integer(2), ResetHint::kGauge), false, CounterReset::kGauge},
      {Integer(1), wider, false, CounterReset::kUnknown},
      {Integer(1), StaleHistogram(), false, CounterReset::kUnknown},
      {StaleHistogram(), Integer(1), false, CounterReset::kUnknown},
      {Float(1), Float(0), false, CounterReset::kYes},
      {Hinted(Float(1), ResetHint::kGauge), Hinted(Float(0), ResetHint::kGauge), true,
       CounterReset::kGauge},
      {Integer(1), Float(2), false, CounterReset::kUnknown},
  };
  for (const Case& c : cases) {
    const std::vector<HistogramSample> two = {{1, c.before}, {2, c.now}};
    EXPECT_EQ(HistogramRun(two, 120), c.one_run ? 2U : 1U) << &c - cases;
    EXPECT_EQ(HistogramRun(two, 1), 1U);
    EXPECT_EQ(ResetOf(&c.before, c.now), c.reset) << &c - cases;
  }
}

TEST(Crc32Castagnoli, KnownSums) {
  EXPECT_EQ(Crc32Castagnoli(""), 0U);
  EXPECT_EQ(Crc32Castagnoli("123456789"), 0xe3069283U);
  EXPECT_EQ(Crc32Castagnoli(std::string(32, '\0')), 0x8a9136aaU);
}

}  // namespace
}  // namespace outrider
