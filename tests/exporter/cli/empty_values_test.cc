// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/empty_values.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

using Words = std::vector<std::string>;

TEST(EmptyValues, Table) {
  const struct {
    Words given;
    Words split;
  } kCases[] = {
      {{}, {}},
      {{"outrider"}, {"outrider"}},
      {{"o", "check", "rules", "--lint=", "f"}, {"o", "check", "rules", "--lint", "", "f"}},
      {{"o", "check", "rules", "f", "--url="}, {"o", "check", "rules", "f", "--url", ""}},
      {{"o", "alerts", "--a=b", "--c=d=", "x="}, {"o", "alerts", "--a=b", "--c=d=", "x="}},
      {{"o", "query", "--url=", "--", "--x="}, {"o", "query", "--url", "", "--", "--x="}},
      {{"o", "run", "--cluster.listen-address="}, {"o", "run", "--cluster.listen-address="}},
  };
  for (const auto& c : kCases) EXPECT_EQ(SplitEmptyValues(c.given), c.split);
}

}  // namespace
}  // namespace outrider
