// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/maintenance.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(IsRunDue, AtItsTimeAndWhenTheClockWasSetBack) {
  struct Case {
    const char* what;
    Timestamp now;
    Timestamp next;
    bool due;
  };
  constexpr DurationMs kEvery = 15 * kSecond;
  for (const Case& c :
       {Case{"just ran", 100'000, 105'000, false},
        Case{"a whole interval to go", 90'000, 105'000, false},
        Case{"its time", 105'000, 105'000, true}, Case{"late", 200'000, 105'000, true},
        Case{"set back by more than the interval", 89'999, 105'000, true},
        Case{"set back by hours", 105'000, 105'000 + 2 * kHour, true}}) {
    EXPECT_EQ(IsRunDue(c.now, c.next, kEvery), c.due) << c.what;
  }
}

}  // namespace
}  // namespace outrider
