// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/companions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "rules/analytics/grid.h"

namespace outrider {
namespace {

constexpr int kMaxLag = 2;          // grid points
constexpr size_t kMinPoints = 12;   // fewer common points say nothing
constexpr double kMaxShift = 1000;  // off a flat line everything is infinitely far
constexpr DurationMs kStaleness = 5 * kMinute;

// Series we made ourselves say nothing new, and of a histogram its sum and count are enough.
constexpr std::string_view kLeftOut = "outrider_.*|ALERTS|ALERTS_FOR_STATE|.*:.*|.*_bucket";

struct Scope {
  std::string name;
  std::vector<Matcher> matchers;
  std::optional<WorkloadName> workload;  // only pods of this one
};

std::optional<WorkloadName> WorkloadOf(const Labels& source, const WorkloadNames* workloads) {
  if (source.Has("workload")) {
    return WorkloadName{std::string(source.Get("workload")),
                        std::string(source.Get("workload_kind"))};
  }
  if (workloads == nullptr || !source.Has("pod")) return std::nullopt;
  return workloads->Find(source.Get("namespace"), source.Get("pod"));
}

std::vector<Scope> ScopesOf(const Labels& source, const WorkloadNames* workloads) {
  const StatusOr<Matcher> ours =
      Matcher::Create(MatchType::kNotRegex, std::string(kMetricName), std::string(kLeftOut));
  if (!ours.ok()) return {};
  std::vector<Scope> scopes;
  const auto add = [&](std::string name, const std::vector<std::string_view>& labels,
                       std::optional<WorkloadName> workload) {
    Scope scope{std::move(name), {*ours}, std::move(workload)};
    for (const std::string_view label : labels) {
      scope.matchers.push_back(Matcher::Equal(std::string(label), std::string(source.Get(label))));
    }
    scopes.push_back(std::move(scope));
  };
  const std::optional<WorkloadName> workload = WorkloadOf(source, workloads);
  if (source.Has("namespace") && workload) {
    add("workload", {"namespace"}, workload);
  } else if (source.Has("namespace") && source.Has("pod")) {
    add("workload", {"namespace", "pod"}, std::nullopt);
  }
  for (const std::string_view label : {"node", "instance"}) {
    if (source.Has(label)) add("node", {label}, std::nullopt);
  }
  return scopes;
}

bool IsInWorkload(const Labels& labels, const WorkloadName& wanted,
                  const WorkloadNames* workloads) {
  if (!labels.Has("pod")) return labels.Get("workload") == wanted.name;
  if (workloads == nullptr) return false;
  const auto found = workloads->Find(labels.Get("namespace"), labels.Get("pod"));
  return found && found->name == wanted.name && (wanted.kind.empty() || found->kind == wanted.kind);
}

bool IsCounter(std::string_view name) {
  constexpr std::array<std::string_view, 3> kEndings = {"_total", "_count", "_sum"};
  return std::ranges::any_of(kEndings, [&](std::string_view end) { return name.ends_with(end); });
}

// Compares one candidate after the other with the series.
class Comparison {
 public:
  Comparison(const AnomalyWindow& anomaly, const CompanionOptions& options)
      : options_(options), source_(anomaly.source) {
    grid_.from = anomaly.from;
    grid_.step = options.step;
    grid_.points = static_cast<size_t>((anomaly.to - anomaly.from) / options.step) + 1;
    since_ = static_cast<size_t>(
        std::clamp<int64_t>((anomaly.since - anomaly.from + options.step - 1) / options.step, 0,
                            static_cast<int64_t>(grid_.points)));
    std::vector<Timestamp> times;
    std::vector<double> values;
    for (const Sample& sample : anomaly.values) {
      times.push_back(sample.time);
      values.push_back(sample.value);
    }
    target_ = OnGrid(grid_, times, values, kStaleness);
    if (IsCounter(source_.MetricName())) {
      target_ = RatesOnGrid(grid_, target_, StepsOfRate(times));
    }
  }

  std::optional<Companion> Compare(const Labels& labels, std::span<const Timestamp> times,
                                   std::span<const double> values) const {
    if (labels == source_) return std::nullopt;
    Companion companion;
    companion.rate = IsCounter(labels.MetricName());
    std::vector<double> points = OnGrid(grid_, times, values, kStaleness);
    if (companion.rate) points = RatesOnGrid(grid_, points, StepsOfRate(times));
    const std::span<const double> all(points);
    const Centre before = RobustCentre(all.first(since_));
    const Centre after = RobustCentre(all.subspan(since_));
    if (!std::isfinite(before.median) || !std::isfinite(after.median)) return std::nullopt;
    companion.before = before.median;
    companion.after = after.median;
    const double difference = after.median - before.median;
    const double scale = std::max(before.deviation, 1e-3 * std::fabs(before.median));
    companion.shift = difference == 0 ? 0
                      : scale > 0     ? std::clamp(difference / scale, -kMaxShift, kMaxShift)
                                      : std::copysign(kMaxShift, difference);
    if (std::fabs(companion.shift) < options_.min_shift) return std::nullopt;
    const Similarity similarity = StrongestCorrelation(target_, points, kMaxLag, kMinPoints);
    if (std::fabs(similarity.correlation) < options_.min_correlation) return std::nullopt;
    companion.labels = labels;
    companion.correlation = similarity.correlation;
    companion.lag = similarity.lag * grid_.step;
    return companion;
  }

 private:
  // A rate needs two samples at least: more steps where the series has fewer than one a step.
  size_t StepsOfRate(std::span<const Timestamp> times) const {
    if (times.size() < 2) return 1;
    const DurationMs spacing =
        (times.back() - times.front()) / static_cast<DurationMs>(times.size() - 1);
    return static_cast<size_t>(
        std::max<DurationMs>(1, (2 * spacing + grid_.step - 1) / grid_.step));
  }

  const CompanionOptions& options_;
  const Labels& source_;
  Grid grid_;
  size_t since_ = 0;  // first point of the anomaly
  std::vector<double> target_;
};

}  // namespace

StatusOr<CompanionReport> FindCompanions(const Querier& querier, const WorkloadNames* workloads,
                                         const AnomalyWindow& anomaly,
                                         const CompanionOptions& options) {
  const Comparison comparison(anomaly, options);
  CompanionReport report;
  std::set<Labels> seen;
  for (const Scope& scope : ScopesOf(anomaly.source, workloads)) {
    SeriesSet piece;
    const auto use = [&](SeriesSet& set) {
      for (const SeriesSet::Row& row : set.rows) {
        if (report.candidates >= options.max_candidates) {
          report.cut = true;
          break;
        }
        const Labels labels = row.labels.All();
        if (scope.workload && !IsInWorkload(labels, *scope.workload, workloads)) continue;
        if (!seen.insert(labels).second) continue;
        ++report.candidates;
        auto found = comparison.Compare(labels, set.Times(row), set.Values(row));
        if (!found) continue;
        found->scope = scope.name;
        report.companions.push_back(*std::move(found));
      }
      set.ClearRows();
      return Status();
    };
    TRY(querier.SelectInPieces(scope.matchers, anomaly.from - kStaleness, anomaly.to,
                               options.max_samples, &piece, use));
  }
  std::ranges::stable_sort(report.companions, [](const Companion& a, const Companion& b) {
    return std::fabs(a.correlation) > std::fabs(b.correlation);
  });
  if (report.companions.size() > options.limit) report.companions.resize(options.limit);
  return report;
}

}  // namespace outrider
