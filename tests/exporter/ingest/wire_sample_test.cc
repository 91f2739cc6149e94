// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/wire_sample.h"

#include <gtest/gtest.h>

#include "exporter/ingest/decode_v2.h"
#include "storage/base/random.h"
#include "tests/exporter/ingest/wire_build.h"

namespace outrider {
namespace {

// What the field by field reader says, if it finds a sample without a start time.
bool ReadSlowly(const std::string& message, Sample* sample) {
  WireError error;
  Timestamp start = 0;
  *sample = {};
  ReadSampleV2(WireReader(message, &error), sample, &start);
  return error.what == nullptr && start == 0;
}

TEST(WireSample, WhatIsUsual) {
  struct Case {
    const char* what;
    Wire message;
    bool usual;
  };
  const Case cases[] = {
      {"value and time", Wire().Double(1, 2.5).Int64(2, 1'764'529'200'000), true},
      {"a time of one byte", Wire().Double(1, 2.5).Int64(2, 5), true},
      {"a time of eight bytes", Wire().Double(1, 2.5).Int64(2, (1LL << 56) - 1), true},
      {"a time of nine bytes", Wire().Double(1, 2.5).Int64(2, 1LL << 56), false},
      {"a negative time", Wire().Double(1, 2.5).Int64(2, -5), false},
      {"nothing", Wire(), false},
      {"no time", Wire().Double(1, 2.5), false},
      {"no value", Wire().Int64(2, 5), false},
      {"turned", Wire().Int64(2, 5).Double(1, 2.5), false},
      {"a start time", Wire().Double(1, 2.5).Int64(2, 5).Int64(3, 4), false},
      {"two times", Wire().Double(1, 2.5).Int64(2, 5).Int64(2, 6), false},
  };
  for (const Case& one : cases) {
    const std::string& bytes = one.message.str();
    Sample sample;
    EXPECT_EQ(ReadUsualSample(bytes.data(), bytes.size(), &sample), one.usual) << one.what;
    Sample expected;
    if (!one.usual || !ReadSlowly(bytes, &expected)) continue;
    EXPECT_EQ(sample.time, expected.time) << one.what;
    EXPECT_EQ(sample.value, expected.value) << one.what;
  }
}

// Whatever it takes the other reader takes too, and reads the same.
TEST(WireSample, DamagedOnesToo) {
  SeededRandom random(3);
  int taken = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = Wire()
                            .Double(1, std::bit_cast<double>(random.Next()))
                            .Int64(2, static_cast<int64_t>(random.Next() >> random.Next() % 64))
                            .str();
    bytes[random.Next() % bytes.size()] = static_cast<char>(random.Next());
    if (random.Next() % 8 == 0) bytes.resize(random.Next() % bytes.size());
    Sample sample;
    if (!ReadUsualSample(bytes.data(), bytes.size(), &sample)) continue;
    ++taken;
    Sample expected;
    ASSERT_TRUE(ReadSlowly(bytes, &expected)) << round;
    EXPECT_EQ(sample.time, expected.time) << round;
    EXPECT_TRUE(SameBits(sample.value, expected.value)) << round;
  }
  EXPECT_GT(taken, 5000);
  EXPECT_LT(taken, 19'000);
}

}  // namespace
}  // namespace outrider
