// SPDX-License-Identifier: Apache-2.0
// The hand-written decoder of remote write 1.0 against the generated one: see wire_oracle_test.cc.
#include <gtest/gtest.h>

#include "exporter/ingest/decode_v1.h"
#include "exporter/ingest/proto/remote_write_v1.pb.h"
#include "storage/base/random.h"

namespace outrider {
namespace {

std::string RandomRequest(SeededRandom& random) {
  wire::v1::WriteRequest request;
  for (uint64_t n = random.Next() % 4; n > 0; --n) {
    wire::v1::TimeSeries& series = *request.add_timeseries();
    for (uint64_t i = random.Next() % 4; i > 0; --i) {
      wire::v1::Label& label = *series.add_labels();
      label.set_name(std::string(random.Next() % 9, 'n'));
      label.set_value(std::string(random.Next() % 9, 'v'));
    }
    for (uint64_t i = random.Next() % 4; i > 0; --i) {
      wire::v1::Sample& sample = *series.add_samples();
      sample.set_value(std::bit_cast<double>(random.Next()));
      sample.set_timestamp(static_cast<int64_t>(random.Next() >> random.Next() % 64));
    }
    if (random.Next() % 4 == 0) series.add_exemplars()->set_value(1);
  }
  if (random.Next() % 4 == 0) request.add_metadata()->set_help("help");
  return request.SerializeAsString();
}

void ExpectSame(const IncomingSeries& series, const wire::v1::TimeSeries& other) {
  std::vector<LabelView> labels;
  for (const wire::v1::Label& label : other.labels()) {
    labels.push_back({label.name(), label.value()});
  }
  EXPECT_EQ(series.labels, labels);
  EXPECT_EQ(series.samples.size(), static_cast<size_t>(other.samples_size()));
  for (int i = 0; i < other.samples_size() && !testing::Test::HasFailure(); ++i) {
    const Sample& sample = series.samples.at(static_cast<size_t>(i));
    EXPECT_EQ(sample.time, other.samples(i).timestamp());
    EXPECT_TRUE(SameBits(sample.value, other.samples(i).value()));
  }
}

bool Compare(const std::string& bytes) {
  V1Rows rows;
  IncomingSeries series;
  if (!rows.Parse(bytes, 1).ok()) return false;
  // Ours is the stricter one: a known field of a wrong type is passed over there.
  for (uint32_t row = 0; row < rows.rows().size(); ++row) {
    if (!rows.Decode(row, &series).ok()) return false;
  }
  wire::v1::WriteRequest theirs;
  // Labels are read by Decode() only, histograms and metadata not at all here.
  if (!theirs.ParseFromString(bytes)) return false;
  EXPECT_EQ(rows.rows().size(), static_cast<size_t>(theirs.timeseries_size()));
  for (uint32_t row = 0; row < rows.rows().size() && !testing::Test::HasFailure(); ++row) {
    EXPECT_TRUE(rows.Decode(row, &series).ok());
    ExpectSame(series, theirs.timeseries(static_cast<int>(row)));
  }
  return true;
}

TEST(WireOracleV1, Requests) {
  SeededRandom random(4);
  int taken = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = RandomRequest(random);
    EXPECT_TRUE(Compare(bytes));
    if (bytes.empty()) continue;
    bytes[random.Next() % bytes.size()] = static_cast<char>(random.Next());
    taken += Compare(bytes) ? 1 : 0;
    if (HasFailure()) FAIL() << "round " << round;
  }
  EXPECT_GT(taken, 300);
}

}  // namespace
}  // namespace outrider
