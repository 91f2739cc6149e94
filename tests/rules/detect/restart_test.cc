// SPDX-License-Identifier: Apache-2.0
// A detector that is saved and loaded anywhere goes on exactly as one that was not; bytes that are
// not a state are an error.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <limits>
#include <span>
#include <utility>

#include "rules/detect/coarse_steps.h"
#include "rules/detect/onset_gate.h"
#include "rules/detect/saved_fields.h"
#include "rules/detect/season_profile.h"
#include "rules/detect/state_score.h"
#include "tests/rules/detect/made_series.h"

namespace outrider {
namespace {

constexpr uint8_t kFormat = kDetectorFormat;

std::string Saved(const SeriesDetector& detector) {
  RowWriter out(kFormat);
  detector.Save(out);
  return out.Take();
}

// Random in kind: noise, waves, steps, flat stretches, counters, gaps, large numbers.
class RandomSeries {
 public:
  explicit RandomSeries(uint64_t seed)
      : noise_(seed),
        scale_(std::pow(10.0, std::floor(noise_.Unit() * 12) - 6)),
        kind_(static_cast<int>(noise_.Unit() * 5)),
        step_(static_cast<DurationMs>(std::pow(10.0, 1 + 2.5 * noise_.Unit())) * kSecond) {}
  std::pair<Timestamp, double> Next() {
    time_ += noise_.Unit() < 0.002 ? 40 * step_ : step_;
    if (noise_.Unit() < 0.003) level_ += 10 * noise_.Normal();
    const double wave = std::sin(static_cast<double>(time_ % kDay) / kDay * 6.28);
    const double n = noise_.Normal();
    double value = level_;
    if (kind_ == 0) value += n;
    if (kind_ == 1) value += 5 * wave + n;
    if (kind_ == 2) value += noise_.Unit() < 0.02 ? 30 * n : 0;
    if (kind_ == 3) value = std::floor(level_ / 5);
    if (kind_ == 4) value = counter_ += std::fabs(n);
    return {time_, value * scale_};
  }

 private:
  Noise noise_;
  double scale_;
  int kind_;
  DurationMs step_;
  Timestamp time_ = kMonday;
  double level_ = 20;
  double counter_ = 0;
};

bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

bool Same(const Verdict& a, const Verdict& b) {
  return SameBits(a.onset, b.onset) && SameBits(a.state, b.state) &&
         SameBits(a.expected, b.expected) && SameBits(a.lower, b.lower) &&
         SameBits(a.upper, b.upper);
}

class EachDetector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Detectors, EachDetector, testing::ValuesIn(SeriesDetectorNames()),
                         [](const auto& tested) { return tested.param; });

TEST_P(EachDetector, GoesOnBitByBitAfterARestart) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    RandomSeries series(seed);
    const auto straight = Make(GetParam());
    auto restarted = Make(GetParam());
    Noise when(seed + 1000);
    for (int i = 0; i < 3000; ++i) {
      if (when.Unit() < 0.01 || i < 20) {
        const std::string bytes = Saved(*restarted);
        restarted = Make(GetParam());
        RowReader in(bytes, kFormat, "detector");
        restarted->Load(in);
        ASSERT_TRUE(in.Finish().ok()) << "seed " << seed << " sample " << i;
        ASSERT_EQ(Saved(*restarted), bytes) << "seed " << seed << " sample " << i;
      }
      const auto [time, value] = series.Next();
      const Verdict a = straight->Observe(time, value);
      const Verdict b = restarted->Observe(time, value);
      ASSERT_TRUE(Same(a, b)) << "seed " << seed << " sample " << i;
    }
    EXPECT_EQ(straight->Explain().reasons, restarted->Explain().reasons);
    EXPECT_EQ(straight->Explain().chosen_because, restarted->Explain().chosen_because);
  }
}

TEST_P(EachDetector, NothingOfAShortenedStateIsTakenForOne) {
  const auto detector = Make(GetParam());
  Noise noise(1);
  FeedIn(*detector, {}, 3000, [&](size_t) { return noise.Normal(); });
  const std::string bytes = Saved(*detector);
  for (size_t size = 1; size < bytes.size(); ++size) {
    const auto loaded = Make(GetParam());
    RowReader in(std::string_view(bytes).substr(0, size), kFormat, "detector");
    loaded->Load(in);
    ASSERT_FALSE(in.Finish().ok()) << size;
  }
}

TEST_P(EachDetector, DamagedBytesAreAnErrorOrAStateToGoOnWith) {
  const auto detector = Make(GetParam());
  Noise noise(2);
  FeedIn(*detector, {}, 2000, [&](size_t) { return noise.Normal(); });
  const std::string bytes = Saved(*detector);
  size_t refused = 0;
  for (size_t at = 1; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    const auto loaded = Make(GetParam());
    RowReader in(damaged, kFormat, "detector");
    loaded->Load(in);
    if (!in.Finish().ok()) {
      ++refused;
      continue;
    }
    for (int i = 0; i < 20; ++i) loaded->Observe(kMonday + kDay * 9 + i * kMinute, noise.Normal());
    loaded->Explain();
  }
  EXPECT_GT(refused, bytes.size() / 20);
}

TEST_P(EachDetector, LargeValuesDoNotSpoilTheState) {
  const auto detector = Make(GetParam());
  Noise noise(3);
  FeedIn(*detector, {}, 2000, [&](size_t i) {
    return i % 97 == 0 ? 1.7e308 : i % 89 == 0 ? -1.7e308 : noise.Normal();
  });
  const auto loaded = Make(GetParam());
  const std::string bytes = Saved(*detector);
  RowReader in(bytes, kFormat, "detector");
  loaded->Load(in);
  EXPECT_TRUE(in.Finish().ok());
}

TEST_P(EachDetector, TimesThatStandStillOrStepBackAreTaken) {
  const auto detector = Make(GetParam());
  Noise noise(4);
  for (int i = 0; i < 3000; ++i) {
    const Timestamp time = kMonday + (i - (i % 50 == 0 ? 55 : 0)) * 5 * kMinute;
    const Verdict verdict = detector->Observe(time, noise.Normal());
    ASSERT_FALSE(std::isinf(verdict.state));
  }
}

template <typename Part>
bool Takes(RowWriter row, Part part) {
  const std::string bytes = row.Take();
  RowReader in(bytes, kFormat, "part");
  part.Load(in);
  return in.Finish().ok();
}

TEST(SavedTimes, ThatCannotBeAreAnError) {
  struct Case {
    Timestamp time;
    bool good;
  };
  constexpr Timestamp kLargest = std::numeric_limits<Timestamp>::max();
  for (const Case& c : {Case{kMonday, true}, Case{-5, true}, Case{kLargest, false},
                        Case{-kLargest, false}, Case{Timestamp{1} << 60, false}}) {
    EXPECT_EQ(Takes(std::move(RowWriter(kFormat).I64(c.time).Double(1)), StepTracker()), c.good);
    EXPECT_EQ(Takes(std::move(RowWriter(kFormat).I64(c.time).Double(1)), OnsetGate(0)), c.good);
    EXPECT_EQ(Takes(std::move(RowWriter(kFormat).Double(1).I64(c.time)), StateScore()), c.good);
    const auto steps = [&](DurationMs length, DurationMs covered) {
      RowWriter out(kFormat);
      out.I64(length).Bool(false).I64(covered).Double(0).U64(1);
      return Takes(std::move(out), CoarseSteps());
    };
    EXPECT_EQ(steps(c.time, 0), c.good && c.time >= 0) << c.time;
    EXPECT_EQ(steps(0, c.time), c.good && c.time >= 0) << c.time;
  }
}

// Two hours of samples five minutes apart, each `distance` off where `overall` is usual.
SeasonProfile TwoHours(double distance, double overall) {
  SeasonProfile profile({}, 3 * kDay);
  for (int i = 0; i < 24; ++i) {
    profile.Learn({.hour = i / 12}, 0, {distance, overall}, 5 * kMinute);
  }
  return profile;
}

TEST(SavedSeasons, HoursOfWhichNothingIsKnownStayThat) {
  const SeasonProfile profile = TwoHours(1, 4);
  RowWriter out(kFormat);
  profile.Save(out);
  const std::string bytes = out.Take();
  RowReader in(bytes, kFormat, "seasons");
  SeasonProfile loaded({}, 3 * kDay);
  loaded.Load(in);
  ASSERT_TRUE(in.Finish().ok());
  for (const SeasonProfile* seasons : std::array<const SeasonProfile*, 2>{&profile, &loaded}) {
    EXPECT_EQ(seasons->DeviationAt({.hour = 7}, 4), 4) << "nothing of it was seen";
    EXPECT_LT(seasons->DeviationAt({.hour = 1}, 4), 4);
    EXPECT_GT(seasons->DeviationAt({.hour = 1}, 4), 3.8);
  }
}

TEST(SavedSeasons, TheFormatBeforeHadZeroForThem) {
  RowWriter out(1);
  out.Double(2).Double(0);
  const std::vector<float> hours(24, 0.0F);
  PutFloats(out, hours);
  PutFloats(out, hours);
  PutFloats(out, std::span(hours).first(7));
  std::vector<float> deviations = hours;
  deviations[0] = 2;
  PutFloats(out, deviations);
  const std::string bytes = out.Take();
  RowReader in(bytes, kFormat, "seasons");
  SeasonProfile loaded({}, 3 * kDay);
  loaded.Load(in);
  ASSERT_TRUE(in.Finish().ok());
  EXPECT_EQ(loaded.DeviationAt({.hour = 7}, 4), 4);
  EXPECT_LT(loaded.DeviationAt({.hour = 0}, 4), 4);
}

}  // namespace
}  // namespace outrider
