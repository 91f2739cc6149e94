// SPDX-License-Identifier: Apache-2.0
// crane_eval DIRECTORY [DETECTOR]: how the default options do on real CPU series (files of
// `ts,value`, seconds): onsets a week, level shifts found, slow leaks found. Printed, not judged:
// docs/performance.md has the figures.
//
// sigma: standard deviation of (sample - expected) over the series from its second day on, with
// what of it is anomalous. A shift of 5 sigma (upwards, and downwards where nothing falls below 0)
// is added from each of some 30 moments on, to a detector that has seen all samples before; it is
// found if onset or state reaches 1 within 10 samples. A leak grows from 0 at the middle of the
// series to four times its highest value before (the limit is five times it) in three days.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "rules/detect/detector_table.h"
#include "rules/detect/saved_fields.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMoments = 30;
constexpr size_t kWithin = 10;
constexpr double kSigmas = 5;
constexpr DurationMs kTogether = 10 * kMinute;

struct Series {
  std::string name;
  std::vector<Timestamp> times;
  std::vector<double> values;
};

struct Outcome {
  double weeks = 0;
  std::vector<Timestamp> onsets;
  size_t shifts = 0;
  size_t found = 0;
  double leak_found_at = 0;  // share of the limit; 0: not
};

std::unique_ptr<SeriesDetector> Fresh(const std::string& name) {
  auto made = MakeSeriesDetector(name, {});
  if (made.ok()) return *std::move(made);
  fmt::print(stderr, "{}\n", Message(made.status()));
  std::exit(2);  // NOLINT(concurrency-mt-unsafe): one thread
}

StatusOr<Series> Read(const std::string& path) {
  Series series;
  series.name = path.substr(path.rfind('/') + 1);
  const std::string text = TRY(ReadFile(path));
  for (const std::string_view line : Split(text, '\n')) {
    const size_t comma = line.find(',');
    if (comma == std::string_view::npos || line.starts_with("ts")) continue;
    series.times.push_back(TRY(ParseInt(line.substr(0, comma))) * kSecond);
    series.values.push_back(TRY(ParseDouble(Trim(line.substr(comma + 1)))));
  }
  return series;
}

bool FindsShift(const std::string& name, const std::string& state, const Series& series, size_t at,
                double by) {
  const auto detector = Fresh(name);
  RowReader in(state, kDetectorFormat, "state");
  detector->Load(in);
  for (size_t i = at; i < at + kWithin; ++i) {
    const Verdict verdict = detector->Observe(series.times[i], series.values[i] + by);
    if (verdict.onset >= 1 || verdict.state >= 1) return true;
  }
  return false;
}

double LeakFoundAt(const std::string& name, const Series& series) {
  const auto detector = Fresh(name);
  const size_t begin = series.values.size() / 2;
  const double highest = *std::max_element(series.values.begin(),
                                           series.values.begin() + static_cast<ptrdiff_t>(begin));
  const double limit = 5 * highest;
  for (size_t i = 0; i < series.values.size(); ++i) {
    double value = series.values[i];
    if (i >= begin) {
      value += 4 * highest * static_cast<double>(series.times[i] - series.times[begin]) /
               static_cast<double>(3 * kDay);
    }
    if (value >= limit) return 0;
    const Verdict verdict = detector->Observe(series.times[i], value);
    const bool told = verdict.onset >= 1 || verdict.state >= 1;
    if (i >= begin + kWithin && told && value > highest) return value / limit;
  }
  return 0;
}

Outcome Evaluate(const std::string& name, const Series& series) {
  Outcome outcome;
  outcome.weeks = static_cast<double>(series.times.back() - series.times.front()) / (7.0 * kDay);
  const auto detector = Fresh(name);
  std::vector<std::pair<size_t, std::string>> states;
  double squares = 0;
  double count = 0;
  for (size_t i = 0; i < series.values.size(); ++i) {
    const size_t every = series.values.size() / (kMoments + 10);
    if (i > series.values.size() / 5 && i % every == 0 && i + kWithin < series.values.size()) {
      RowWriter out(kDetectorFormat);
      detector->Save(out);
      states.emplace_back(i, out.Take());
    }
    const Verdict verdict = detector->Observe(series.times[i], series.values[i]);
    if (verdict.onset >= 1) outcome.onsets.push_back(series.times[i]);
    if (std::isnan(verdict.expected) || series.times[i] - series.times[0] < kDay) continue;
    squares += std::pow(series.values[i] - verdict.expected, 2);
    ++count;
  }
  const double by = kSigmas * std::sqrt(squares / count);
  for (const auto& [at, state] : states) {
    for (const double side : {by, -by}) {
      if (series.values[at] + side < 0) continue;
      ++outcome.shifts;
      outcome.found += FindsShift(name, state, series, at, side) ? 1U : 0U;
    }
  }
  outcome.leak_found_at = LeakFoundAt(name, series);
  return outcome;
}

// Onsets that at least two other series have within ten minutes.
size_t CountShared(const std::vector<Outcome>& outcomes) {
  size_t shared = 0;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    for (const Timestamp onset : outcomes[i].onsets) {
      size_t others = 0;
      for (size_t k = 0; k < outcomes.size(); ++k) {
        if (k == i) continue;
        others += std::ranges::any_of(outcomes[k].onsets, [&](Timestamp time) {
          return std::abs(time - onset) <= kTogether;
        });
      }
      shared += others >= 2 ? 1U : 0U;
    }
  }
  return shared;
}

int Main(const std::string& directory, const std::string& detector) {
  std::vector<Outcome> outcomes;
  double weeks = 0;
  size_t onsets = 0;
  size_t shifts = 0;
  size_t found = 0;
  size_t leaks = 0;
  for (const std::string& path : Glob(directory, "*.csv")) {
    const auto series = Read(path);
    if (!series.ok()) {
      fmt::print(stderr, "{}: {}\n", path, Message(series.status()));
      return 1;
    }
    outcomes.push_back(Evaluate(detector, *series));
    const Outcome& o = outcomes.back();
    fmt::print(
        "{:14} {:4.1f} weeks  onsets {:3} ({:5.2f} a week)  shifts {:2}/{:2}  leak at {:3.0f} %\n",
        series->name, o.weeks, o.onsets.size(), static_cast<double>(o.onsets.size()) / o.weeks,
        o.found, o.shifts, 100 * o.leak_found_at);
    weeks += o.weeks;
    onsets += o.onsets.size();
    shifts += o.shifts;
    found += o.found;
    leaks += o.leak_found_at > 0 && o.leak_found_at < 0.8 ? 1U : 0U;
  }
  fmt::print(
      "total: {:.2f} onsets per series and week ({} of {} shared by three series or more); "
      "shifts {}/{} = {:.1f} %; leaks before 80 % of the limit {}/{}\n",
      static_cast<double>(onsets) / weeks, CountShared(outcomes), onsets, found, shifts,
      100 * static_cast<double>(found) / static_cast<double>(shifts), leaks, outcomes.size());
  return 0;
}

}  // namespace
}  // namespace outrider

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    fmt::print(stderr, "usage: crane_eval DIRECTORY [DETECTOR]\n");
    return 2;
  }
  return outrider::Main(argv[1], argc > 2 ? argv[2] : "seasonal");
}
