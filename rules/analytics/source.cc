// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/source.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <utility>

#include "fmt/format.h"
#include "rules/analytics/expression_result.h"
#include "rules/analytics/plain_selector.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Reads go through the past in slices, so that a long history costs little memory at a time.
constexpr DurationMs kReadSlice = 15 * kMinute;

}  // namespace

std::string Source::Key(const Entry& entry) {
  return fmt::format("{}\n{}\n{}", entry.max_series, entry.per_workload,
                     entry.compiled ? entry.compiled->ToString() : entry.expr);
}

Source::Source(promql::Expression expr, std::vector<Entry> entries)
    : expr_(std::move(expr)),
      entries_(std::move(entries)),
      max_series_(entries_.front().max_series) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const DetectorRow* row = FindDetector(entries_[i].kind, entries_[i].detector);
    rows_.push_back(row);
    for (DerivedOutput& output : row->outputs(entries_[i])) {
      outputs_.push_back({i, std::move(output)});
    }
    history_ = std::max(history_, row->history(entries_[i]));
  }
  if (!entries_.front().per_workload && expr_.type() == promql::ValueType::kVector &&
      IsPlainSelector(expr_.ToString())) {
    auto selectors = expr_.Selectors(0);
    if (selectors.size() == 1) plain_ = std::move(selectors.front().matchers);
  }
}

std::vector<promql::Expression::Reach> Source::Reach(const AnalyticsOptions& options,
                                                     DurationMs lookback) const {
  auto selectors = expr_.Selectors(lookback);
  const DurationMs past = plain_ ? history_ : std::min(history_, options.expression_rebuild);
  for (auto& selector : selectors) selector.horizon += past;
  return selectors;
}

std::string Source::Describe() const {
  std::set<std::string> names;  // built-in entries of several kinds share one
  for (const Entry& entry : entries_) names.insert(Quote(entry.name));
  return "entry " + Join({names.begin(), names.end()}, ", ");
}

void Source::Rebuild(const SourceContext& context, Timestamp now) {
  stats_.refused = 0;
  if (plain_) {
    Finish(ReadSamples(context, *plain_, now - history_, now));
  } else {
    Finish(EvaluatePast(context, now));
  }
  last_run_ = now;
}

void Source::Run(const SourceContext& context, Timestamp now) {
  stats_.refused = 0;
  if (plain_) {
    // Behind a sender that catches up, the newest sample seen marks where to read on.
    Timestamp from = now - history_;
    if (newest_ != INT64_MIN) {
      from = std::max(from, std::min({now, last_run_, newest_}) - context.options.late_window);
    }
    Finish(ReadSamples(context, *plain_, from, now));
  } else {
    Finish(Evaluate(context, now));
  }
  Expire(context, now);
  Report(context, now);
  last_run_ = now;
}

void Source::Finish(const Status& status) {
  stats_.error = status.ok() ? "" : Message(status);
  if (stats_.refused > 0 && !said_refused_) {
    said_refused_ = true;
    LogWarn("analytics entry has more series than max_series; the others are left out",
            {{"entry", entries_.front().name},
             {"max_series", std::to_string(max_series_)},
             {"left_out", std::to_string(stats_.refused)}});
  }
}

Status Source::ReadSamples(const SourceContext& context, std::span<const Matcher> selector,
                           Timestamp from, Timestamp to) {
  SeriesSet set;
  for (Timestamp begin = from; begin <= to; begin += kReadSlice) {
    const Timestamp end = std::min(to, begin + kReadSlice - 1);
    set.Clear();
    TRY(context.querier.Select(selector, begin, end, context.options.max_samples_per_read, &set));
    for (const SeriesSet::Row& row : set.rows) {
      Feed(context, row.labels.All(), set.Times(row), set.Values(row));
      newest_ = std::max(newest_, set.Times(row).back());
    }
  }
  return absl::OkStatus();
}

Status Source::Evaluate(const SourceContext& context, Timestamp now) {
  auto result = context.engine.Instant(expr_, context.querier, now);
  promql::Vector vector;
  if (result.ok()) vector = AsVector(std::move(result->value));
  if (entries_.front().per_workload) vector = SumPerWorkload(vector, context.workloads);
  for (const promql::VectorSample& sample : vector) {
    Feed(context, sample.labels, std::span(&now, 1), std::span(&sample.value, 1));
  }
  // A series the expression no longer gives is gone now: it had its own lookback already.
  for (auto& [labels, series] : series_) {
    if (series.live && series.last_time < now) End(context.table, series);
  }
  return result.status();
}

Status Source::EvaluatePast(const SourceContext& context, Timestamp now) {
  const DurationMs step = context.options.interval;
  const DurationMs span = std::min(history_, context.options.expression_rebuild);
  auto result =
      context.engine.Range(expr_, context.querier, now - span / step * step, now - step, step);
  if (!result.ok()) return result.status();
  auto* matrix = std::get_if<promql::Matrix>(&result->value);
  if (matrix == nullptr) return absl::OkStatus();
  if (entries_.front().per_workload) *matrix = SumPerWorkload(*matrix, context.workloads);
  for (const promql::Series& series : *matrix) {
    for (const Sample& sample : series.samples) {
      Feed(context, series.labels, std::span(&sample.time, 1), std::span(&sample.value, 1));
    }
  }
  return absl::OkStatus();
}

Source::Series* Source::Admit(const Labels& labels) {
  if (live_ >= max_series_) return nullptr;
  Series& series = series_[labels];
  if (series.detectors.empty()) {
    for (size_t i = 0; i < entries_.size(); ++i) {
      series.detectors.push_back(rows_[i]->create(entries_[i]));
    }
    series.handles.assign(outputs_.size(), DerivedTable::kNone);
  }
  series.live = true;
  ++live_;
  return &series;
}

void Source::Feed(const SourceContext& context, const Labels& labels,
                  std::span<const Timestamp> times, std::span<const double> values) {
  const auto found = series_.find(labels);
  Series* series = found == series_.end() ? nullptr : &found->second;
  for (size_t i = 0; i < times.size(); ++i) {
    if (series != nullptr && times[i] <= series->last_time) continue;
    if (IsStale(values[i])) {
      if (series == nullptr) continue;
      series->last_time = times[i];
      End(context.table, *series);
      continue;
    }
    if (!std::isfinite(values[i])) continue;
    if (series == nullptr || !series->live) series = Admit(labels);
    if (series == nullptr) {
      ++stats_.refused;
      return;
    }
    series->last_time = times[i];
    ++stats_.samples;
    for (const auto& detector : series->detectors) detector->Observe(times[i], values[i]);
  }
}

void Source::End(DerivedTable& table, Series& series) {
  if (!series.live) return;
  series.live = false;
  --live_;
  table.Remove(series.handles);
  std::ranges::fill(series.handles, DerivedTable::kNone);
}

void Source::Expire(const SourceContext& context, Timestamp now) {
  for (auto it = series_.begin(); it != series_.end();) {
    Series& series = it->second;
    const DurationMs age = series.last_time == INT64_MIN ? 0 : now - series.last_time;
    if (series.live && age > context.options.staleness) End(context.table, series);
    it = !series.live && age > context.options.keep_gone ? series_.erase(it) : std::next(it);
  }
  stats_.series = live_;
}

void Source::Report(const SourceContext& context, Timestamp now) {
  std::vector<double> values(outputs_.size());
  updates_.clear();
  for (auto& [labels, series] : series_) {
    if (!series.live) continue;
    size_t at = 0;
    for (size_t i = 0; i < entries_.size(); ++i) {
      size_t count = 0;
      while (at + count < outputs_.size() && outputs_[at + count].entry == i) ++count;
      series.detectors[i]->Report(now, std::span(values).subspan(at, count));
      at += count;
    }
    Publish(context.table, labels, series, values);
  }
  context.table.Set(updates_);
}

void Source::Publish(DerivedTable& table, const Labels& labels, Series& series,
                     std::vector<double>& values) {
  for (size_t i = 0; i < outputs_.size(); ++i) {
    DerivedTable::Handle& handle = series.handles[i];
    const DerivedOutput& output = outputs_[i].derived;
    if (std::isnan(values[i])) {
      if (handle == DerivedTable::kNone) continue;
      table.Remove(std::span(&handle, 1));
      handle = DerivedTable::kNone;
    } else if (handle == DerivedTable::kNone) {
      const Labels named =
          DerivedLabels(labels, entries_[outputs_[i].entry], output.window, output.horizon);
      handle = table.Add(*output.metric, named, values[i]);
    } else {
      updates_.push_back({handle, values[i]});
    }
  }
}

void Source::Retire(DerivedTable& table) {
  for (auto& [labels, series] : series_) End(table, series);
  series_.clear();
}

Labels DerivedLabels(const Labels& source, const Entry& entry, const std::string& window,
                     const std::string& horizon) {
  LabelsBuilder builder(source);
  builder.Remove(kMetricName);
  auto put = [&](std::string_view name, std::string_view value) {
    const std::string_view old = source.Get(name);
    if (!old.empty() && old != value) builder.Set(fmt::format("exported_{}", name), old);
    builder.Set(name, value);
  };
  for (const auto& [name, value] : entry.labels) put(name, value);
  if (!source.MetricName().empty()) put("metric", source.MetricName());
  put("entry", entry.name);
  if (!window.empty()) put("window", window);
  if (!horizon.empty()) put("horizon", horizon);
  return builder.Build();
}

}  // namespace outrider
