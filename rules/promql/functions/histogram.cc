// SPDX-License-Identifier: Apache-2.0
// histogram_quantile, histogram_quantiles and histogram_fraction over classic buckets: series that
// differ only in `le` form one histogram. Which series those are is found once; each step then
// gathers counts and interpolates.
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "rules/promql/functions/buckets.h"
#include "rules/promql/functions/kernels.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

struct Histograms {
  struct Member {
    uint32_t row;
    double upper;
  };
  struct Group {
    Row row;  // without le
    std::string metric;
    std::vector<Member> members;
  };
  std::vector<Group> groups;
};

Histograms GroupBuckets(Evaluator& evaluator, const Block& block, uint32_t pos) {
  Histograms out;
  LabelKey key(LabelKey::Mode::kAllBut, {"le"});
  absl::flat_hash_map<std::string, size_t> ids;
  for (uint32_t r = 0; r < block.rows.size(); ++r) {
    const Row& row = block.rows[r];
    const bool gone = evaluator.NameGone(row);
    const std::string_view metric = gone ? std::string_view() : row.labels->MetricName();
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
      const Labels* labels =
          evaluator.Own(evaluator.delayed() ? row.labels->Without("le") : key.LabelsOf(row, true));
      out.groups.push_back({{.labels = labels, .drop_name = true}, std::string(metric), {}});
    }
    out.groups[it->second].members.push_back({r, *upper});
  }
  return out;
}

void Gather(const Block& block, const Histograms::Group& group, size_t step,
            std::vector<Bucket>* buckets) {
  buckets->clear();
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

// Adds a row per histogram to `out`, with the quantile as `label` unless that is nullptr.
void AddQuantiles(Evaluator& evaluator, const Argument& argument, const Block& q,
                  const std::string* label, const Steps& steps, Block* out) {
  std::vector<Bucket> buckets;  // one buffer for all
  for (const Histograms::Group& group : argument.histograms.groups) {
    Row row = group.row;
    if (label != nullptr) {
      row.labels = evaluator.Own(row.labels->With(*label, LabelNumber(q.ScalarAt(0))));
    }
    const std::span<double> values = out->AddRow(row);
    for (size_t i = 0; i < steps.count; ++i) {
      Gather(argument.block, group, i, &buckets);
      if (buckets.empty()) continue;
      const BucketQuantileResult result = BucketQuantile(q.ScalarAt(i), &buckets);
      values[i] = result.value;
      if (!result.forced_monotonic) continue;
      evaluator.annotations().ForcedMonotonicity(group.metric,
                                                 {.min_bucket = result.min_bucket,
                                                  .max_bucket = result.max_bucket,
                                                  .max_diff = result.max_diff,
                                                  .first = steps.At(i),
                                                  .last = steps.At(i)},
                                                 argument.pos);
    }
  }
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
  std::vector<Bucket> buckets;
  for (const Histograms::Group& group : histograms.groups) {
    const std::span<double> values = out.AddRow(group.row);
    for (size_t i = 0; i < steps.count; ++i) {
      Gather(block, group, i, &buckets);
      if (buckets.empty()) continue;
      values[i] = BucketFraction(lower.ScalarAt(i), upper.ScalarAt(i), &buckets);
    }
  }
  return Finished(evaluator, std::move(out));
}

StatusOr<Block> NativeOnly(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  TRY(evaluator.Eval(*std::get<Call>(expr.node).args[0], steps));
  Block none;
  none.steps = steps.count;
  return none;
}

}  // namespace outrider::promql
