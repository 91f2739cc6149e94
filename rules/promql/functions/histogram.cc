// SPDX-License-Identifier: Apache-2.0
// histogram_quantile, histogram_quantiles and histogram_fraction. Classic series that differ only
// in `le` form one histogram, a native histogram is one by itself. Which series belong together is
// found once; each step then gathers counts and interpolates.
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "rules/promql/functions/buckets.h"
#include "rules/promql/functions/kernels.h"
#include "rules/promql/histogram/histogram_stats.h"
#include "rules/promql/label_key.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

struct Histograms {
  static constexpr size_t kNone = SIZE_MAX;
  struct Member {
    uint32_t row;
    double upper;
  };
  struct Group {
    Row row;  // without le
    std::string metric;
    std::vector<Member> members{};  // empty for a native histogram
    uint32_t native = 0;            // then its row
    size_t twin = kNone;            // the group with the same labels and of the other kind
  };
  std::vector<Group> groups;
};

// How annotations call it: names are looked at only where they are removed at the end.
std::string_view MetricOf(const Evaluator& evaluator, const Row& row) {
  return evaluator.delayed() ? row.labels->MetricName() : std::string_view();
}

bool HasFloats(const Block& block, uint32_t row) {
  const std::span<const double> values = block.Of(row);
  return std::any_of(values.begin(), values.end(), [](double v) { return !IsAbsent(v); });
}

// The rows with native histograms.
void AddNatives(Evaluator& evaluator, const Block& block,
                const absl::flat_hash_map<std::string, size_t>& classic, Histograms* out) {
  LabelKey key(LabelKey::Mode::kAllBut, {});
  for (uint32_t r = 0; r < block.histograms.size(); ++r) {
    if (!block.HasHistograms(r)) continue;
    const Row& row = block.rows[r];
    const bool gone = evaluator.NameGone(row);
    const std::string_view metric = MetricOf(evaluator, row);
    std::string text(key.Of(row, gone));
    if (evaluator.delayed()) text.append(metric);
    const SeriesLabels* labels = evaluator.delayed() ? row.labels : key.Own(evaluator, row, true);
    Histograms::Group group{
        .row = {.labels = labels, .drop_name = true}, .metric = std::string(metric), .native = r};
    if (const auto twin = classic.find(text); twin != classic.end()) {
      group.twin = twin->second;
      out->groups[twin->second].twin = out->groups.size();
    }
    out->groups.push_back(std::move(group));
  }
}

Histograms GroupBuckets(Evaluator& evaluator, const Block& block, uint32_t pos) {
  Histograms out;
  LabelKey key(LabelKey::Mode::kAllBut, {"le"});
  absl::flat_hash_map<std::string, size_t> ids;
  for (uint32_t r = 0; r < block.rows.size(); ++r) {
    const Row& row = block.rows[r];
    const bool gone = evaluator.NameGone(row);
    const std::string_view metric = MetricOf(evaluator, row);
    if (block.HasHistograms(r) && !HasFloats(block, r)) continue;
    const std::string_view le = row.labels->Get("le");
    const StatusOr<double> upper = ParseDouble(le);
    if (!upper.ok()) {
      evaluator.annotations().BadBucketLabel(metric, le, pos);
      continue;
    }
    // Under delayed removal two metrics' histograms stay apart by their names.
    std::string text(key.Of(row, gone));
    if (evaluator.delayed()) text.append(metric);
    const auto [it, inserted] = ids.try_emplace(std::move(text), out.groups.size());
    if (inserted) {
      const SeriesLabels* labels = evaluator.delayed()
                                       ? evaluator.Own(row.labels->All().Without("le"))
                                       : key.Own(evaluator, row, true);
      out.groups.push_back(
          {.row = {.labels = labels, .drop_name = true}, .metric = std::string(metric)});
    }
    out.groups[it->second].members.push_back({r, *upper});
  }
  AddNatives(evaluator, block, ids, &out);
  return out;
}

void Gather(const Block& block, const Histograms::Group& group, size_t step,
            std::vector<Bucket>* buckets) {
  for (const Histograms::Member& member : group.members) {
    const double count = block.values[member.row * block.steps + step];
    if (!IsAbsent(count)) buckets->push_back({member.upper, count});
  }
}

// As label values have numbers: an integer keeps a `.0`.
std::string LabelNumber(double v) {
  std::string text = FormatFloatG(v);
  if (std::isfinite(v) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

void CheckQuantiles(Evaluator& evaluator, const Block& q, uint32_t pos) {
  for (const double v : q.values) {
    if (std::isnan(v) || v < 0 || v > 1) evaluator.annotations().InvalidQuantile(v, pos);
  }
}

// The histograms of an argument.
struct Argument {
  const Block& block;
  const Histograms& histograms;
  uint32_t pos;  // in the query
};

// What a step has of one histogram: classic buckets, a native one, or nothing.
class Reader {
 public:
  Reader(Evaluator& evaluator, const Argument& argument)
      : evaluator_(evaluator),
        block_(argument.block),
        all_(argument.histograms),
        pos_(argument.pos) {}

  // False when there is nothing, or both a classic and a native one of the same labels.
  bool Read(const Histograms::Group& group, size_t step) {
    native_ = nullptr;
    buckets_.clear();
    Take(group, step);
    if (native_ == nullptr && buckets_.empty()) return false;
    if (group.twin == Histograms::kNone) return true;
    Take(all_.groups[group.twin], step);
    if (native_ == nullptr || buckets_.empty()) return true;
    evaluator_.annotations().MixedClassicNative(group.metric, pos_);
    return false;
  }
  const NativeHistogram* native() const { return native_; }
  std::vector<Bucket>* buckets() { return &buckets_; }

 private:
  void Take(const Histograms::Group& group, size_t step) {
    if (group.members.empty()) {
      native_ = block_.HistogramAt(group.native, step);
    } else {
      Gather(block_, group, step, &buckets_);
    }
  }

  Evaluator& evaluator_;
  const Block& block_;
  const Histograms& all_;
  const uint32_t pos_;
  const NativeHistogram* native_ = nullptr;
  std::vector<Bucket> buckets_;  // one buffer for all
};

double QuantileOf(Evaluator& evaluator, const Histograms::Group& group, double q, Timestamp time,
                  uint32_t pos, Reader* reader) {
  if (reader->native() != nullptr) {
    const HistogramNumber result = HistogramQuantileOf(q, *reader->native());
    if (result.nan != NanEffect::kNone) {
      evaluator.annotations().NanInQuantile(group.metric, result.nan == NanEffect::kResult, pos);
    }
    return result.value;
  }
  const BucketQuantileResult result = BucketQuantile(q, reader->buckets());
  if (result.forced_monotonic) {
    evaluator.annotations().ForcedMonotonicity(group.metric,
                                               {.min_bucket = result.min_bucket,
                                                .max_bucket = result.max_bucket,
                                                .max_diff = result.max_diff,
                                                .first = time,
                                                .last = time},
                                               pos);
  }
  return result.value;
}

// Adds a row per histogram to `out`, with the quantile as `label` unless that is nullptr.
void AddQuantiles(Evaluator& evaluator, const Argument& argument, const Block& q,
                  const std::string* label, const Steps& steps, Block* out) {
  Reader reader(evaluator, argument);
  for (const Histograms::Group& group : argument.histograms.groups) {
    Row row = group.row;
    if (label != nullptr) {
      row.labels = evaluator.Own(row.labels->All().With(*label, LabelNumber(q.ScalarAt(0))));
    }
    const std::span<double> values = out->AddRow(row);
    for (size_t i = 0; i < steps.count; ++i) {
      if (!reader.Read(group, i)) continue;
      values[i] = QuantileOf(evaluator, group, q.ScalarAt(i), steps.At(i), argument.pos, &reader);
    }
  }
}

double FractionOf(Evaluator& evaluator, const Histograms::Group& group, double lower, double upper,
                  uint32_t pos, Reader* reader) {
  if (reader->native() == nullptr) return BucketFraction(lower, upper, reader->buckets());
  const HistogramNumber result = HistogramFractionOf(lower, upper, *reader->native());
  if (result.nan != NanEffect::kNone) evaluator.annotations().NanInFraction(group.metric, pos);
  return result.value;
}

StatusOr<Block> Finished(Evaluator& evaluator, Block block) {
  block.RemoveEmptyRows();
  TRY(MergeDuplicates(&block, evaluator.delayed()));
  return block;
}

}  // namespace

StatusOr<Block> HistogramQuantile(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const auto& args = std::get<Call>(expr.node).args;
  const Block q = TRY(evaluator.Eval(*args[0], steps));
  const Block block = TRY(evaluator.Eval(*args[1], steps));
  CheckQuantiles(evaluator, q, args[0]->pos.start);
  const Histograms histograms = GroupBuckets(evaluator, block, args[1]->pos.start);
  Block out;
  out.steps = steps.count;
  AddQuantiles(evaluator, {block, histograms, args[1]->pos.start}, q, nullptr, steps, &out);
  return Finished(evaluator, std::move(out));
}

StatusOr<Block> HistogramQuantiles(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const auto& args = std::get<Call>(expr.node).args;
  const Block block = TRY(evaluator.Eval(*args[0], steps));
  const std::string& label = Evaluator::TextOf(*args[1]);
  if (label.empty() || !IsValidUtf8(label)) {
    return ExecutionError("invalid label name in histogram_quantiles(): " + label);
  }
  const Histograms histograms = GroupBuckets(evaluator, block, args[0]->pos.start);
  Block out;
  out.steps = steps.count;
  for (size_t k = 2; k < args.size(); ++k) {
    const Block q = TRY(evaluator.Eval(*args[k], steps));
    CheckQuantiles(evaluator, q, args[k]->pos.start);
    AddQuantiles(evaluator, {block, histograms, args[0]->pos.start}, q, &label, steps, &out);
  }
  return Finished(evaluator, std::move(out));
}

StatusOr<Block> HistogramFraction(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const auto& args = std::get<Call>(expr.node).args;
  const Block lower = TRY(evaluator.Eval(*args[0], steps));
  const Block upper = TRY(evaluator.Eval(*args[1], steps));
  const Block block = TRY(evaluator.Eval(*args[2], steps));
  const Histograms histograms = GroupBuckets(evaluator, block, args[2]->pos.start);
  Block out;
  out.steps = steps.count;
  const uint32_t pos = args[2]->pos.start;
  Reader reader(evaluator, {block, histograms, pos});
  for (const Histograms::Group& group : histograms.groups) {
    const std::span<double> values = out.AddRow(group.row);
    for (size_t i = 0; i < steps.count; ++i) {
      if (!reader.Read(group, i)) continue;
      values[i] = FractionOf(evaluator, group, lower.ScalarAt(i), upper.ScalarAt(i), pos, &reader);
    }
  }
  return Finished(evaluator, std::move(out));
}

}  // namespace outrider::promql
