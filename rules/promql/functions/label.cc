// SPDX-License-Identifier: Apache-2.0
// label_replace and label_join. Labels do not change between steps, so each series is rewritten
// once.
#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "rules/promql/functions/kernels.h"
#include "storage/base/regex.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

bool IsValidName(const std::string& name) { return !name.empty() && IsValidUtf8(name); }

// Sets `name` to what `make` gives for each row's labels; no value leaves the row alone.
template <typename Make>
StatusOr<Block> Rewrite(Evaluator& evaluator, Block block, const std::string& name, Make make) {
  for (Row& row : block.rows) {
    const bool gone = evaluator.NameGone(row);
    const Labels labels = EffectiveLabels(row, gone);
    const std::optional<std::string> value = make(labels);
    if (!value) continue;
    row.labels = evaluator.Own(labels.With(name, *value));
    // What the row is called now was asked for.
    if (gone || name == kMetricName) row.drop_name = false;
  }
  block.one_name = false;
  TRY(MergeDuplicates(&block, evaluator.delayed()));
  return block;
}

}  // namespace

StatusOr<Block> LabelReplace(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const auto& args = std::get<Call>(expr.node).args;
  const std::string& target = Evaluator::TextOf(*args[1]);
  const std::string& replacement = Evaluator::TextOf(*args[2]);
  const std::string& source = Evaluator::TextOf(*args[3]);
  const std::string& pattern = Evaluator::TextOf(*args[4]);
  const StatusOr<Regex> regex = Regex::Compile(pattern, Regex::Anchor::kBoth, Regex::Dot::kAll);
  if (!regex.ok()) {
    return ExecutionError(
        fmt::format("invalid regular expression in label_replace(): {}", pattern));
  }
  if (!IsValidName(target)) {
    return ExecutionError(
        fmt::format("invalid destination label name in label_replace(): {}", target));
  }
  Block block = TRY(evaluator.Eval(*args[0], steps));
  return Rewrite(evaluator, std::move(block), target,
                 [&](const Labels& labels) -> std::optional<std::string> {
                   std::string value;
                   if (!regex->MatchAndExpand(labels.Get(source), replacement, &value)) {
                     return std::nullopt;
                   }
                   return value;
                 });
}

StatusOr<Block> LabelJoin(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const auto& args = std::get<Call>(expr.node).args;
  const std::string& target = Evaluator::TextOf(*args[1]);
  const std::string& separator = Evaluator::TextOf(*args[2]);
  std::vector<std::string> sources;
  for (size_t i = 3; i < args.size(); ++i) sources.push_back(Evaluator::TextOf(*args[i]));
  for (const std::string& source : sources) {
    if (!IsValidName(source)) {
      return ExecutionError(fmt::format("invalid source label name in label_join(): {}", source));
    }
  }
  if (!IsValidName(target)) {
    return ExecutionError(
        fmt::format("invalid destination label name in label_join(): {}", target));
  }
  Block block = TRY(evaluator.Eval(*args[0], steps));
  return Rewrite(evaluator, std::move(block), target,
                 [&](const Labels& labels) -> std::optional<std::string> {
                   std::vector<std::string> values;
                   values.reserve(sources.size());
                   for (const std::string& source : sources) {
                     values.emplace_back(labels.Get(source));
                   }
                   return Join(values, separator);
                 });
}

}  // namespace outrider::promql
