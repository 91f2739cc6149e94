// SPDX-License-Identifier: Apache-2.0
#include "storage/window/chunk_float.h"

#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <limits>

#include "storage/base/random.h"

namespace outrider {
namespace {

constexpr Timestamp kMin = std::numeric_limits<Timestamp>::min();
constexpr Timestamp kMax = std::numeric_limits<Timestamp>::max();

void ExpectRoundTrip(const std::vector<Sample>& samples) {
  FloatChunkWriter writer;
  for (const Sample& sample : samples) writer.Append(sample.time, sample.value);
  ASSERT_EQ(writer.count(), samples.size());
  std::vector<Timestamp> times;
  std::vector<double> values;
  ASSERT_TRUE(DecodeFloatChunk(writer.bytes(), writer.count(), kMin, kMax, &times, &values));
  uint32_t size = 0;
  const ChunkBytes taken = writer.Take(&size);
  std::vector<Timestamp> times_again;
  std::vector<double> values_again;
  ASSERT_TRUE(DecodeFloatChunk({taken.get(), size}, static_cast<uint32_t>(samples.size()), kMin,
                               kMax, &times_again, &values_again));
  EXPECT_EQ(writer.count(), 0U);
  EXPECT_EQ(times, times_again);
  ASSERT_EQ(times.size(), samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(times[i], samples[i].time) << i;
    EXPECT_TRUE(SameBits(values[i], samples[i].value)) << i;
    EXPECT_TRUE(SameBits(values_again[i], samples[i].value)) << i;
  }
}

double RandomValue(SeededRandom& random, double last) {
  switch (random.Next() % 8) {
    case 0:
      return last;
    case 1:
      return last + static_cast<double>(random.Next() % 1000);
    case 2:
      return last + static_cast<double>(random.Next() % 1000) / 10;
    case 3:
      return std::bit_cast<double>(random.Next());
    case 4:
      return StaleNan();
    case 5:
      return std::bit_cast<double>(kNormalNanBits);
    case 6:
      return random.Next() % 2 == 0 ? std::numeric_limits<double>::infinity() : -0.0;
    default:
      return static_cast<double>(random.Next() % 100);
  }
}

TEST(FloatChunk, RandomSamplesRoundTrip) {
  SeededRandom random(20261121);
  for (int round = 0; round < 400; ++round) {
    std::vector<Sample> samples;
    auto time = static_cast<Timestamp>(random.Next() >> 24);
    double value = 0;
    const uint64_t jitter_bits = random.Next() % 45;
    const size_t count = 1 + random.Next() % 150;
    for (size_t i = 0; i < count; ++i) {
      value = RandomValue(random, value);
      samples.push_back({time, value});
      time += 1 + static_cast<Timestamp>(random.Next() >> (63 - jitter_bits));
    }
    ExpectRoundTrip(samples);
  }
}

TEST(FloatChunk, ExtremesRoundTrip) {
  ExpectRoundTrip({{kMin, 0}, {-1, -0.0}, {0, 1e308}, {kMax, 5e-324}});
  ExpectRoundTrip({{0, 0}});
  // Both edges of every delta-of-delta bucket.
  std::vector<Sample> samples = {{0, 1}, {100'000'000'000, 1}};
  int64_t delta = 100'000'000'000;
  for (const int64_t edge : {63, 64, 65, 8191, 8192, 8193, 524'287, 524'288, 524'289}) {
    for (const int64_t change : {edge, -edge}) {
      delta += change;
      samples.push_back({samples.back().time + delta, 1});
    }
  }
  ExpectRoundTrip(samples);
}

// The writer keeps 32 bits of spans: what is longer is told by the bytes.
TEST(FloatChunk, AnySpanOfTimes) {
  constexpr int64_t kLong = int64_t{1} << 32;
  for (const int64_t delta : {int64_t{15'000}, kLong - 2, kLong - 1, kLong, 3 * kLong, -kLong}) {
    for (const int64_t first : {int64_t{0}, int64_t{-77}, int64_t{1} << 60}) {
      SCOPED_TRACE(delta);
      FloatChunkWriter writer;
      std::vector<Sample> samples;
      for (int i = 0; i < 8; ++i) {
        samples.push_back({first + (i - i % 4 / 3) * delta, 1.0 * i});
        writer.Append(samples.back().time, samples.back().value);
        EXPECT_EQ(writer.first_time(), first);
        EXPECT_EQ(writer.last_time(), samples.back().time);
      }
      ExpectRoundTrip(samples);
    }
  }
}

TEST(FloatChunk, RangeIsClosed) {
  FloatChunkWriter writer;
  for (int i = 0; i < 10; ++i) writer.Append(i * 10, i);
  std::vector<Timestamp> times;
  std::vector<double> values;
  ASSERT_TRUE(DecodeFloatChunk(writer.bytes(), writer.count(), 20, 40, &times, &values));
  EXPECT_EQ(times, (std::vector<Timestamp>{20, 30, 40}));
  EXPECT_EQ(values, (std::vector<double>{2, 3, 4}));
}

TEST(FloatChunk, BytesASample) {
  struct Case {
    const char* what;
    std::function<double(int, double)> next;  // of the sample's number and the value before
    double most;
  };
  SeededRandom random(5);
  const auto below = [&](uint64_t limit) { return static_cast<double>(random.Next() % limit); };
  const Case cases[] = {
      {"constant", [](int, double) { return 1; }, 0.30},
      {"steady counter", [](int i, double) { return 10.0 * i; }, 0.60},
      {"counter", [&](int, double last) { return last + below(1000); }, 2.0},
      {"seconds", [&](int i, double) { return (100 * i + below(16)) / 100; }, 1.3},
      {"sum of tenths", [&](int, double last) { return last + below(1000) / 10; }, 2.3},
      {"pages", [&](int, double) { return 4096 * (2e6 + below(1000)); }, 2.1},
      {"nanoseconds", [&](int, double) { return below(1'000'000) / 1e9; }, 3.3},
      {"random", [&](int, double) { return random.Unit(); }, 7.8},
  };
  for (const Case& one : cases) {
    std::vector<Sample> samples;
    for (int i = 0; i < 120; ++i) {
      const double last = samples.empty() ? 0 : samples.back().value;
      samples.push_back({i * 15'000, one.next(i, last)});
    }
    ExpectRoundTrip(samples);
    FloatChunkWriter writer;
    for (const Sample& sample : samples) writer.Append(sample.time, sample.value);
    const double bytes = static_cast<double>(writer.bytes().size()) / 120;
    EXPECT_LE(bytes, one.most) << one.what;
    EXPECT_GE(bytes, one.most * 0.7) << one.what << ": the bound is loose";
  }
}

TEST(FloatChunk, AMarkerDoesNotEndTheMode) {
  std::vector<Sample> samples;
  for (int i = 0; i < 100; ++i)
    samples.push_back({i * 15'000, i % 50 == 49 ? StaleNan() : i * 0.5});
  ExpectRoundTrip(samples);
  FloatChunkWriter writer;
  for (const Sample& sample : samples) writer.Append(sample.time, sample.value);
  EXPECT_LE(writer.bytes().size(), 130U);
}

TEST(NumberMode, Table) {
  constexpr double kNear = 0.1 + 0.7;  // 0.7999999999999999
  const std::pair<double, NumberMode> cases[] = {
      {0, kExact},
      {-7, kExact},
      {4096, kExact},
      {0x1p50, kPowers + 4},
      {3 * 0x1p20, kPowers + 4},
      {1025 * 4096.0, kPowers + 2},
      {1025 * 1024.0, kPowers + 1},
      {(1 << 20) + 1, kExact},
      {0x1p52 + 1, kNoNumber},
      {-0.0, kNoNumber},
      {0.5, kExact + 1},
      {-12.34, kExact + 2},
      {1e-12, kExact + 12},
      {kNear, kNearly + 1},
      {1.0 / 3, kNoNumber},
      {StaleNan(), kNoNumber},
      {std::numeric_limits<double>::infinity(), kNoNumber},
      {5e-324, kNoNumber},
      {1e308, kNoNumber},
  };
  for (const auto& [value, mode] : cases) {
    EXPECT_EQ(FindMode(value), mode) << value;
    if (mode == kNoNumber) continue;
    int64_t ulps = 0;
    const int64_t number = NumberOf(mode, value);
    EXPECT_TRUE(Fits(mode, value, number, &ulps)) << value;
    EXPECT_TRUE(SameBits(ValueOf(mode, number, ulps), value)) << value;
  }
}

TEST(FloatChunk, CutOrDamagedBytesEndCleanly) {
  FloatChunkWriter writer;
  SeededRandom random(3);
  for (int i = 0; i < 120; ++i) writer.Append(i * 15'000, random.Unit());
  const std::vector<uint8_t> bytes(writer.bytes().begin(), writer.bytes().end());
  std::vector<Timestamp> times;
  std::vector<double> values;
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    const std::vector<uint8_t> some(bytes.begin(), bytes.begin() + static_cast<long>(cut));
    times.clear();
    values.clear();
    EXPECT_FALSE(DecodeFloatChunk(some, 120, kMin, kMax, &times, &values)) << cut;
    EXPECT_LT(times.size(), 120U);
  }
  for (int round = 0; round < 500; ++round) {
    std::vector<uint8_t> damaged = bytes;
    damaged[random.Next() % damaged.size()] ^= static_cast<uint8_t>(1 + random.Next() % 255);
    times.clear();
    values.clear();
    DecodeFloatChunk(damaged, 120, kMin, kMax, &times, &values);
    EXPECT_LE(times.size(), 120U);
  }
}

}  // namespace
}  // namespace outrider
