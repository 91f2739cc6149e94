// SPDX-License-Identifier: Apache-2.0
// States that earlier versions wrote (tests/data/detectors, made by the revision 3da25f30): what
// was learnt goes on.
#include <gtest/gtest.h>

#include "rules/detect/saved_fields.h"
#include "storage/base/file.h"
#include "tests/rules/detect/made_series.h"

namespace outrider {
namespace {

constexpr DurationMs kStep = 5 * kMinute;
constexpr size_t kDaily = kDay / kStep;

std::unique_ptr<SeriesDetector> LoadFormat3(const std::string& name) {
  const auto bytes =
      ReadFile(std::string(OUTRIDER_SOURCE_DIR) + "/tests/data/detectors/" + name + "_format3.bin");
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  RowReader in(*bytes, kDetectorFormat, "detector");
  EXPECT_EQ(in.format(), 3);
  auto detector = Make(name);
  detector->Load(in);
  const Status read = in.Finish();
  EXPECT_TRUE(read.ok()) << read;
  return detector;
}

// A job of an hour came in the night to a Wednesday, for the first time; saved at noon.
TEST(Format3, ARoutineOfTheDayBeforeIsKnown) {
  const auto detector = LoadFormat3("seasonal");
  const size_t saved = kDaily * 9 + 12 * 12 + 6;
  Noise noise(9);
  const Trace trace = FeedIn(*detector, {kStep, kMonday + static_cast<DurationMs>(saved) * kStep},
                             kDaily - 12 * 8, [&](size_t i) {
                               const size_t minute = (saved + i) * 5 % 1440;
                               const bool job = minute >= 180 && minute < 240;
                               return 10 + noise.Normal() + (job ? 100 : 0);
                             });
  EXPECT_LT(trace.HighestState(0, trace.times.size()), 1);
  EXPECT_EQ(trace.Onsets(0, trace.times.size()), 0U);
}

// `auto` had chosen another detector for spiky series then.
TEST(Format3, ASpikySeriesKeepsItsShape) {
  const auto detector = LoadFormat3("auto");
  EXPECT_NE(detector->Explain().chosen_because.find("spiky"), std::string::npos);
  Noise noise(7);
  const Trace trace = FeedIn(*detector, {kStep, kMonday + static_cast<DurationMs>(6 * kDay)},
                             2 * kDaily, [&](size_t) { return 10 + noise.Normal(); });
  EXPECT_FALSE(std::isnan(trace.verdicts.back().state));
  RowWriter again(kDetectorFormat);
  detector->Save(again);
  const std::string bytes = again.Take();
  RowReader in(bytes, kDetectorFormat, "detector");
  Make("auto")->Load(in);
  EXPECT_TRUE(in.Finish().ok());
}

}  // namespace
}  // namespace outrider
