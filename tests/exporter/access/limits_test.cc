// SPDX-License-Identifier: Apache-2.0
// Buckets and sessions: what is bounded, and what time does to it.
#include <gtest/gtest.h>

#include "exporter/access/rate_limiter.h"
#include "exporter/access/sessions.h"

namespace outrider {
namespace {

constexpr Nanos kT0 = 1'790'000'000LL * kNanosPerSecond;
constexpr Nanos kOneSecond = kNanosPerSecond;

TEST(RateLimiter, ABurstThenTheRate) {
  RateLimiter limiter;
  limiter.Set(2, 3);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.Take("a", kT0)) << i;
  EXPECT_EQ(limiter.Take("a", kT0), 500);  // ms
  EXPECT_FALSE(limiter.Take("b", kT0));    // another caller
  EXPECT_EQ(limiter.Take("a", kT0 + kOneSecond / 4), 250);
  EXPECT_FALSE(limiter.Take("a", kT0 + kOneSecond / 2));
  EXPECT_TRUE(limiter.Take("a", kT0 + kOneSecond / 2));
  // Never more than the burst, however long it was quiet.
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.Take("a", kT0 + 3600 * kOneSecond)) << i;
  EXPECT_TRUE(limiter.Take("a", kT0 + 3600 * kOneSecond));
}

TEST(RateLimiter, AClockThatIsSetBackTakesNothing) {
  RateLimiter limiter;
  limiter.Set(1, 2);
  EXPECT_FALSE(limiter.Take("a", kT0));
  EXPECT_FALSE(limiter.Take("a", kT0 - 3600 * kOneSecond));
  EXPECT_TRUE(limiter.Take("a", kT0 - 3600 * kOneSecond));
}

TEST(RateLimiter, PeekTakesNothing) {
  RateLimiter limiter;
  limiter.Set(1, 1);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limiter.Peek("a", kT0));
  EXPECT_FALSE(limiter.Take("a", kT0));
  EXPECT_TRUE(limiter.Peek("a", kT0));
}

TEST(RateLimiter, NoLimit) {
  RateLimiter limiter;
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(limiter.Take("a", kT0));
  limiter.Set(0, 10);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(limiter.Take("a", kT0));
}

TEST(RateLimiter, ABurstBelowOneLetsOneThrough) {
  RateLimiter limiter;
  limiter.Set(0.5, 0.5);
  EXPECT_FALSE(limiter.Take("a", kT0));
  EXPECT_EQ(limiter.Take("a", kT0), 2000);
}

TEST(RateLimiter, ManyCallersDoNotFillTheMemory) {
  RateLimiter limiter;
  limiter.Set(1, 2);
  EXPECT_FALSE(limiter.Take("first", kT0));
  EXPECT_FALSE(limiter.Take("first", kT0));
  EXPECT_TRUE(limiter.Take("first", kT0));
  // Callers that come once a second and are full again when the next thousand comes.
  for (size_t i = 0; i < 3 * RateLimiter::kMaxCallers; ++i) {
    const Nanos now = kT0 + static_cast<Nanos>(i) * kOneSecond / 1000;
    EXPECT_FALSE(limiter.Take(std::to_string(i), now));
  }
}

TEST(Sessions, BeginFindEnd) {
  SeededRandom random(3);
  Sessions sessions(random);
  const std::string one = sessions.Begin({"anna", "h", kT0 + kOneSecond}, kT0);
  const std::string two = sessions.Begin({"ben", "h", kT0 + kOneSecond}, kT0);
  EXPECT_EQ(one.size(), 64U);
  EXPECT_NE(one, two);
  ASSERT_TRUE(sessions.Find(one, kT0));
  EXPECT_EQ(sessions.Find(one, kT0)->user, "anna");
  EXPECT_FALSE(sessions.Find(one, kT0 + kOneSecond)) << "it has ended";
  EXPECT_FALSE(sessions.Find("", kT0));
  sessions.End(one);
  EXPECT_FALSE(sessions.Find(one, kT0));
  EXPECT_TRUE(sessions.Find(two, kT0));
}

TEST(Sessions, TheOneThatEndsFirstMakesRoom) {
  SeededRandom random(3);
  Sessions sessions(random);
  const std::string first = sessions.Begin({"first", "h", kT0 + kOneSecond}, kT0);
  const std::string second = sessions.Begin({"second", "h", kT0 + 9 * kOneSecond}, kT0);
  for (size_t i = 2; i < Sessions::kMost; ++i) {
    sessions.Begin({"x", "h", kT0 + 9 * kOneSecond}, kT0);
  }
  EXPECT_TRUE(sessions.Find(first, kT0));
  sessions.Begin({"x", "h", kT0 + 9 * kOneSecond}, kT0);
  EXPECT_FALSE(sessions.Find(first, kT0));
  EXPECT_TRUE(sessions.Find(second, kT0));
}

}  // namespace
}  // namespace outrider
