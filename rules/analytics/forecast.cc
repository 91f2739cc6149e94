// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/forecast.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outrider {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr DurationMs kReach = 6;  // windows that `auto` continues a line for
constexpr double kBetter = 0.95;  // a later model must be off by less than this share

constexpr DerivedMetric kValue = {"outrider_forecast_value",
                                  "Value the series is expected to have at the horizon."};
constexpr DerivedMetric kLower = {"outrider_forecast_lower",
                                  "Lower edge of the interval of outrider_forecast_value."};
constexpr DerivedMetric kUpper = {"outrider_forecast_upper",
                                  "Upper edge of the interval of outrider_forecast_value."};
constexpr DerivedMetric kSeconds = {
    "outrider_forecast_seconds_to_threshold",
    "Seconds until the series reaches the threshold of the entry; +Inf if it does not."};
constexpr DerivedMetric kSecondsLower = {
    "outrider_forecast_seconds_to_threshold_lower",
    "Seconds until the threshold at the earliest, at the confidence of the entry."};
constexpr DerivedMetric kSecondsUpper = {
    "outrider_forecast_seconds_to_threshold_upper",
    "Seconds until the threshold at the latest, at the confidence of the entry."};
constexpr DerivedMetric kFull = {
    "outrider_forecast_full_timestamp_seconds",
    "Time at which the series reaches the threshold of the entry; absent if it does not."};

double Seconds(DurationMs duration) { return static_cast<double>(duration) / kSecond; }

size_t OutputsPerHorizon(const ForecastOptions& options) { return options.intervals ? 3 : 1; }

}  // namespace

std::shared_ptr<const ForecastPlan> MakeForecastPlan(const Entry& entry) {
  auto plan = std::make_shared<ForecastPlan>();
  plan->options = entry.forecast;
  plan->confidence = Confidence(entry.forecast.confidence);
  plan->threshold = entry.threshold;
  if (!entry.windows.empty()) plan->window = std::ranges::max(entry.windows);
  if (entry.forecast.model == ForecastModel::kAuto) {
    plan->models = {ForecastModel::kLinear, ForecastModel::kHoltWinters, ForecastModel::kSeasonal};
  } else {
    plan->models = {entry.forecast.model};
  }
  plan->ring = MakeWindowPlan(std::span(&plan->window, 1), LineForecaster::kResolution);
  return plan;
}

std::unique_ptr<Detector> ForecastDetector::Create(const Entry& entry) {
  const auto& shared = entry.forecast_plan;
  const bool fits = shared && shared->options == entry.forecast &&
                    shared->threshold == entry.threshold && !entry.windows.empty() &&
                    shared->window == std::ranges::max(entry.windows);
  return std::make_unique<ForecastDetector>(fits ? shared : MakeForecastPlan(entry));
}

DurationMs ForecastDetector::History(const Entry& entry) {
  const DurationMs window = entry.windows.empty() ? kHour : std::ranges::max(entry.windows);
  const DurationMs line = HistoryFor(std::span(&window, 1), LineForecaster::kResolution);
  const ForecastModel model = entry.forecast.model;
  const bool seasonal = model == ForecastModel::kSeasonal || model == ForecastModel::kAuto;
  return seasonal ? std::max(line, 2 * kDay) : line;
}

ForecastDetector::ForecastDetector(std::shared_ptr<const ForecastPlan> plan)
    : plan_(std::move(plan)) {
  for (ForecastModel model : plan_->models) {
    switch (model) {
      case ForecastModel::kHoltWinters:
        holt_ = std::make_unique<HoltForecaster>(plan_->window);
        break;
      case ForecastModel::kSeasonal:
        seasonal_ = std::make_unique<SeasonalForecaster>();
        break;
      case ForecastModel::kLinear:
      case ForecastModel::kAuto:
        line_ = std::make_unique<LineForecaster>(plan_->window, plan_->ring);
        break;
    }
  }
  errors_.reserve(plan_->options.horizons.size());
  for (DurationMs horizon : plan_->options.horizons) {
    errors_.emplace_back(horizon, plan_->models.size());
  }
}

const ForecastPath* ForecastDetector::Paths::Of(ForecastModel model) const {
  switch (model) {
    case ForecastModel::kHoltWinters:
      return holt ? &*holt : nullptr;
    case ForecastModel::kSeasonal:
      return seasonal ? &*seasonal : nullptr;
    case ForecastModel::kLinear:
    case ForecastModel::kAuto:
      break;
  }
  return line ? &*line : nullptr;
}

ForecastDetector::Paths ForecastDetector::PathsAt(Timestamp now) const {
  const Confidence& confidence = plan_->confidence;
  Paths paths;
  if (line_) paths.line = line_->PathAt(now, confidence);
  if (holt_) paths.holt = holt_->PathAt(now, confidence);
  if (seasonal_) paths.seasonal = seasonal_->PathAt(now, confidence);
  return paths;
}

void ForecastDetector::Observe(Timestamp time, double value) {
  for (ForecastErrors& errors : errors_) errors.Score(time, value, plan_->confidence);
  if (line_) line_->Add(time, value);
  if (holt_) holt_->Add(time, value);
  if (seasonal_) seasonal_->Add(time, value);
  std::optional<Paths> paths;
  for (ForecastErrors& errors : errors_) {
    if (!errors.WantsForecast(time)) continue;
    if (!paths) paths = PathsAt(time);
    ForecastErrors::Values values;
    values.fill(kNone);
    for (size_t m = 0; m < plan_->models.size(); ++m) {
      const ForecastPath* path = paths->Of(plan_->models[m]);
      if (path != nullptr) values[m] = path->ValueAt(Seconds(errors.horizon()));
    }
    errors.PutDown(time, values);
  }
}

std::optional<size_t> ForecastDetector::Choose(const Paths& paths, size_t horizon) const {
  std::optional<size_t> best;
  double least = std::numeric_limits<double>::infinity();
  const bool overreaches = errors_[horizon].horizon() > kReach * plan_->window && paths.holt;
  for (size_t m = 0; m < plan_->models.size(); ++m) {
    if (paths.Of(plan_->models[m]) == nullptr) continue;
    if (overreaches && plan_->models[m] == ForecastModel::kLinear) continue;
    const auto off = errors_[horizon].RootMeanSquare(m);
    // Until something is known: what is damped, where a line would go far beyond its window.
    const bool far = errors_[horizon].horizon() > plan_->window;
    const bool damped = plan_->models[m] == ForecastModel::kHoltWinters;
    const bool better = off ? *off < kBetter * least : std::isinf(least) && far && damped;
    if (best && !better) continue;
    best = m;
    least = off.value_or(std::numeric_limits<double>::infinity());
  }
  return best;
}

double ForecastDetector::HalfWidth(const ForecastPath& path, size_t model, double ahead) const {
  double nearer = 0;  // one does not become narrower the farther it looks
  std::optional<double> beyond;
  for (const ForecastErrors& errors : errors_) {
    const auto half = errors.HalfWidth(model, plan_->confidence);
    if (!half) continue;
    const double share = ahead / Seconds(errors.horizon());
    if (share <= 1) return std::max(nearer, *half * std::sqrt(std::max(share, 0.25)));
    nearer = std::max(nearer, *half);
    beyond = std::max(beyond.value_or(0), *half * std::sqrt(share));
  }
  return beyond.value_or(path.HalfWidth(ahead));
}

Crossing ForecastDetector::CrossingOf(const Paths& paths, size_t model) const {
  const ForecastModel kind = plan_->models[model];
  const double threshold = plan_->threshold.value_or(kNone);  // asked for only with one
  const CrossingDirection direction = plan_->options.crossing;
  if (kind == ForecastModel::kLinear && paths.line)
    return paths.line->CrossingOf(threshold, direction);
  const ForecastPath& path = *paths.Of(kind);
  const bool seasonal = kind == ForecastModel::kSeasonal;
  const double step = seasonal ? Seconds(kHour / 2) : Seconds(plan_->window) / 24;
  const double limit = seasonal ? Seconds(14 * kDay) : Seconds(plan_->window) * 8;
  return WalkToThreshold(path, threshold, direction, step, limit,
                         [&](double ahead) { return HalfWidth(path, model, ahead); });
}

void ForecastDetector::ReportHorizon(const Paths& paths, size_t horizon,
                                     std::span<double> out) const {
  const auto model = Choose(paths, horizon);
  if (!model) return;
  const ForecastPath& path = *paths.Of(plan_->models[*model]);
  const double ahead = Seconds(errors_[horizon].horizon());
  out[0] = path.ValueAt(ahead);
  if (!plan_->options.intervals) return;
  const double half = HalfWidth(path, *model, ahead);
  out[1] = out[0] - half;
  out[2] = out[0] + half;
}

void ForecastDetector::ReportThreshold(const Paths& paths, Timestamp now,
                                       std::span<double> out) const {
  const auto model = Choose(paths, errors_.size() - 1);
  // A series that stands at it, as a full disk at 0, need not be met by a line through its past.
  const bool is_there = line_ && line_->newest() == plan_->threshold;
  if (!model && !is_there) return;
  const Crossing crossing = is_there ? Crossing::Now() : CrossingOf(paths, *model);
  size_t at = 0;
  out[at++] = crossing.expected;
  if (plan_->options.intervals) {
    out[at++] = crossing.earliest;
    out[at++] = crossing.latest;
  }
  if (std::isfinite(crossing.expected)) out[at] = Seconds(now) + crossing.expected;
}

void ForecastDetector::Report(Timestamp now, std::span<double> out) const {
  std::ranges::fill(out, kNone);
  const Paths paths = PathsAt(now);
  const size_t width = OutputsPerHorizon(plan_->options);
  for (size_t i = 0; i < errors_.size(); ++i) {
    ReportHorizon(paths, i, out.subspan(i * width, width));
  }
  if (plan_->threshold) ReportThreshold(paths, now, out.subspan(errors_.size() * width));
}

void ForecastDetector::Save(RowWriter& out) const {
  if (line_) line_->Save(out);
  if (holt_) holt_->Save(out);
  if (seasonal_) seasonal_->Save(out);
  for (const ForecastErrors& errors : errors_) errors.Save(out);
}

void ForecastDetector::Load(RowReader& in) {
  if (line_) line_->Load(in);
  if (holt_) holt_->Load(in);
  if (seasonal_) seasonal_->Load(in);
  for (ForecastErrors& errors : errors_) errors.Load(in);
}

size_t ForecastDetector::MemoryBytes() const {
  size_t bytes = sizeof(*this) + errors_.capacity() * sizeof(ForecastErrors);
  if (line_) bytes += sizeof(*line_) + line_->MemoryBytes();
  if (holt_) bytes += sizeof(*holt_);
  if (seasonal_) bytes += sizeof(*seasonal_);
  for (const ForecastErrors& errors : errors_) bytes += errors.MemoryBytes();
  return bytes;
}

std::vector<DerivedOutput> ForecastDetector::Outputs(const Entry& entry) {
  const ForecastOptions& options = entry.forecast;
  std::vector<DerivedOutput> outputs;
  for (DurationMs horizon : options.horizons) {
    const std::string text = options.label_horizons ? WindowText(horizon) : "";
    outputs.push_back({&kValue, "", text});
    if (!options.intervals) continue;
    outputs.push_back({&kLower, "", text});
    outputs.push_back({&kUpper, "", text});
  }
  if (!entry.threshold) return outputs;
  outputs.push_back({&kSeconds, "", ""});
  if (options.intervals) {
    outputs.push_back({&kSecondsLower, "", ""});
    outputs.push_back({&kSecondsUpper, "", ""});
  }
  outputs.push_back({&kFull, "", ""});
  return outputs;
}

}  // namespace outrider
