// SPDX-License-Identifier: Apache-2.0
// What people ask the engine about single series: which are unusual, why, and what they did.
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

#include "fmt/format.h"
#include "rules/analytics/analytics_engine.h"
#include "rules/analytics/anomaly_detector.h"
#include "rules/analytics/expression_result.h"
#include "rules/analytics/plain_selector.h"

namespace outrider {
namespace {

constexpr size_t kMaxSamples = 1'000'000;

// Only the state score, which is told first: an explanation costs more.
double ScoreOf(const Detector& detector, Timestamp now) {
  std::array<double, kAnomalyOutputs> values{};
  values.fill(Verdict::kUnknown);
  detector.Report(now, values);
  return values.front();
}

AnomalyView ViewOf(const Entry& entry, const Labels& source, Explanation explanation) {
  AnomalyView view;
  view.labels = DerivedLabels(source, entry, "");
  view.id = view.labels.FingerprintHex();
  view.entry = entry.name;
  view.expr = entry.expr;
  view.source = source;
  view.explanation = std::move(explanation);
  return view;
}

std::vector<Sample> SamplesOf(const promql::Matrix& matrix, const Labels& labels) {
  const auto series = std::ranges::find(matrix, labels, &promql::Series::labels);
  return series == matrix.end() ? std::vector<Sample>() : series->samples;
}

StatusOr<std::vector<Sample>> RawSamples(const Querier& querier, const Labels& labels,
                                         Timestamp from, Timestamp to) {
  std::vector<Matcher> matchers;
  for (const LabelView label : labels) {
    matchers.push_back(Matcher::Equal(std::string(label.name), std::string(label.value)));
  }
  SeriesSet set;
  TRY(querier.Select(matchers, from, to, kMaxSamples, &set));
  std::vector<Sample> samples;
  for (const SeriesSet::Row& row : set.rows) {
    if (row.labels.All() != labels) continue;  // it has more
    for (size_t i = row.begin; i < row.end; ++i) samples.push_back({set.times[i], set.values[i]});
  }
  return samples;
}

}  // namespace

std::vector<AnomalyView> AnalyticsEngine::Anomalies(const AnomalyQuery& query) const {
  struct Found {
    double score = 0;
    size_t order = 0;  // of equal scores
    const Source* source = nullptr;
    Source::Judged judged;
  };
  std::vector<Found> found;
  std::vector<AnomalyView> views;
  const absl::MutexLock lock(&mutex_);
  const Timestamp now = last_run_;
  for (const auto& source : sources_) {
    source->VisitAnomalies([&](const Source::Judged& judged) {
      if (!query.entry.empty() && judged.entry.name != query.entry) return;
      const double score = ScoreOf(judged.detector, now);
      if (score >= query.min_score) found.push_back({score, found.size(), source.get(), judged});
    });
  }
  // Only what is wanted is explained: that costs more than a score.
  std::vector<const Found*> order;
  order.reserve(found.size());
  for (const Found& one : found) order.push_back(&one);
  const auto wanted = order.begin() + static_cast<ptrdiff_t>(std::min(query.limit, order.size()));
  std::ranges::partial_sort(order, wanted, [](const Found* a, const Found* b) {
    return a->score != b->score ? a->score > b->score : a->order < b->order;
  });
  for (const Found* one : std::span(order.begin(), wanted)) {
    auto explanation = one->judged.detector.Explain();
    if (!explanation) continue;
    views.push_back(ViewOf(one->judged.entry, one->source->LabelsOf(one->judged.slot),
                           *std::move(explanation)));
  }
  return views;
}

std::optional<AnomalyView> AnalyticsEngine::FindAnomaly(std::string_view id) const {
  std::optional<AnomalyView> found;
  const absl::MutexLock lock(&mutex_);
  for (const auto& source : sources_) {
    source->VisitAnomalies([&](const Source::Judged& judged) {
      if (found) return;
      const Labels labels = source->LabelsOf(judged.slot);
      if (DerivedLabels(labels, judged.entry, "").FingerprintHex() != id) return;
      auto explanation = judged.detector.Explain();
      if (explanation) found = ViewOf(judged.entry, labels, *std::move(explanation));
    });
  }
  return found;
}

StatusOr<std::vector<Sample>> AnalyticsEngine::ValuesOf(const AnomalyView& view, Timestamp from,
                                                        Timestamp to, DurationMs step) const {
  std::optional<promql::Expression> expr;
  bool per_workload = false;
  {
    const absl::MutexLock lock(&mutex_);
    const auto entry = std::ranges::find_if(entries_, [&](const Entry& e) {
      return e.kind == EntryKind::kAnomaly && e.name == view.entry;
    });
    if (entry != entries_.end()) {
      expr = entry->compiled;
      per_workload = entry->per_workload;
    }
  }
  if (!expr) return absl::NotFoundError(fmt::format("the entry {} is gone", view.entry));
  if (!per_workload && IsPlainSelector(expr->ToString())) {
    return RawSamples(seams_.querier, view.source, from, to);
  }
  // At times that are evaluated too: multiples of the step.
  const promql::QueryResult result = TRY(seams_.engine.Range(
      *expr, seams_.querier, (from + step - 1) / step * step, to / step * step, step));
  const auto* matrix = std::get_if<promql::Matrix>(&result.value);
  if (matrix == nullptr) return std::vector<Sample>();
  return SamplesOf(per_workload ? SumPerWorkload(*matrix, seams_.workloads) : *matrix, view.source);
}

}  // namespace outrider
