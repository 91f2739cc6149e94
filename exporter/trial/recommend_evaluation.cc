// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/recommend_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "exporter/trial/recommend_reference.h"
#include "rules/capacity/recommend/demand.h"
#include "rules/capacity/recommend/policy.h"
#include "storage/base/random.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kFirstJudged = 3;  // days of history before the first recommendation
constexpr size_t kDraws = 1000;
constexpr size_t kQuarters = 96;
constexpr DurationMs kQuarter = kDay / kQuarters;

struct DayOutcome {
  double violations = 0;
  double slack = 0;
  double shortfall = 0;
  double request_to_use = 0;
};

struct Day {
  size_t begin = 0;  // samples
  size_t end = 0;
};

// A request for each quarter of an hour (UTC).
using Requests = std::array<double, kQuarters>;

// One row's outcomes, by series.
struct Track {
  std::string name;
  RecommendRow::Kind kind = RecommendRow::Kind::kReference;
  std::vector<std::vector<DayOutcome>> outcomes;
};

UsageSeries Scaled(const UsageSeries& series) {
  UsageSeries scaled = series;
  double sum = 0;
  double count = 0;
  for (size_t i = 0; i < series.times.size(); ++i) {
    if (series.times[i] - series.times[0] >= kDay) break;
    sum += series.values[i];
    ++count;
  }
  if (!(sum > 0)) return scaled;
  for (double& value : scaled.values) value *= count / sum;
  return scaled;
}

std::vector<Day> DaysOf(const UsageSeries& series) {
  std::vector<Day> days;
  const auto day_of = [&](size_t i) { return (series.times[i] - series.times[0]) / kDay; };
  for (size_t i = 0; i < series.times.size(); ++i) {
    if (i == 0 || day_of(i) != day_of(i - 1)) days.push_back({i, i});
    days.back().end = i + 1;
  }
  return days;
}

DayOutcome Judge(const UsageSeries& series, const Day& day, const Requests& requests) {
  DayOutcome outcome;
  double used = 0;
  double unmet = 0;
  double requested = 0;
  for (size_t i = day.begin; i < day.end; ++i) {
    const double request = requests[static_cast<size_t>(series.times[i] % kDay / kQuarter)];
    const double use = series.values[i];
    if (use > request) {
      ++outcome.violations;
      unmet += use - request;
    } else if (request > 0) {
      outcome.slack += (request - use) / request;
    }
    used += use;
    requested += request;
  }
  const auto samples = static_cast<double>(day.end - day.begin);
  outcome.violations /= samples;
  outcome.slack /= samples;
  outcome.shortfall = used > 0 ? unmet / used : 0;
  outcome.request_to_use = used > 0 ? requested / used : 0;
  return outcome;
}

Requests Flat(double request) {
  Requests requests;
  requests.fill(request);
  return requests;
}

Requests ByQuarter(const PolicyAdvice& advice) {
  Requests requests = Flat(advice.bounds.target);
  if (advice.schedule.size() == kQuarters) std::ranges::copy(advice.schedule, requests.begin());
  return requests;
}

Requests ByHour(const PolicyAdvice& advice) {
  Requests requests = ByQuarter(advice);
  for (size_t hour = 0; hour < 24; ++hour) {
    const auto quarters = std::span(requests).subspan(hour * 4, 4);
    std::ranges::fill(quarters, std::ranges::max(quarters));
  }
  return requests;
}

// What became of one series, row by row: `tracks` are in the order in which this is called.
class SeriesTrial {
 public:
  SeriesTrial(const UsageSeries& series, std::vector<Track>* tracks)
      : series_(Scaled(series)), days_(DaysOf(series_)), tracks_(*tracks) {
    for (Track& track : tracks_) track.outcomes.emplace_back();
  }

  void Run(const std::vector<const RecommendPolicy*>& policies, bool references) {
    ContainerDemand demand;
    ContainerInstance instance;
    // A last day that is less than half is no day.
    const auto whole = [&](const Day& day) {
      return series_.times[day.end - 1] - series_.times[day.begin] >= kDay / 2;
    };
    for (size_t d = 0; d < days_.size(); ++d) {
      const Day& day = days_[d];
      if (d >= kFirstJudged && whole(day)) {
        next_ = 0;
        if (references) TryReferences(day);
        const Timestamp now = series_.times[day.begin - 1];
        for (const RecommendPolicy* policy : policies) Try(*policy, demand, now, day);
      }
      for (size_t i = day.begin; i < day.end; ++i) {
        demand.AddCpu(series_.times[i], series_.values[i], {}, &instance);
      }
    }
  }

 private:
  void Note(const Day& day, const Requests& requests) {
    tracks_[next_++].outcomes.back().push_back(Judge(series_, day, requests));
  }
  void TryReferences(const Day& day) {
    const std::span<const Timestamp> times = series_.times;
    const std::span<const double> values = series_.values;
    for (const RecommendReference& reference : RecommendReferences()) {
      const size_t from = reference.oracle ? day.begin : 0;
      const size_t count = (reference.oracle ? day.end : day.begin) - from;
      Note(day, Flat(reference.request({times.subspan(from, count), values.subspan(from, count)})));
    }
  }
  void Try(const RecommendPolicy& policy, const ContainerDemand& demand, Timestamp now,
           const Day& day) {
    const PolicyAdvice advice = policy.cpu({.demand = demand, .now = now});
    Note(day, Flat(advice.bounds.target));
    if (policy.name != std::string_view("adaptive")) return;
    Note(day, ByHour(advice));
    Note(day, ByQuarter(advice));
  }

  const UsageSeries series_;
  const std::vector<Day> days_;
  std::vector<Track>& tracks_;
  size_t next_ = 0;
};

std::vector<Track> MakeTracks(const std::vector<const RecommendPolicy*>& policies,
                              bool references) {
  using enum RecommendRow::Kind;
  std::vector<Track> tracks;
  if (references) {
    for (const RecommendReference& reference : RecommendReferences()) {
      tracks.push_back({std::string(reference.name), kReference, {}});
    }
  }
  for (const RecommendPolicy* policy : policies) {
    tracks.push_back({std::string(policy->name), kOneNumber, {}});
    if (policy->name != std::string_view("adaptive")) continue;
    tracks.push_back({std::string(policy->name), kByHour, {}});
    tracks.push_back({std::string(policy->name), kByQuarter, {}});
  }
  return tracks;
}

double MeanOf(std::span<const DayOutcome> days, double DayOutcome::* what) {
  double sum = 0;
  for (const DayOutcome& day : days) sum += day.*what;
  return days.empty() ? 0 : sum / static_cast<double>(days.size());
}

double Rank(std::span<const DayOutcome> days, double DayOutcome::* what, double p) {
  std::vector<double> values;
  values.reserve(days.size());
  for (const DayOutcome& day : days) values.push_back(day.*what);
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<size_t>(p * static_cast<double>(values.size() - 1))];
}

RecommendScore ScoreOf(const Track& track, const std::function<bool(size_t)>& takes) {
  std::vector<DayOutcome> days;
  for (size_t i = 0; i < track.outcomes.size(); ++i) {
    if (takes(i)) days.insert(days.end(), track.outcomes[i].begin(), track.outcomes[i].end());
  }
  return {.days = days.size(),
          .violations = MeanOf(days, &DayOutcome::violations),
          .violations_p90 = Rank(days, &DayOutcome::violations, 0.9),
          .slack = MeanOf(days, &DayOutcome::slack),
          .shortfall = MeanOf(days, &DayOutcome::shortfall),
          .request_to_use = Rank(days, &DayOutcome::request_to_use, 0.5)};
}

// How much hangs on which series there are.
void Draw(const Track& track, uint64_t seed, RecommendRow* row) {
  SeededRandom random(seed);
  std::vector<double> violations;
  std::vector<double> slacks;
  const size_t series = track.outcomes.size();
  for (size_t draw = 0; draw < kDraws; ++draw) {
    double above = 0;
    double slack = 0;
    double days = 0;
    for (size_t i = 0; i < series; ++i) {
      const auto& drawn = track.outcomes[random.Next() % series];
      const auto count = static_cast<double>(drawn.size());
      above += MeanOf(drawn, &DayOutcome::violations) * count;
      slack += MeanOf(drawn, &DayOutcome::slack) * count;
      days += count;
    }
    violations.push_back(days > 0 ? above / days : 0);
    slacks.push_back(days > 0 ? slack / days : 0);
  }
  std::ranges::sort(violations);
  std::ranges::sort(slacks);
  constexpr size_t kLow = kDraws / 20;
  row->violations_low = violations[kLow];
  row->violations_high = violations[kDraws - 1 - kLow];
  row->slack_low = slacks[kLow];
  row->slack_high = slacks[kDraws - 1 - kLow];
}

}  // namespace

StatusOr<RecommendEvaluation> EvaluateRecommendations(std::span<const UsageSeries> corpus,
                                                      const std::vector<std::string>& policies,
                                                      uint64_t seed) {
  std::vector<const RecommendPolicy*> chosen;
  for (const std::string& name : policies.empty() ? PolicyNames() : policies) {
    const RecommendPolicy* policy = FindPolicy(name);
    if (policy == nullptr) {
      return InvalidArgument(fmt::format("unknown recommendation policy {}; known: {}", Quote(name),
                                         Join(PolicyNames(), ", ")));
    }
    chosen.push_back(policy);
  }
  const bool references = policies.empty();
  std::vector<Track> tracks = MakeTracks(chosen, references);
  for (const UsageSeries& series : corpus) SeriesTrial(series, &tracks).Run(chosen, references);
  RecommendEvaluation evaluation;
  evaluation.series = corpus.size();
  evaluation.seed = seed;
  for (const Track& track : tracks) {
    RecommendRow& row = evaluation.rows.emplace_back();
    row.name = track.name;
    row.kind = track.kind;
    row.all = ScoreOf(track, [](size_t) { return true; });
    row.even = ScoreOf(track, [](size_t i) { return i % 2 == 0; });
    row.odd = ScoreOf(track, [](size_t i) { return i % 2 == 1; });
    Draw(track, seed, &row);
  }
  if (evaluation.rows.front().all.days == 0) {
    return InvalidArgument("no series has a fourth day to judge a recommendation on");
  }
  return evaluation;
}

}  // namespace outrider
