// SPDX-License-Identifier: Apache-2.0
// The order of alerts in a notification (specs/alertmanager.md §2 "Flush"): each row lies before
// all rows below it.
#include "notifiers/route/alert_order.h"

#include <gtest/gtest.h>

#include <vector>

namespace outrider {
namespace {

TEST(AlertOrder, JobInstanceThenFewerLabelsThenNamesAndValues) {
  const std::vector<Labels> sorted = {
      Labels({{"job", "1"}, {"instance", "1"}, {"z", "9"}, {"zz", "9"}}),
      Labels({{"job", "1"}, {"instance", "2"}, {"a", "0"}}),
      Labels({{"job", "1"}, {"a", "0"}}),  // no instance: after those with one
      Labels({{"job", "2"}}),
      Labels({{"instance", "1"}, {"a", "0"}}),  // no job: after those with one
      Labels({{"z", "9"}}),                     // fewer labels first, whatever they are
      Labels({{"b", "0"}, {"c", "0"}}),         // the set that lacks "a" comes first
      Labels({{"a", "0"}, {"c", "0"}}),
      Labels({{"a", "0"}, {"b", "1"}}),
      Labels({{"a", "1"}, {"b", "0"}}),
      Labels({{"a", "0"}, {"b", "0"}, {"c", "0"}}),
  };
  for (size_t i = 0; i < sorted.size(); ++i) {
    for (size_t j = 0; j < sorted.size(); ++j) {
      EXPECT_EQ(AlertBefore(sorted[i], sorted[j]), i < j) << i << " and " << j;
    }
  }
}

}  // namespace
}  // namespace outrider
