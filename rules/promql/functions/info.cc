// SPDX-License-Identifier: Apache-2.0
// info(v, {…}): adds the labels of info metrics, found by `instance` and `job`, to the series of v.
// Source: specs/prometheus.md §2.1.
//
// Info series are asked for once, for all steps and all series of v. A series of v and its info
// series share a key; per step the newest info series of each metric and key is chosen, and what a
// choice gives is remembered until the choice changes.
#include "rules/promql/functions/info.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "rules/promql/functions/kernels.h"
#include "storage/base/regex.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

constexpr std::string_view kIdentifying[] = {"instance", "job"};
constexpr uint32_t kNone = UINT32_MAX;

Matcher Regexp(std::string_view name, std::string pattern) {
  return *Matcher::Create(MatchType::kRegex, std::string(name), std::move(pattern));
}

std::vector<Matcher> MatchersOf(const Call& info, bool of_name) {
  std::vector<Matcher> matchers;
  if (info.args.size() < 2) return matchers;
  for (const Matcher& m : std::get<VectorSelector>(info.args[1]->node).matchers) {
    if ((m.name() == kMetricName) == of_name) matchers.push_back(m);
  }
  return matchers;
}

bool IsPositive(const Matcher& m) {
  return m.type() == MatchType::kEqual || m.type() == MatchType::kRegex;
}

// The time at which v looks is the time at which its info series are looked at: that of the first
// selector in v, with the offsets of the subqueries around it up to the first @. True when found.
StatusOr<bool> FindTime(const Evaluator& evaluator, const Expr& expr, TimeModifier* time) {
  const TimeModifier* own = nullptr;
  bool found = false;
  if (const auto* vector = std::get_if<VectorSelector>(&expr.node)) own = &vector->time;
  if (const auto* matrix = std::get_if<MatrixSelector>(&expr.node)) own = &matrix->selector.time;
  if (own != nullptr) {
    found = true;
  } else if (const auto* aggregate = std::get_if<AggregateExpr>(&expr.node)) {
    found = TRY(FindTime(evaluator, *aggregate->expr, time));
  }
  if (!found) {
    for (const Expr* child : ChildrenOf(expr)) {
      found = TRY(FindTime(evaluator, *child, time));
      if (found) break;
    }
  }
  if (const auto* subquery = std::get_if<Subquery>(&expr.node)) own = &subquery->time;
  if (!found || own == nullptr || time->at != TimeModifier::At::kNone) return found;
  time->offset.ms += TRY(evaluator.DurationOf(own->offset));
  time->at = own->at;
  time->timestamp = own->timestamp;
  return true;
}

// The two identifying labels as one text.
std::string KeyOf(const Labels& labels) {
  return fmt::format("{}\xff{}", labels.Get(kIdentifying[0]), labels.Get(kIdentifying[1]));
}

class InfoJoin {
 public:
  InfoJoin(Evaluator& evaluator, const Call& call, Block base)
      : evaluator_(evaluator),
        base_(std::move(base)),
        name_matchers_(InfoNameMatchers(call)),
        data_matchers_(InfoDataMatchers(call)) {
    for (const Matcher& m : data_matchers_) {
      wanted_.emplace(m.name());
      needs_info_ = needs_info_ || !m.MatchesEmpty();
    }
    for (const Row& row : base_.rows) {
      labels_.push_back(EffectiveLabels(row, evaluator.NameGone(row)));
      plain_.push_back(Matches(name_matchers_, labels_.back().MetricName()));
    }
  }

  StatusOr<Block> Run(const Expr& arg, const Steps& steps) {
    TRY(Fetch(arg, steps));
    Index();
    out_.steps = steps.count;
    for (size_t step = 0; step < steps.count; ++step) {
      if (step % 64 == 0) TRY(evaluator_.CheckTimeout());
      TRY(JoinAt(step));
      TRY(evaluator_.CheckSize(out_));
    }
    out_.RemoveEmptyRows();
    return std::move(out_);
  }

 private:
  static bool Matches(const std::vector<Matcher>& matchers, std::string_view value) {
    for (const Matcher& m : matchers) {
      if (!m.Matches(value)) return false;
    }
    return true;
  }

  // The info series, as blocks of their samples' times.
  Status Fetch(const Expr& arg, const Steps& steps) {
    VectorSelector selector;
    for (const std::string_view name : kIdentifying) {
      std::set<std::string_view> values;
      for (size_t r = 0; r < labels_.size(); ++r) {
        if (!plain_[r] && labels_[r].Has(name)) values.insert(labels_[r].Get(name));
      }
      std::vector<std::string> quoted;
      quoted.reserve(values.size());
      for (const std::string_view value : values) quoted.push_back(QuoteRegexMeta(value));
      if (!quoted.empty()) selector.matchers.push_back(Regexp(name, Join(quoted, "|")));
    }
    info_.steps = steps.count;
    if (selector.matchers.empty()) return {};
    for (const auto* more : {&data_matchers_, &name_matchers_}) {
      selector.matchers.insert(selector.matchers.end(), more->begin(), more->end());
    }
    TRY(FindTime(evaluator_, arg, &selector.time).status());
    info_ = TRY(evaluator_.EvalSelector(selector, steps, SampleField::kFloatTime));
    if (AnyHistogram(info_)) return ExecutionError("info sample should be float");
    return {};
  }

  // Numbers the pairs of info metric and key.
  void Index() {
    std::map<std::pair<std::string, std::string>, uint32_t> slots;
    absl::flat_hash_map<std::string, std::vector<uint32_t>> slots_of_key;
    for (const Row& row : info_.rows) {
      const std::string key = KeyOf(row.labels->All());
      const auto next = static_cast<uint32_t>(slots.size());
      const auto [it, added] =
          slots.try_emplace({std::string(row.labels->MetricName()), key}, next);
      if (added) slots_of_key[key].push_back(next);
      slot_of_.push_back(it->second);
    }
    chosen_.assign(slots.size(), kNone);
    for (size_t r = 0; r < labels_.size(); ++r) {
      const auto found = plain_[r] ? slots_of_key.end() : slots_of_key.find(KeyOf(labels_[r]));
      slots_of_.push_back(found == slots_of_key.end() ? std::vector<uint32_t>() : found->second);
    }
    last_choice_.resize(labels_.size());
    last_out_.assign(labels_.size(), kNone);
  }

  Status JoinAt(size_t step) {
    bool chosen = false;
    for (size_t r = 0; r < base_.rows.size(); ++r) {
      if (!base_.HasSample(r, step)) continue;
      if (!chosen) TRY(Choose(step));
      chosen = true;
      const uint32_t out = TRY(OutRow(r));
      if (out == kNone) continue;
      if (out_.HasSample(out, step)) {
        return ExecutionError("vector cannot contain metrics with the same labelset");
      }
      out_.Of(out)[step] = base_.Of(r)[step];
      out_.SetHistogram(out, step, base_.HistogramAt(r, step));
    }
    return {};
  }

  // The newest info series of each slot at a step.
  Status Choose(size_t step) {
    std::fill(chosen_.begin(), chosen_.end(), kNone);
    for (uint32_t r = 0; r < info_.rows.size(); ++r) {
      const double time = info_.Of(r)[step];
      if (IsAbsent(time)) continue;
      uint32_t& chosen = chosen_[slot_of_[r]];
      if (chosen != kNone && info_.Of(chosen)[step] == time) {
        return ExecutionError(
            fmt::format("found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                        BraceText(info_.rows[chosen].labels->All()), std::llround(time * 1000),
                        BraceText(info_.rows[r].labels->All()), std::llround(time * 1000)));
      }
      if (chosen == kNone || info_.Of(chosen)[step] < time) chosen = r;
    }
    return {};
  }

  // The row for what a series gives with what is chosen now; kNone: it is left out.
  StatusOr<uint32_t> OutRow(size_t r) {
    std::vector<uint32_t> choice;
    for (const uint32_t slot : slots_of_[r]) {
      if (chosen_[slot] != kNone) choice.push_back(chosen_[slot]);
    }
    if (choice.empty() && needs_info_ && !plain_[r]) return kNone;
    if (last_out_[r] != kNone && last_choice_[r] == choice) return last_out_[r];
    Labels labels = TRY(Enriched(labels_[r], choice));
    const auto next = static_cast<uint32_t>(out_.rows.size());
    const auto [it, inserted] = by_labels_.try_emplace(labels, next);
    if (inserted) {
      const bool drop = base_.rows[r].drop_name && evaluator_.delayed();
      out_.AddRow({.labels = evaluator_.Own(std::move(labels)), .drop_name = drop});
    }
    last_choice_[r] = std::move(choice);
    last_out_[r] = it->second;
    return it->second;
  }

  StatusOr<Labels> Enriched(const Labels& base, const std::vector<uint32_t>& choice) const {
    LabelsBuilder added;
    for (const uint32_t r : choice) {
      for (const LabelView label : info_.rows[r].labels->All()) {
        if (label.name == kMetricName) continue;
        if (!wanted_.empty() && !wanted_.contains(label.name)) continue;
        const std::string_view other = added.Get(label.name);
        if (!other.empty() && other != label.value) {
          return ExecutionError(fmt::format("conflicting label: {}", label.name));
        }
        if (!base.Has(label.name)) added.Set(label.name, label.value);
      }
    }
    LabelsBuilder all(base);
    const Labels extra = added.Build();
    for (const LabelView label : extra) all.Set(label.name, label.value);
    return all.Build();
  }

  Evaluator& evaluator_;
  const Block base_;
  const std::vector<Matcher> name_matchers_;
  const std::vector<Matcher> data_matchers_;
  std::set<std::string, std::less<>> wanted_;  // labels to add; empty: all
  bool needs_info_ = false;                    // series without info series are left out
  std::vector<Labels> labels_;                 // of each base row
  std::vector<bool> plain_;                    // base rows that are info series themselves
  Block info_;
  std::vector<uint32_t> slot_of_;                // info row → slot
  std::vector<std::vector<uint32_t>> slots_of_;  // base row → slots
  std::vector<uint32_t> chosen_;                 // slot → info row at this step
  std::vector<std::vector<uint32_t>> last_choice_;
  std::vector<uint32_t> last_out_;
  absl::flat_hash_map<Labels, uint32_t> by_labels_;
  Block out_;
};

}  // namespace

std::vector<Matcher> InfoNameMatchers(const Call& info) {
  std::vector<Matcher> matchers = MatchersOf(info, /*of_name=*/true);
  if (matchers.empty()) return {Matcher::Equal(std::string(kMetricName), "target_info")};
  if (std::none_of(matchers.begin(), matchers.end(), IsPositive)) {
    matchers.insert(matchers.begin(), Regexp(kMetricName, ".+_info"));
  }
  return matchers;
}

std::vector<Matcher> InfoDataMatchers(const Call& info) {
  return MatchersOf(info, /*of_name=*/false);
}

StatusOr<Block> Info(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const auto& call = std::get<Call>(expr.node);
  Block base = TRY(evaluator.Eval(*call.args[0], steps));
  return InfoJoin(evaluator, call, std::move(base)).Run(*call.args[0], steps);
}

}  // namespace outrider::promql
