// SPDX-License-Identifier: Apache-2.0
// How far forecasts are off on recorded series: `forecast_eval DIR [WINDOW]` reads every DIR/*.csv
// (header, then unix seconds,value), feeds the models of kind `forecast` sample by sample and
// compares what they said with what came, at 1 h and 1 d. Strictly causal: a forecast sees nothing
// after its own time.
//
// MASE: mean absolute error by that of the naive forecast (the newest value) on the same points;
// MAPE over values away from 0; coverage: the share within the 95 % interval. Beside them the
// seasonal naive forecast (the value a day before the target). The first two days are not scored.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "rules/analytics/forecast.h"
#include "storage/base/duration.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr DurationMs kWarmUp = 2 * kDay;

std::vector<Sample> ReadSeries(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  std::vector<Sample> samples;
  while (std::getline(in, line)) {
    const size_t comma = line.find(',');
    if (comma == std::string::npos) continue;
    const Timestamp time = std::stoll(line) * 1000;
    const double value = std::stod(line.substr(comma + 1));
    if (std::isfinite(value) && (samples.empty() || time > samples.back().time)) {
      samples.push_back({time, value});
    }
  }
  return samples;
}

// The sample nearest to a time; NaN if none is within two minutes.
double At(const std::vector<Sample>& samples, Timestamp time) {
  const auto it = std::ranges::lower_bound(samples, time, {}, &Sample::time);
  double best = kNone;
  DurationMs distance = 2 * kMinute;
  for (auto near : {it, it == samples.begin() ? it : std::prev(it)}) {
    if (near == samples.end() || std::abs(near->time - time) > distance) continue;
    distance = std::abs(near->time - time);
    best = near->value;
  }
  return best;
}

struct Score {
  double absolute = 0;
  double naive = 0;
  double percentage = 0;
  double percentages = 0;
  double points = 0;
  double inside = 0;
  double intervals = 0;
};

void Add(Score* score, double said, double naive, double truth) {
  score->points += 1;
  score->absolute += std::fabs(said - truth);
  score->naive += std::fabs(naive - truth);
  if (std::fabs(truth) > 1e-9) {
    score->percentages += 1;
    score->percentage += std::fabs((said - truth) / truth);
  }
}

struct Totals {
  std::vector<double> mase;
  double mape = 0;
  double series = 0;
  double inside = 0;
  double intervals = 0;
};

using ModelName = std::pair<const char*, ForecastModel>;
constexpr ModelName kModels[] = {{"linear", ForecastModel::kLinear},
                                 {"holt_winters", ForecastModel::kHoltWinters},
                                 {"seasonal", ForecastModel::kSeasonal},
                                 {"auto", ForecastModel::kAuto}};

void Sum(std::map<std::string, Totals>* totals, const std::string& name, const Score& score) {
  if (score.points == 0 || score.naive == 0) return;
  Totals& total = (*totals)[name];
  total.series += 1;
  total.mase.push_back(score.absolute / score.naive);
  total.mape += score.percentages > 0 ? score.percentage / score.percentages : 0;
  total.inside += score.inside;
  total.intervals += score.intervals;
}

void Evaluate(const std::vector<Sample>& samples, const ModelName& model, DurationMs window,
              std::map<std::string, Totals>* totals) {
  Entry entry;
  entry.kind = EntryKind::kForecast;
  entry.windows = {window};
  entry.forecast.model = model.second;
  entry.forecast.horizons = {kHour, kDay};
  const auto detector = ForecastDetector::Create(entry);
  Score scores[2];
  Score seasonal_naive[2];
  Timestamp next = samples.front().time + kWarmUp;
  for (const Sample& sample : samples) {
    detector->Observe(sample.time, sample.value);
    if (sample.time < next) continue;
    next = sample.time + 10 * kMinute;
    double out[6];
    detector->Report(sample.time, out);
    for (size_t i = 0; i < 2; ++i) {
      const Timestamp target = sample.time + entry.forecast.horizons[i];
      const double truth = At(samples, target);
      const double day_before = At(samples, target - kDay);
      if (std::isnan(truth) || std::isnan(out[i * 3])) continue;
      Add(&scores[i], out[i * 3], sample.value, truth);
      scores[i].intervals += 1;
      if (out[i * 3 + 1] <= truth && truth <= out[i * 3 + 2]) scores[i].inside += 1;
      if (!std::isnan(day_before)) Add(&seasonal_naive[i], day_before, sample.value, truth);
    }
  }
  for (size_t i = 0; i < 2; ++i) {
    const std::string horizon = i == 0 ? "1h" : "1d";
    Sum(totals, std::string(model.first) + " " + horizon, scores[i]);
    if (model.second == ForecastModel::kLinear) {
      Sum(totals, "seasonal naive " + horizon, seasonal_naive[i]);
    }
  }
}

int Run(const std::string& directory, DurationMs window) {
  std::vector<std::filesystem::path> files;
  for (const auto& item : std::filesystem::directory_iterator(directory)) {
    if (item.path().extension() == ".csv") files.push_back(item.path());
  }
  std::ranges::sort(files);
  std::map<std::string, Totals> totals;
  for (const auto& file : files) {
    const auto samples = ReadSeries(file);
    if (samples.empty()) continue;
    for (const ModelName& model : kModels) Evaluate(samples, model, window, &totals);
  }
  std::printf("%-20s %6s %8s %8s %8s %10s\n", "model", "series", "MASE", "(median)", "MAPE",
              "coverage");
  for (auto& [name, total] : totals) {
    double sum = 0;
    if (std::getenv("EACH") != nullptr) {
      for (double mase : total.mase) std::printf(" %.2f", mase);
      std::printf("\n");
    }
    for (double mase : total.mase) sum += mase;
    std::ranges::sort(total.mase);
    std::printf("%-20s %6.0f %8.3f %8.3f %7.1f%% %9.1f%%\n", name.c_str(), total.series,
                sum / total.series, total.mase[total.mase.size() / 2],
                100 * total.mape / total.series,
                total.intervals > 0 ? 100 * total.inside / total.intervals : kNone);
  }
  return files.empty() ? 1 : 0;
}

}  // namespace
}  // namespace outrider

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: forecast_eval DIR [WINDOW]\n");
    return 2;
  }
  const auto window = outrider::ParseDuration(argc > 2 ? argv[2] : "1h");
  return window.ok() ? outrider::Run(argv[1], *window) : 2;
}
