// SPDX-License-Identifier: Apache-2.0
#include "storage/window/chunk_histogram.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <functional>
#include <limits>

#include "storage/base/random.h"
#include "storage/window/sample_codec.h"
#include "tests/support/random_histogram.h"

namespace outrider {
namespace {

constexpr Timestamp kMin = std::numeric_limits<Timestamp>::min();
constexpr Timestamp kMax = std::numeric_limits<Timestamp>::max();
const double kNan = std::bit_cast<double>(kNormalNanBits);

void ExpectRead(std::span<const uint8_t> bytes, const std::vector<HistogramSample>& samples) {
  std::vector<HistogramSample> read;
  const auto count = static_cast<uint32_t>(samples.size());
  ASSERT_TRUE(CollectChunk<HistogramCodec>(bytes, count, kMin, kMax, &read));
  ASSERT_EQ(read.size(), samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(read[i].time, samples[i].time) << i;
    const bool stale = IsStale(samples[i].histogram);
    EXPECT_TRUE(SameBits(read[i].histogram, stale ? StaleHistogram() : samples[i].histogram)) << i;
  }
}

HistogramChunkWriter Written(const std::vector<HistogramSample>& samples) {
  HistogramChunkWriter writer;
  for (const HistogramSample& sample : samples) EXPECT_TRUE(writer.Append(sample));
  EXPECT_EQ(writer.count(), samples.size());
  EXPECT_LE(writer.bytes().size(), writer.capacity());
  return writer;
}

// All of them in one chunk. Returns its size.
size_t ExpectRoundTrip(const std::vector<HistogramSample>& samples) {
  HistogramChunkWriter writer = Written(samples);
  EXPECT_EQ(writer.first_time(), samples.empty() ? 0 : samples[0].time);
  ExpectRead(writer.bytes(), samples);
  uint32_t size = 0;
  const ChunkBytes taken = writer.Take(&size);
  ExpectRead({taken.get(), size}, samples);
  EXPECT_EQ(writer.count(), 0U);
  EXPECT_TRUE(writer.bytes().empty());
  return size;
}

std::vector<HistogramSample> RandomSeries(Random& random, HistogramKind kind, size_t count) {
  std::vector<HistogramSample> samples;
  HistogramSample sample{static_cast<Timestamp>(random.Next() >> 24),
                         RandomHistogram(random, kind)};
  const uint64_t jitter_bits = random.Next() % 45;
  for (size_t i = 0; i < count; ++i) {
    samples.push_back(sample);
    const uint64_t what = random.Next() % 16;
    if (what == 0) samples.back().histogram = StaleHistogram();
    if (what == 1) samples.back().histogram.sum = kNan;
    sample.time += 1 + static_cast<Timestamp>(random.Next() >> (63 - jitter_bits));
    StepHistogram(random, &sample.histogram);
  }
  return samples;
}

TEST(HistogramChunk, RandomSeriesRoundTrip) {
  SeededRandom random(20261125);
  for (int round = 0; round < 400; ++round) {
    const size_t count = 1 + random.Next() % 130;
    ExpectRoundTrip(RandomSeries(random, static_cast<HistogramKind>(round % 4), count));
  }
}

NativeHistogram Small(double a, double b) {
  NativeHistogram h;
  h.zero_threshold = 0x1p-128;
  h.positive_spans = {{-3, 1}, {7, 1}};
  h.positive_buckets = {a, b};
  h.count = a + b;
  h.sum = a / 3;
  return h;
}

TEST(HistogramChunk, EveryValueSurvives) {
  const double values[] = {0,
                           1,
                           0x1p53 - 1,
                           0x1p53,
                           0x1.fffffffffffffp62,
                           0x1p63,
                           0x1.fffffffffffffp63,  // the largest whole number of 64 bits
                           5,
                           0};
  std::vector<HistogramSample> samples;
  for (const double a : values)
    for (const double b : values)
      samples.push_back({static_cast<Timestamp>(samples.size()), Small(a, b)});
  std::erase_if(samples, [](const auto& s) { return s.histogram.count >= 0x1p64; });
  ExpectRoundTrip(samples);

  const double special[] = {-0.0,
                            kNan,
                            StaleNan(),
                            -1,
                            0.5,
                            0x1p64,
                            5e-324,
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::max()};
  for (const bool is_float : {false, true}) {
    samples.clear();
    for (const double a : special)
      for (const double b : special) {
        NativeHistogram h = Small(1, b);
        h.is_float = is_float;
        h.zero_count = a;
        h.sum = SameBits(b, StaleNan()) ? 0 : b;
        samples.push_back({7, h});
      }
    ExpectRoundTrip(samples);  // integer histograms too, though none is sent so
  }
}

TEST(HistogramChunk, ShapesAtTheirLimits) {
  constexpr int32_t kLow = std::numeric_limits<int32_t>::min();
  constexpr int32_t kHigh = std::numeric_limits<int32_t>::max();
  NativeHistogram far = Small(1, 2);
  far.positive_spans = {{kLow, 1}, {kHigh, 0}, {kHigh, 1}, {0, 0}};
  far.negative_spans = {{kHigh, 0}};
  far.zero_threshold = -kNan;
  NativeHistogram custom;
  custom.schema = kCustomSchema;
  custom.custom_values = {-std::numeric_limits<double>::infinity(), -1, -0.0, 5e-324, 0.1};
  NativeHistogram reserved;
  reserved.schema = kMaxReservedSchema;
  NativeHistogram zeros;
  zeros.positive_spans = {{0, 400}};
  zeros.positive_buckets.resize(400);
  const std::vector<HistogramSample> rows[] = {
      {},
      {{0, zeros}},
      {{kMin, far}, {kMax, far}, {0, far}, {kMin, far}},
      {{0, custom}, {1, custom}},
      {{0, reserved}},
      {{5, StaleHistogram()}},
      {{5, StaleHistogram()}, {6, StaleHistogram()}, {7, Small(1, 2)}, {8, StaleHistogram()}},
  };
  for (const auto& samples : rows) ExpectRoundTrip(samples);
}

// Refused without a trace; then the chunk goes on.
void ExpectAnotherChunk(const NativeHistogram& other) {
  HistogramChunkWriter writer = Written({{1, Small(1, 2)}});
  const size_t before = writer.bytes().size();
  EXPECT_FALSE(writer.Append({2, other}));
  EXPECT_EQ(writer.count(), 1U);
  EXPECT_EQ(writer.bytes().size(), before);
  EXPECT_TRUE(writer.Append({2, StaleHistogram()}));
  EXPECT_TRUE(writer.Append({3, Small(1, 3)}));
  ExpectRead(writer.bytes(), {{1, Small(1, 2)}, {2, StaleHistogram()}, {3, Small(1, 3)}});
  ExpectRoundTrip({{2, other}});
}

TEST(HistogramChunk, AnotherShapeIsAnotherChunk) {
  const std::pair<const char*, std::function<void(NativeHistogram&)>> rows[] = {
      {"schema", [](auto& h) { h.schema = 1; }},
      {"float", [](auto& h) { h.is_float = true; }},
      {"threshold", [](auto& h) { h.zero_threshold = 0; }},
      {"threshold's sign", [](auto& h) { h.zero_threshold = -0x1p-128; }},
      {"offset", [](auto& h) { ++h.positive_spans[1].offset; }},
      {"same buckets, other spans", [](auto& h) { h.positive_spans = {{-3, 2}}; }},
      {"one more bucket",
       [](auto& h) { ++h.positive_spans[1].length, h.positive_buckets = {1, 2, 3}; }},
      {"other side",
       [](auto& h) {
         std::swap(h.positive_spans, h.negative_spans);
         std::swap(h.positive_buckets, h.negative_buckets);
       }},
      {"custom",
       [](auto& h) {
         h.schema = kCustomSchema, h.positive_spans[0].offset = 0, h.zero_threshold = 0,
         h.custom_values.resize(9);
         for (int i = 0; i < 9; ++i) h.custom_values[size_t(i)] = i;
       }},
      {"a count that is not whole", [](auto& h) { h.positive_buckets[0] = 0.5; }},
  };
  for (const auto& [name, change] : rows) {
    SCOPED_TRACE(name);
    NativeHistogram other = Small(1, 2);
    change(other);
    ExpectAnotherChunk(other);
  }
}

TEST(HistogramChunk, OtherBoundsAreAnotherChunk) {
  NativeHistogram a;
  a.schema = kCustomSchema;
  a.custom_values = {1, 2};
  NativeHistogram b = a;
  b.custom_values = {1, 3};
  HistogramChunkWriter writer;
  EXPECT_TRUE(writer.Append({1, a}));
  EXPECT_FALSE(writer.Append({2, b}));
}

TEST(HistogramChunk, NoChunkTakesAnInvalidShape) {
  NativeHistogram misfit = Small(1, 2);
  misfit.positive_buckets.pop_back();
  NativeHistogram unknown = Small(1, 2);
  unknown.schema = 53;
  for (const NativeHistogram& h : {misfit, unknown}) {
    HistogramChunkWriter writer;
    EXPECT_FALSE(writer.Append({1, h}));
    EXPECT_EQ(writer.count(), 0U);
    EXPECT_TRUE(writer.bytes().empty());
  }
}

TEST(HistogramChunk, LargeChunksAreFull) {
  SeededRandom random(3);
  NativeHistogram h;
  h.is_float = true;
  h.positive_spans = {{0, 4000}};
  h.positive_buckets.resize(4000);
  HistogramChunkWriter writer;
  uint32_t taken = 0;
  for (bool took = true; took && taken < 1000; taken = writer.count()) {
    for (double& bucket : h.positive_buckets) bucket = random.Unit();
    took = writer.Append({taken, h});
  }
  EXPECT_GT(taken, 8U);
  EXPECT_LT(taken, 14U);
  HistogramChunkReader reader(writer.bytes(), writer.count());
  HistogramSample sample;
  for (uint32_t i = 0; i < taken; ++i) EXPECT_TRUE(reader.Next(&sample));
}

TEST(HistogramChunk, SteadySeriesAreSmall) {
  NativeHistogram h;
  h.zero_threshold = 0x1p-128;
  h.positive_spans = {{-10, 20}};
  h.positive_buckets.resize(20);
  std::vector<HistogramSample> idle;
  std::vector<HistogramSample> steady;
  std::vector<HistogramSample> gone;
  for (int i = 0; i < 120; ++i) {
    idle.push_back({Timestamp{i} * 15000, h});
    gone.push_back({Timestamp{i} * 15000, i == 0 ? h : StaleHistogram()});
    NativeHistogram busy = h;
    for (double& bucket : busy.positive_buckets) bucket = 7 * i;
    busy.count = 140 * i;
    busy.sum = 256 * i;
    steady.push_back({Timestamp{i} * 15000, busy});
  }
  EXPECT_LE(ExpectRoundTrip(idle), 23U + 120 * 4 / 8);
  EXPECT_LE(ExpectRoundTrip(gone), 25U + 120 * 2 / 8);
  EXPECT_LE(ExpectRoundTrip(steady), 120U * 7);  // 26 bits and the sum
}

TEST(HistogramChunk, DecodesARange) {
  HistogramChunkWriter writer;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(writer.Append({Timestamp{i} * 10, Small(i, 1)}));
  std::vector<HistogramSample> read;
  EXPECT_TRUE(CollectChunk<HistogramCodec>(writer.bytes(), writer.count(), 20, 49, &read));
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0].time, 20);
  EXPECT_TRUE(SameBits(read[2].histogram, Small(4, 1)));
}

// Reads what there is; every sample must be fit for walking its buckets.
bool ReadAll(std::span<const uint8_t> bytes, uint32_t count, uint32_t* got) {
  const std::vector<uint8_t> copy(bytes.begin(), bytes.end());  // of its own, for the sanitizer
  HistogramChunkReader reader(copy, count);
  HistogramSample sample;
  for (*got = 0; reader.Next(&sample); ++*got)
    EXPECT_TRUE(ValidateShape(sample.histogram).ok()) << *got;
  EXPECT_FALSE(reader.Next(&sample));
  return reader.ok();
}

void ExpectTruncationSeen(std::span<const uint8_t> bytes, uint32_t count) {
  uint32_t got = 0;
  EXPECT_TRUE(ReadAll(bytes, count, &got));
  EXPECT_EQ(got, count);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ReadAll(bytes.first(size), count, &got)) << size;
    EXPECT_LT(got, count);
  }
}

TEST(HistogramChunk, TruncatedBytesAreDamage) {
  SeededRandom random(11);
  for (int round = 0; round < 16; ++round) {
    const auto writer = Written(RandomSeries(random, static_cast<HistogramKind>(round % 4), 20));
    ExpectTruncationSeen(writer.bytes(), writer.count());
  }
}

TEST(HistogramChunk, FlippedBitsNeverCrash) {
  SeededRandom random(12);
  uint32_t damaged = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto writer = Written(RandomSeries(random, static_cast<HistogramKind>(round % 4), 8));
    std::vector<uint8_t> bytes(writer.bytes().begin(), writer.bytes().end());
    for (int i = 0; i < 3; ++i)
      bytes[random.Next() % bytes.size()] ^= static_cast<uint8_t>(1U << random.Next() % 8);
    uint32_t got = 0;
    damaged += ReadAll(bytes, writer.count(), &got) ? 0 : 1;
  }
  EXPECT_GT(damaged, 100U);
}

// A stream of our own making, to place one error in it.
TEST(HistogramChunk, ImpossibleShapesAreDamage) {
  const auto number = [](uint64_t v) { return [v](BitWriter& out) { out.PutNumber(v); }; };
  const auto bits = [](uint64_t v, uint32_t n) {
    return [v, n](BitWriter& out) { out.Put(v, n); };
  };
  using Put = std::function<void(BitWriter&)>;
  const std::tuple<const char*, bool, std::vector<Put>> rows[] = {
      // float, as XORs, schema 0, the usual threshold; spans; spans; custom values
      {"good", true, {number(0), number(1), number(6), number(2), number(0), number(0)}},
      {"schema 60", false, {number(120), number(0), number(0), number(0)}},
      {"schema 2^32", false, {number(uint64_t{1} << 33), number(0), number(0), number(0)}},
      {"spans without end", false, {number(0), number(uint64_t{1} << 40)}},
      {"buckets without end", false, {number(0), number(1), number(0), number(0xffffffff)}},
      {"length of 33 bits", false, {number(0), number(1), number(0), number(1ULL << 32)}},
      {"a later span backwards",
       false,
       {number(0), number(2), number(0), number(1), number(1), number(1), number(0), number(0)}},
      {"custom values without end",
       false,
       {number(0), number(0), number(0), number(uint64_t{1} << 50)}},
      {"custom values, exponential",
       false,
       {number(0), number(0), number(0), number(1), bits(0, 1)}},
      {"falling custom values",
       false,
       {number(105), number(0), number(0), number(2), bits(0, 1), bits(0, 1)}},
      {"a window before the first",
       false,
       {number(105), number(0), number(0), number(1), bits(0b10, 2)}},
      {"a window too wide",
       false,
       {number(105), number(0), number(0), number(1), bits(0b11'11111'111111, 13)}},
  };
  for (const auto& [name, good, puts] : rows) {
    BitWriter out;
    out.Put(0, 64);     // time
    out.Put(0b011, 3);  // not stale; float, as XORs
    bool first = true;
    for (const Put& put : puts) {
      put(out);
      if (first) out.Put(0, 1);  // the threshold, behind the schema
      first = false;
    }
    for (int i = 0; i < 4; ++i) out.Put(0, 64);
    uint32_t got = 0;
    EXPECT_EQ(ReadAll(out.bytes(), 1, &got), good) << name;
    EXPECT_EQ(got, good ? 1U : 0U) << name;
  }
}

uint32_t Width(uint64_t v) { return v == 0 ? 1 : 64 - static_cast<uint32_t>(std::countl_zero(v)); }

TEST(BitStream, CodesRoundTrip) {
  SeededRandom random(5);
  BitWriter out;
  std::vector<uint64_t> values;
  XorWindow window;
  for (int i = 0; i < 5000; ++i) {
    values.push_back(random.Next() >> (random.Next() % 64));
    const uint64_t v = values.back();
    const auto width = Width(v);
    out.Put(v, width);
    out.PutNumber(v);
    out.PutTime(0 - v);
    out.PutXor(v << (i % 7), &window);
  }
  BitReader in(out.bytes());
  window = {};
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t v = values[i];
    const std::array<uint64_t, 4> expected{v, v, 0 - v, v << (i % 7)};
    const std::array<uint64_t, 4> read{in.Get(Width(v)), in.GetNumber(), in.GetTime(),
                                       in.GetXor(&window)};
    ASSERT_EQ(read, expected) << i;
  }
  EXPECT_TRUE(in.ok());
  EXPECT_LT(in.left(), 8U);
  in.Get(8);
  EXPECT_FALSE(in.ok());
}

// The widths of numbers, as docs/formats.md has them.
TEST(BitStream, NumbersTakeTheirWidths) {
  const std::pair<uint64_t, size_t> rows[] = {
      {0, 1},           {1, 5},      {7, 5},        {8, 9},
      {63, 9},          {64, 14},    {1023, 14},    {1024, 21},
      {65535, 21},      {65536, 30}, {1 << 24, 43}, {(1ULL << 36) - 1, 43},
      {1ULL << 36, 71}, {~0ULL, 71},
  };
  for (const auto& [value, width] : rows) {
    BitWriter out;
    out.PutNumber(value);
    EXPECT_EQ(out.bits(), width) << value;
  }
}

}  // namespace
}  // namespace outrider
