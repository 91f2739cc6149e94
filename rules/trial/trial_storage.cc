// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/trial_storage.h"

#include <fmt/format.h>

#include <map>

#include "storage/base/duration.h"
#include "storage/base/text.h"
#include "storage/model/native_histogram.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

// Prometheus' storage takes no empty label set and no broken histogram, and its notation no blank
// between name and brace.
Status CheckInput(std::string_view series, const SeriesLine& line) {
  const size_t brace = series.find('{');
  const bool blank = brace != std::string_view::npos && brace > 0 &&
                     std::string_view(" \t").find(series[brace - 1]) != std::string_view::npos;
  if (blank) return InvalidArgument("blank between name and {");
  if (line.labels.empty()) return InvalidArgument("empty label set");
  for (const SequenceValue& value : line.values) {
    if (value.histogram != nullptr) TRY(ValidateHistogram(*value.histogram));
  }
  return {};
}

bool SameSample(double value, const NativeHistogram* histogram, const LabeledSample& sample) {
  if ((histogram == nullptr) != (sample.histogram == nullptr)) return false;
  if (histogram == nullptr) return SameBits(value, sample.sample.value);
  return SameBits(*histogram, *sample.histogram);
}

}  // namespace

Status TrialStorage::SetInput(const RuleTestCase& test) {
  start_ = test.start;
  interval_ = test.interval;
  std::map<Labels, size_t> places;
  for (const InputSeries& input : test.input) {
    const std::string series(Trim(input.series));
    const std::string values(Trim(input.values));
    if (series.empty() && values.empty()) continue;
    StatusOr<SeriesLine> parsed = ParseSeriesLine(fmt::format("{} {}", series, values));
    if (parsed.ok()) {
      if (const Status status = CheckInput(series, *parsed); !status.ok()) parsed = status;
    }
    if (!parsed.ok()) {
      return InvalidArgument(fmt::format("{}:{}: input series {}: {}", input.place.line,
                                         input.place.column, Quote(input.series),
                                         Message(parsed.status())));
    }
    if (parsed->start_times) continue;  // promtool reads them and makes no use of them
    const auto [place, is_new] = places.emplace(parsed->labels, input_.size());
    if (is_new) input_.push_back({parsed->labels, {}, 0});
    input_[place->second].values = std::move(parsed->values);
  }
  return {};
}

Status TrialStorage::Advance(Timestamp now) {
  Status first;
  for (Input& input : input_) {
    for (; input.next < input.values.size(); ++input.next) {
      const Timestamp time = start_ + static_cast<Timestamp>(input.next) * interval_;
      if (time > now) break;
      const SequenceValue& value = input.values[input.next];
      if (value.omitted) continue;
      const Outcome outcome =
          Append(input.labels, {input.labels, {time, value.value}, value.histogram});
      const bool refused = outcome == Outcome::kOutOfOrder || outcome == Outcome::kDuplicate;
      if (!refused || !first.ok()) continue;
      first = absl::FailedPreconditionError(
          fmt::format("input series {} at {}: a rule has written to this series already",
                      input.labels.ToString(), FormatDuration(time - start_)));
    }
  }
  return first;
}

TrialStorage::Outcome TrialStorage::Append(const Labels& labels, const LabeledSample& sample) {
  const auto [newest, is_new] = newest_.try_emplace(labels.packed());
  Newest& last = newest->second;
  if (!is_new && last.time >= sample.sample.time) {
    if (last.time > sample.sample.time) return Outcome::kOutOfOrder;
    return SameSample(last.value, last.histogram.get(), sample) ? Outcome::kRepeated
                                                                : Outcome::kDuplicate;
  }
  last = {sample.sample.time, sample.sample.value, sample.histogram};
  if (sample.histogram != nullptr) {
    querier_.Append(labels, sample.sample.time, sample.histogram);
  } else {
    querier_.Append(labels, sample.sample);
  }
  return Outcome::kAppended;
}

AppendCounts TrialStorage::AppendBatch(std::span<const LabeledSample> samples, Origin /*origin*/,
                                       Timestamp /*now*/) {
  AppendCounts counts;
  for (const LabeledSample& sample : samples) {
    const Outcome outcome = Append(sample.labels, sample);
    if (outcome == Outcome::kAppended || outcome == Outcome::kRepeated) {
      ++counts.accepted;
      continue;
    }
    const bool duplicate = outcome == Outcome::kDuplicate;
    ++(duplicate ? counts.duplicate : counts.out_of_order);
    if (sample.histogram == nullptr && IsStale(sample.sample.value)) continue;
    const std::string_view name = sample.labels.MetricName();
    const bool alert = name == "ALERTS" || name == "ALERTS_FOR_STATE";
    refused_.push_back({std::string(alert ? sample.labels.Get(kAlertName) : name),
                        duplicate ? "duplicate sample for timestamp" : "out of order sample"});
  }
  return counts;
}

}  // namespace outrider
