// SPDX-License-Identifier: Apache-2.0
// One line a case: scores minute by minute, and what holds after each.
#include "rules/workloads/finding_tracker.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

using enum FindingSeverity;

struct Look {
  double score;
  double confidence = .95;
  FindingSeverity severity = kHigh;
};

// `.` quiet, `p` pending, `A` active, after each look, a minute apart.
std::string Play(FindingType type, std::initializer_list<Look> looks,
                 FindingState* last = nullptr) {
  std::string text;
  FindingState state;
  Timestamp now = 1'763'700'000'000;
  for (const Look& look : looks) {
    Evidence evidence;
    evidence.type = type;
    evidence.score = look.score;
    evidence.confidence = look.confidence;
    evidence.severity = look.severity;
    state = StepFinding(state, evidence, now);
    text += ".pA"[static_cast<size_t>(state.phase)];
    now += kMinute;
  }
  if (last != nullptr) *last = state;
  return text;
}

struct Case {
  const char* what;
  FindingType type;
  std::initializer_list<Look> looks;
  const char* expected;
};

TEST(FindingTracker, BeginsOnceAndEndsOnce) {
  const Case cases[] = {
      {"nothing", FindingType::kCpuSpike, {{0}, {.99}, {0}}, "..."},
      {"held for three minutes", FindingType::kCpuSpike, {{1.1}, {1.1}, {1.1}, {1.1}}, "pppA"},
      {"strong for one", FindingType::kCpuSpike, {{2.5}, {2.5}}, "pA"},
      {"strong once is not enough", FindingType::kCpuSpike, {{9}, {.1}, {9}, {.1}}, "p.p."},
      {"a dip begins the wait anew",
       FindingType::kCpuSpike,
       {{1.1}, {1.1}, {.9}, {1.1}, {1.1}},
       "pp.pp"},
      {"between end and edge it goes on",
       FindingType::kCpuSpike,
       {{3}, {3}, {.8}, {.8}, {.8}, {.8}, {.8}, {.8}, {.8}, {.8}},
       "pAAAAAAAAA"},
      {"below the end for five minutes",
       FindingType::kCpuSpike,
       {{3}, {3}, {.7}, {.7}, {.7}, {.7}, {.7}, {.7}},
       "pAAAAAA."},
      {"back before that: the same one",
       FindingType::kCpuSpike,
       {{3}, {3}, {.7}, {.7}, {.7}, {1.1}, {.7}, {.7}, {.7}, {.7}, {.7}, {.7}},
       "pAAAAAAAAAA."},
      {"under-use needs no hold and has a band",
       FindingType::kUnderutilization,
       {{1}, {.85}, {.79}, {.85}, {1}},
       "AA..A"},
      {"less sure than .45: nothing", FindingType::kCpuSpike, {{3, .4}, {3, .4}, {3, .4}}, "..."},
  };
  for (const Case& c : cases) EXPECT_EQ(Play(c.type, c.looks), c.expected) << c.what;
}

TEST(FindingTracker, SeverityIsCappedByConfidenceAndOnlyRises) {
  FindingState state;
  Play(FindingType::kSaturation, {{1, .85, kCritical}}, &state);
  EXPECT_EQ(state.evidence.severity, kHigh);
  Play(FindingType::kSaturation, {{1, .85, kCritical}, {1, .91, kCritical}, {1, .91, kLow}},
       &state);
  EXPECT_EQ(state.evidence.severity, kCritical);
  Play(FindingType::kSaturation, {{1, .91, kHigh}, {1, .5, kHigh}}, &state);
  EXPECT_EQ(state.evidence.severity, kHigh);
  EXPECT_EQ(state.evidence.confidence, .91);
  Play(FindingType::kSaturation, {{1, .46, kCritical}}, &state);
  EXPECT_EQ(state.evidence.severity, kLow);
}

TEST(FindingTracker, TheEdgesOfConfidence) {
  const std::pair<double, std::optional<FindingSeverity>> cases[] = {
      {.90, kCritical}, {.899, kHigh}, {.75, kHigh}, {.749, kMedium},
      {.60, kMedium},   {.599, kLow},  {.45, kLow},  {.449, std::nullopt}};
  for (const auto& [confidence, most] : cases)
    EXPECT_EQ(SeverityAtMost(confidence), most) << confidence;
}

TEST(FindingTracker, NamesRoundTrip) {
  for (size_t i = 0; i < kFindingTypeCount; ++i) {
    const auto type = static_cast<FindingType>(i);
    EXPECT_EQ(ParseFindingType(FindingTypeText(type)), type);
    EXPECT_FALSE(FindingAdvice(type).empty());
  }
  EXPECT_EQ(ParseFindingType("cpu_fire"), std::nullopt);
}

}  // namespace
}  // namespace outrider
