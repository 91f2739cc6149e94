// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/timers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "storage/base/random.h"

namespace outrider {
namespace {

// The order by sorting all of them.
std::vector<TimerKey> Sorted(const std::map<TimerId, Nanos>& timers, Nanos until, size_t most) {
  std::vector<TimerKey> due;
  for (const auto& [id, time] : timers) {
    if (time <= until) due.push_back({time, id.first, id.second});
  }
  std::ranges::sort(due);
  due.resize(std::min(due.size(), most));
  return due;
}

TEST(Timers, AgreeWithAPlainMapWhateverIsSetMovedAndCancelled) {
  SeededRandom random(7);
  const auto draw = [&](int most) { return static_cast<int>(random.Unit() * most); };
  Timers timers;
  std::map<TimerId, Nanos> plain;
  for (int step = 0; step < 20'000; ++step) {
    const TimerId id{static_cast<TimerKind>(1 + draw(4)), fmt::format("i{}", draw(40))};
    const Nanos due = draw(4) == 0 ? 0 : 1 + draw(60);
    timers.Set(id, due);
    if (due == 0) {
      plain.erase(id);
    } else {
      plain[id] = due;
    }
    ASSERT_EQ(timers.size(), plain.size());
    ASSERT_EQ(timers.Due(id), due);
    ASSERT_EQ(timers.FirstDue().has_value(), !plain.empty());
    const Nanos until = draw(70);
    const auto most = static_cast<size_t>(draw(12));
    ASSERT_EQ(timers.DueBy(until, most), Sorted(plain, until, most)) << step;
  }
  for (const auto& [id, due] : plain) timers.Set(id, 0);
  EXPECT_TRUE(timers.empty());
  EXPECT_EQ(timers.FirstDue(), std::nullopt);
}

}  // namespace
}  // namespace outrider
