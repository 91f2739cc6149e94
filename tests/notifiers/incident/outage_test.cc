// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/outage.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(Outage, BeganWhereTheAnnotationSaysIfThatCanBe) {
  const struct {
    const char* since;
    int64_t wanted;  // seconds; the alert starts at 1000
  } kCases[] = {
      {"700", 700},   {"700.5", 700}, {"7e2", 700}, {"1970-01-01T00:11:40Z", 700},
      {"1000", 1000}, {"1001", 1000},  // later than the start
      {"0", 1000},                     // nothing
      {"-5", 1000},                    // before all time
      {"", 1000},                      // the template found nothing
      {"soon", 1000}, {"NaN", 1000},
  };
  for (const auto& c : kCases) {
    Alert alert;
    alert.starts_at.nanos = 1000 * kNanosPerSecond;
    alert.annotations["outrider_since"] = c.since;
    EXPECT_EQ(BeganAt(alert) / kNanosPerSecond, c.wanted) << c.since;
  }
  Alert plain;
  plain.starts_at.nanos = 5;
  EXPECT_EQ(BeganAt(plain), 5);
}

TEST(Outage, CountsEveryStepBehindTheFirst) {
  Escalation none;
  EXPECT_EQ(EscalationCount(none), 0);
  Escalation two;
  two.steps = SharePolicySteps({std::vector<EscalationTier>(2), {}});
  two.next_tier = 1;  // the first has run
  EXPECT_EQ(EscalationCount(two), 0);
  two.loop = 3;
  EXPECT_EQ(EscalationCount(two), 6);
  EXPECT_EQ(StepNumber(two, 3, 1), 7);
}

TEST(Outage, DurationsAreWholeSeconds) {
  EXPECT_EQ(DownText(1395 * kNanosPerSecond + 999), "23m15s");
  EXPECT_EQ(DownText(-1), "0s");
}

}  // namespace
}  // namespace outrider
