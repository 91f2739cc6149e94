// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/nab_score.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outrider {
namespace {

// 1 long before the end of a window, 0 at its end, -1 long after.
double Sigmoid(double position) { return position > 3 ? -1 : 2 / (1 + std::exp(5 * position)) - 1; }

// What a point is worth if it is called anomalous.
struct Worth {
  size_t window = 0;  // index into the series' windows; kNone outside
  double value = 0;   // inside: share of a hit; outside: of a false alarm, negative mostly
};
constexpr size_t kNone = std::numeric_limits<size_t>::max();

Worth WorthOf(const NabSeries& series, size_t point) {
  size_t before = kNone;  // the window that ended last
  for (size_t w = 0; w < series.windows.size(); ++w) {
    const auto& [first, last] = series.windows[w];
    if (point > last) before = w;
    if (point < first || point > last) continue;
    const double position =
        -static_cast<double>(last - point + 1) / static_cast<double>(last - first + 1);
    return {w, Sigmoid(position) / Sigmoid(-1)};
  }
  if (before == kNone) return {kNone, -1};
  const auto& [first, last] = series.windows[before];
  if (last == first) return {kNone, -1};
  return {kNone, Sigmoid(static_cast<double>(point - last) / static_cast<double>(last - first))};
}

double Normalise(double raw, size_t windows, const NabProfile& profile) {
  if (windows == 0) return 0;
  const double null = -profile.miss * static_cast<double>(windows);
  const double perfect = profile.hit * static_cast<double>(windows);
  return 100 * (raw - null) / (perfect - null);
}

// The score while points are called anomalous one after the other.
class Tally {
 public:
  Tally(std::span<const NabSeries> series, const NabProfile& profile)
      : series_(series), profile_(profile) {
    for (const NabSeries& one : series) {
      best_.emplace_back(one.windows.size(), -profile.miss);
      score_.windows += one.windows.size();
      score_.raw -= profile.miss * static_cast<double>(one.windows.size());
    }
  }
  void Call(size_t index, size_t point) {
    const Worth worth = WorthOf(series_[index], point);
    if (worth.window == kNone) {
      ++score_.false_alarms;
      score_.raw += profile_.false_alarm * worth.value;
      return;
    }
    // Of a window only the best point counts.
    double& best = best_[index][worth.window];
    const double value = profile_.hit * worth.value;
    if (best == -profile_.miss) ++score_.found;
    if (value <= best) return;
    score_.raw += value - best;
    best = value;
  }
  NabScore At(double threshold) const {
    NabScore score = score_;
    score.threshold = threshold;
    score.normalised = Normalise(score.raw, score.windows, profile_);
    return score;
  }

 private:
  std::span<const NabSeries> series_;
  const NabProfile& profile_;
  std::vector<std::vector<double>> best_;  // per series and window
  NabScore score_;
};

struct Called {
  double score = 0;
  size_t series = 0;
  size_t point = 0;
};

std::vector<Called> ScoredPoints(std::span<const NabSeries> series) {
  std::vector<Called> points;
  for (size_t i = 0; i < series.size(); ++i) {
    const std::vector<double>& scores = series[i].scores;
    for (size_t p = NabProbation(scores.size()); p < scores.size(); ++p) {
      points.push_back({scores[p], i, p});
    }
  }
  return points;
}

}  // namespace

size_t NabProbation(size_t points) {
  constexpr size_t kMost = 750;
  return std::min(points * 15 / 100, kMost);
}

NabScore ScoreNab(std::span<const NabSeries> series, double threshold, const NabProfile& profile) {
  Tally tally(series, profile);
  for (const Called& point : ScoredPoints(series)) {
    if (point.score >= threshold) tally.Call(point.series, point.point);
  }
  return tally.At(threshold);
}

NabScore BestNabScore(std::span<const NabSeries> series, const NabProfile& profile) {
  std::vector<Called> points = ScoredPoints(series);
  std::erase_if(points, [](const Called& p) { return !(p.score > 0); });
  std::ranges::stable_sort(points,
                           [](const Called& a, const Called& b) { return a.score > b.score; });
  Tally tally(series, profile);
  NabScore best = tally.At(std::numeric_limits<double>::infinity());
  for (size_t i = 0; i < points.size();) {
    const double threshold = points[i].score;
    for (; i < points.size() && points[i].score == threshold; ++i) {
      tally.Call(points[i].series, points[i].point);
    }
    const NabScore score = tally.At(threshold);
    if (score.raw > best.raw) best = score;
  }
  return best;
}

}  // namespace outrider
