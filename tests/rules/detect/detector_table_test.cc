// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/detector_table.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(DetectorTable, KnowsItsNames) {
  const std::vector<std::string> expected = {"seasonal",    "quantile", "mad", "zscore",
                                             "level_shift", "novelty",  "auto"};
  EXPECT_EQ(SeriesDetectorNames(), expected);
  for (const std::string& name : expected) EXPECT_TRUE(MakeSeriesDetector(name, {}).ok()) << name;
  EXPECT_TRUE(MakeSeriesDetector("", {}).ok()) << "the default";
  EXPECT_EQ(Message(MakeSeriesDetector("prophet", {}).status()),
            "detector \"prophet\" is not known; there are seasonal, quantile, mad, zscore, "
            "level_shift, novelty, auto");
}

struct Case {
  const char* error;
  void (*change)(DetectorOptions&);
};

TEST(DetectorTable, RefusesOptionsThatCannotBe) {
  const Case cases[] = {
      {"risk is 0.5: expected 1e-9 to 0.01", [](DetectorOptions& o) { o.risk = 0.5; }},
      {"risk is NaN: expected 1e-9 to 0.01",
       [](DetectorOptions& o) { o.risk = Verdict::kUnknown; }},
      {"threshold is -1: expected a number above 0", [](DetectorOptions& o) { o.threshold = -1; }},
      {"min_deviation is 0: expected a number above 0",
       [](DetectorOptions& o) { o.min_deviation = 0; }},
      {"min_relative_deviation is -1: expected a number of at least 0",
       [](DetectorOptions& o) { o.min_relative_deviation = -1; }},
      {"data_max is 1: expected more than data_min",
       [](DetectorOptions& o) {
         o.data_min = 2;
         o.data_max = 1;
       }},
      {"half_life: expected a minute or more", [](DetectorOptions& o) { o.half_life = kSecond; }},
      {"warm_up: expected a duration of at least 0", [](DetectorOptions& o) { o.warm_up = -1; }},
      {"rest: expected a duration of at least 0", [](DetectorOptions& o) { o.rest = -1; }},
      {"time_zone \"Mars/Olympus\": not known here; expected an IANA name such as Europe/Berlin",
       [](DetectorOptions& o) { o.time_zone = "Mars/Olympus"; }},
  };
  for (const Case& c : cases) {
    DetectorOptions options;
    c.change(options);
    EXPECT_EQ(Message(MakeSeriesDetector("seasonal", options).status()), c.error);
  }
}

}  // namespace
}  // namespace outrider
