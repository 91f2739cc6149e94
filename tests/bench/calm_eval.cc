// SPDX-License-Identifier: Apache-2.0
// calm_eval [DETECTOR]: onsets per series and week where nothing happens: stationary series of
// several shapes, 24 of each, three weeks, with the default options. Printed, not judged:
// docs/performance.md has the figures.
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
constexpr DurationMs kLength = 21 * kDay;
constexpr int kSeries = 24;

struct Shape {
  const char* name;
  DurationMs step;
  // The next value; `before`: of the last call, 0 at first.
  std::function<double(std::mt19937_64& random, Timestamp time, double before)> next;
};

double Normal(std::mt19937_64& random) { return std::normal_distribution<>(0, 1)(random); }

double Day(Timestamp time) {
  return std::sin(2 * std::numbers::pi * static_cast<double>(time % kDay) / kDay);
}

std::vector<Shape> Shapes() {
  return {
      {"white noise, 1m", kMinute, [](auto& r, Timestamp, double) { return 50 + 5 * Normal(r); }},
      {"white noise, 15s", 15 * kSecond, [](auto& r, Timestamp, double) { return 50 + Normal(r); }},
      {"white noise, 5m", 5 * kMinute, [](auto& r, Timestamp, double) { return 50 + Normal(r); }},
      {"autoregressive (0.9), 1m", kMinute,
       [](auto& r, Timestamp, double before) { return 0.9 * before + 5 + Normal(r); }},
      {"day and noise, 1m", kMinute,
       [](auto& r, Timestamp t, double) { return 50 + 20 * Day(t) + 2 * Normal(r); }},
      {"exponential, 1m", kMinute,
       [](auto& r, Timestamp, double) { return std::exponential_distribution<>(1)(r); }},
      {"log-normal, 1m", kMinute, [](auto& r, Timestamp, double) { return std::exp(Normal(r)); }},
      {"Student's t with 3, 1m", kMinute,
       [](auto& r, Timestamp, double) { return std::student_t_distribution<>(3)(r); }},
      {"Pareto 1.5, 1m", kMinute,
       [](auto& r, Timestamp, double) {
         return std::pow(1 - std::uniform_real_distribution<>(0, 1)(r), -1 / 1.5);
       }},
      {"counts around 2, 1m", kMinute,
       [](auto& r, Timestamp, double) { return std::poisson_distribution<>(2)(r); }},
      {"counts around 0.05, 1m", kMinute,
       [](auto& r, Timestamp, double) { return std::poisson_distribution<>(0.05)(r); }},
      {"rounding, 1m", kMinute, [](auto& r, Timestamp, double) { return 50 + 1e-7 * Normal(r); }},
  };
}

int Main(const std::string& detector) {
  for (const Shape& shape : Shapes()) {
    size_t onsets = 0;
    size_t up = 0;
    size_t samples = 0;
    for (int i = 0; i < kSeries; ++i) {
      const auto made = MakeSeriesDetector(detector, {});
      if (!made.ok()) {
        fmt::print(stderr, "{}\n", Message(made.status()));
        return 2;
      }
      std::mt19937_64 random(static_cast<uint64_t>(i) + 1);
      double value = 0;
      for (Timestamp time = kStart; time < kStart + kLength; time += shape.step) {
        value = shape.next(random, time, value);
        const Verdict verdict = (*made)->Observe(time, value);
        onsets += verdict.onset >= 1 ? 1U : 0U;
        if (time < kStart + kDay) continue;
        up += verdict.state >= 1 ? 1U : 0U;
        ++samples;
      }
    }
    fmt::print("{:26} {:5.2f} onsets per series and week; state up in {:.4f} % of the samples\n",
               shape.name, static_cast<double>(onsets) / kSeries / (kLength / (7.0 * kDay)),
               100 * static_cast<double>(up) / static_cast<double>(samples));
  }
  return 0;
}

}  // namespace
}  // namespace outrider

int main(int argc, char** argv) { return outrider::Main(argc > 1 ? argv[1] : "seasonal"); }
