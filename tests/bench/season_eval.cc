// SPDX-License-Identifier: Apache-2.0
// season_eval [DETECTOR]: what becomes of a daily routine and of the first day on which it fails to
// come. Printed, not judged: docs/performance.md has the figures.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <numbers>
#include <random>

#include "rules/detect/detector_table.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'772'409'600'000;  // a Monday

struct Routine {
  const char* name;
  int from;  // hour of the day, in which it is to be seen
  int to;
  std::function<double(double hour, bool missing)> value;
};

const Routine kRoutines[] = {
    {"a batch of an hour", 2, 3,
     [](double h, bool m) { return h >= 2 && h < 3 && !m ? 500.0 : 10.0; }},
    {"half of it", 2, 3,
     [](double h, bool m) { return h >= 2 && h < 3 ? m ? 250.0 : 500.0 : 10.0; }},
    {"daytime", 8, 18, [](double h, bool m) { return h >= 8 && h < 18 && !m ? 200.0 : 20.0; }},
    {"a wave", 3, 9,
     [](double h, bool m) { return 100 + (m ? 0 : 60 * std::sin(std::numbers::pi * h / 12)); }},
};

int Main(const std::string& detector, bool verbose) {
  for (const Routine& routine : kRoutines) {
    for (const int days : {3, 5, 7, 10, 14, 21, 30}) {
      const auto made = MakeSeriesDetector(detector, {});
      if (!made.ok()) return 2;
      std::mt19937_64 random(61);
      size_t onsets = 0;
      size_t up = 0;
      double highest = 0;
      for (int minute = 0; minute < (days + 1) * 1440; ++minute) {
        const double hour = minute % 1440 / 60.0;
        const bool missing = minute >= days * 1440;
        const double value =
            routine.value(hour, missing) + std::normal_distribution<>(0, 2)(random);
        const Verdict v = (*made)->Observe(kStart + minute * kMinute, value);
        if (!missing) onsets += minute >= 1440 && v.onset >= 1 ? 1U : 0U;
        if (missing && hour >= routine.from && hour < routine.to) {
          highest = std::max(highest, v.state);
          up += v.state >= 1 ? 1U : 0U;
          if (verbose && minute % 15 == 5) {
            const Explanation e = (*made)->Explain();
            fmt::print(
                "   {:02}:{:02} value {:.0f} expected {:.1f} [{:.1f}, {:.1f}] deviation {:.2f}\n",
                static_cast<int>(hour), minute % 60, value, v.expected, v.lower, v.upper,
                e.deviation);
          }
        }
      }
      fmt::print(
          "{:20} {:3} days: {:3} onsets from the second day on; missing: {:3} of {:3} minutes, "
          "{:.2f}\n",
          routine.name, days, onsets, up, (routine.to - routine.from) * 60, highest);
    }
  }
  return 0;
}

}  // namespace
}  // namespace outrider

int main(int argc, char** argv) {
  return outrider::Main(argc > 1 ? argv[1] : "seasonal", argc > 2);
}
