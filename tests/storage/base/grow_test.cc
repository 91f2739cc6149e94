// SPDX-License-Identifier: Apache-2.0
#include "storage/base/grow.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(Grow, ByAnEighth) {
  const struct {
    size_t size;
    size_t more;
    size_t least;
    size_t most;
  } kCases[] = {
      {0, 1, 1, 2},
      {1000, 1, 1001, 1130},
      {1000, 500, 1500, 1700},
      {80'000, 1, 80'001, 90'010},
  };
  for (const auto& one : kCases) {
    std::vector<int> numbers(one.size);
    ReserveMore(&numbers, one.more);
    EXPECT_EQ(numbers.size(), one.size);
    EXPECT_GE(numbers.capacity(), one.least) << one.size;
    EXPECT_LE(numbers.capacity(), one.most) << one.size;
    const size_t room = numbers.capacity();
    numbers.resize(room);
    ReserveMore(&numbers, 0);
    EXPECT_EQ(numbers.capacity(), room) << "nothing more was wanted";
  }
}

TEST(Grow, GivesBackWhatIsMuch) {
  std::vector<int> numbers(100'000);
  numbers.resize(60'000);
  GiveBackRoom(&numbers);
  EXPECT_GE(numbers.capacity(), 100'000U) << "it may well come back";
  numbers.resize(10);
  GiveBackRoom(&numbers);
  EXPECT_LT(numbers.capacity(), 1000U);
  EXPECT_EQ(numbers.size(), 10U);
}

}  // namespace
}  // namespace outrider
