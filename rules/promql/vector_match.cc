// SPDX-License-Identifier: Apache-2.0
// Matching two vectors by labels. Every series gets the number of its match group once; then each
// step is array look-ups. A stamp per group (step + 1) says whether the group was seen at this
// step, so nothing is cleared.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "rules/promql/binary_mixed.h"
#include "rules/promql/binary_op.h"
#include "rules/promql/evaluator.h"
#include "rules/promql/label_key.h"
#include "rules/promql/row_groups.h"

namespace outrider::promql {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
constexpr uint32_t kFilled = UINT32_MAX - 1;  // in place of a row: a fill value

struct Groups {
  std::vector<uint32_t> lhs;  // group of each row
  std::vector<uint32_t> rhs;
  size_t count = 0;
};

LabelKey KeyOf(const VectorMatching& m) {
  return LabelKey(m.on ? LabelKey::Mode::kOnly : LabelKey::Mode::kAllBut, m.labels);
}

// What of the many side's labels is left, beside those that go with the name.
LabelKey KeptOf(const VectorMatching& m) {
  if (m.card != Cardinality::kOneToOne) return LabelKey(LabelKey::Mode::kExcept, m.include);
  return LabelKey(m.on ? LabelKey::Mode::kOnly : LabelKey::Mode::kExcept, m.labels);
}

Groups NumberGroups(const Evaluator& evaluator, const VectorMatching& matching, const Block& lhs,
                    const Block& rhs) {
  RowGroups numbers(KeyOf(matching), lhs, rhs);
  const auto number = [&](const Block& block, std::vector<uint32_t>* out) {
    out->reserve(block.rows.size());
    for (const Row& row : block.rows) out->push_back(numbers.Of(row, evaluator.NameGone(row)));
  };
  Groups groups;
  number(lhs, &groups.lhs);
  number(rhs, &groups.rhs);
  groups.count = numbers.size();
  return groups;
}

bool AnyAt(const Block& block, size_t step) {
  for (size_t r = 0; r < block.rows.size(); ++r) {
    if (block.HasSample(r, step)) return true;
  }
  return false;
}

class Matching {
 public:
  Matching(Evaluator& evaluator, const BinaryExpr& node, uint32_t pos, const Block& lhs,
           const Block& rhs)
      : evaluator_(evaluator),
        node_(node),
        pos_(pos),
        lhs_(lhs),
        rhs_(rhs),
        swapped_(node.matching.card == Cardinality::kOneToMany),
        one_to_one_(node.matching.card == Cardinality::kOneToOne),
        filter_(IsComparison(node.op) && !node.return_bool),
        keeps_name_((IsComparison(node.op) || IsTrim(node.op)) &&
                    (!node.return_bool || evaluator.delayed())),
        mixed_(lhs.HasHistograms() || rhs.HasHistograms() || IsTrim(node.op)),
        groups_(NumberGroups(evaluator, node.matching, lhs, rhs)),
        one_at_(groups_.count, kNone),
        one_stamp_(groups_.count, 0),
        many_stamp_(groups_.count, 0),
        last_one_(Many().rows.size(), kNone),
        last_out_(Many().rows.size(), kNone),
        filled_out_(node.matching.fill_left ? One().rows.size() : 0, kNone),
        kept_(KeptOf(node.matching)),
        included_(LabelKey::Mode::kOnly, node.matching.include),
        out_groups_(LabelKey(LabelKey::Mode::kExcept, {}), lhs, rhs) {
    out_.steps = lhs.steps;
  }

  StatusOr<Block> Run() {
    for (size_t step = 0; step < lhs_.steps; ++step) {
      if (step % 64 == 0) TRY(evaluator_.CheckTimeout());
      if (!CanMatch(step)) continue;
      TRY(MatchAt(step));
      TRY(evaluator_.CheckSize(out_));
      if (!mixed_) continue;
      TRY(evaluator_.CheckArena());
      std::exchange(note_, {}).Tell(node_.op, pos_, &evaluator_.annotations());
    }
    out_.RemoveEmptyRows();
    return std::move(out_);
  }

 private:
  const Block& Many() const { return swapped_ ? rhs_ : lhs_; }
  const Block& One() const { return swapped_ ? lhs_ : rhs_; }
  const std::vector<uint32_t>& ManyGroups() const { return swapped_ ? groups_.rhs : groups_.lhs; }
  const std::vector<uint32_t>& OneGroups() const { return swapped_ ? groups_.lhs : groups_.rhs; }

  bool CanMatch(size_t step) const {
    const bool left = AnyAt(lhs_, step);
    const bool right = AnyAt(rhs_, step);
    return node_.matching.fills() ? left || right : left && right;
  }

  Status MatchAt(size_t step) {
    TRY(IndexOneSide(step));
    TRY(MatchManySide(step));
    const std::optional<double>& fill = node_.matching.fill_left;
    return fill ? FillManySide(step, *fill) : Status();
  }

  Status IndexOneSide(size_t step) {
    const Block& one = One();
    const auto stamp = static_cast<uint32_t>(step + 1);
    for (uint32_t r = 0; r < one.rows.size(); ++r) {
      if (!one.HasSample(r, step)) continue;
      const uint32_t group = OneGroups()[r];
      if (one_stamp_[group] == stamp) return DuplicateError(one_at_[group], r);
      one_stamp_[group] = stamp;
      one_at_[group] = r;
    }
    return {};
  }

  Status DuplicateError(uint32_t first, uint32_t second) const {
    const Row& a = One().rows[first];
    const Row& b = One().rows[second];
    const Labels group = KeyOf(node_.matching).LabelsOf(a, evaluator_.NameGone(a));
    return ExecutionError(fmt::format(
        "found duplicate series for the match group {} on the {} hand-side of the operation: [{}, "
        "{}];many-to-many matching not allowed: matching labels must be unique on one side",
        BraceText(group), swapped_ ? "left" : "right",
        BraceText(EffectiveLabels(a, evaluator_.NameGone(a))),
        BraceText(EffectiveLabels(b, evaluator_.NameGone(b)))));
  }

  Status MatchManySide(size_t step) {
    const Block& many = Many();
    const auto stamp = static_cast<uint32_t>(step + 1);
    // With group_right the sides are swapped, the fill values are not, as in Prometheus.
    const std::optional<double>& fill = node_.matching.fill_right;
    for (uint32_t r = 0; r < many.rows.size(); ++r) {
      if (!many.HasSample(r, step)) continue;
      const uint32_t group = ManyGroups()[r];
      const bool matched = one_stamp_[group] == stamp;
      if (!matched && !fill) continue;
      const uint32_t one = matched ? one_at_[group] : kFilled;
      const MixedOperand of_one =
          matched ? OperandAt(One(), one, step) : MixedOperand{fill.value_or(0)};
      const BinaryOutcome outcome = Operate(OperandAt(many, r, step), of_one);
      if (!outcome.valid) continue;
      if (one_to_one_ && many_stamp_[group] == stamp) {
        return ExecutionError(
            "multiple matches for labels: many-to-one matching must be explicit "
            "(group_left/group_right)");
      }
      many_stamp_[group] = stamp;
      TRY(Put(OutRow(r, one), outcome, step));
    }
    return {};
  }

  // Rows of the one side that no row of the many side met.
  Status FillManySide(size_t step, double fill) {
    const Block& one = One();
    const auto stamp = static_cast<uint32_t>(step + 1);
    for (uint32_t r = 0; r < one.rows.size(); ++r) {
      if (!one.HasSample(r, step) || many_stamp_[OneGroups()[r]] == stamp) continue;
      const BinaryOutcome outcome = Operate(MixedOperand{fill}, OperandAt(one, r, step));
      if (!outcome.valid) continue;
      uint32_t& out = filled_out_[r];
      if (out == kNone) out = RowFor(ResultLabels(GroupOf(one.rows[r]), one.rows[r]));
      TRY(Put(out, outcome, step));
    }
    return {};
  }

  MixedOperand OperandAt(const Block& block, uint32_t row, size_t step) const {
    return {block.values[row * block.steps + step],
            mixed_ ? block.HistogramAt(row, step) : nullptr};
  }

  BinaryOutcome Operate(const MixedOperand& of_many, const MixedOperand& of_one) {
    const MixedOperand& left = swapped_ ? of_one : of_many;
    const MixedOperand& right = swapped_ ? of_many : of_one;
    if (mixed_) return OperateMixed(node_.op, left, right, &evaluator_.arena(), &note_);
    const double result = ApplyOperator(node_.op, left.value, right.value);
    return {.valid = true, .keep = result != 0, .result = {filter_ ? left.value : result}};
  }

  Status Put(uint32_t out, const BinaryOutcome& outcome, size_t step) {
    const auto stamp = static_cast<uint32_t>(step + 1);
    if (out_stamp_[out] == stamp) {
      return ExecutionError(one_to_one_ ? "vector cannot contain metrics with the same labelset"
                                        : "multiple matches for labels: grouping labels must "
                                          "ensure unique matches");
    }
    out_stamp_[out] = stamp;
    MixedOperand result = outcome.result;
    if (node_.return_bool) {
      result = {outcome.keep ? 1.0 : 0.0};
    } else if (filter_ && !outcome.keep) {
      return {};
    }
    if (result.histogram != nullptr) {
      out_.SetHistogram(out, step, result.histogram);
    } else {
      out_.values[out * out_.steps + step] = result.value;
    }
    return {};
  }

  // The row for what this pair gives; pairs hardly ever change between steps.
  uint32_t OutRow(uint32_t many, uint32_t one) {
    if (last_one_[many] == one) return last_out_[many];
    // Where they change, they mostly change back.
    const bool changes = last_one_[many] != kNone;
    if (changes) out_of_pair_.emplace(uint64_t{many} << 32 | last_one_[many], last_out_[many]);
    last_one_[many] = one;
    if (changes) {
      const auto before = out_of_pair_.find(uint64_t{many} << 32 | one);
      if (before != out_of_pair_.end()) return last_out_[many] = before->second;
    }
    const Row& row = Many().rows[many];
    last_out_[many] = RowFor(ResultLabels(row, one == kFilled ? GroupOf(row) : One().rows[one]));
    return last_out_[many];
  }

  // As in Prometheus, a delayed removal that the operands asked for is forgotten here.
  uint32_t RowFor(const SeriesLabels* labels) {
    const Row row{.labels = labels, .drop_name = node_.return_bool};
    const uint32_t out = out_groups_.Of(row, /*name_gone=*/false);
    if (out == out_.rows.size()) {
      out_.AddRow(row);
      out_stamp_.push_back(0);
    }
    return out;
  }

  // What stands for a row's missing partner: the labels by which they would have met.
  Row GroupOf(const Row& row) {
    return {.labels = KeyOf(node_.matching).Own(evaluator_, row, evaluator_.NameGone(row))};
  }

  const SeriesLabels* ResultLabels(const Row& many, const Row& one) {
    const bool name_gone = !keeps_name_ || evaluator_.NameGone(many);
    const std::vector<std::string>& include = node_.matching.include;
    if (one_to_one_ || include.empty()) return kept_.Own(evaluator_, many, name_gone);
    if (many.labels->table() == nullptr || one.labels->table() == nullptr) {
      return evaluator_.Own(WithIncluded(many, one, name_gone));
    }
    const LabelTable& table = *many.labels->table();
    const std::span<const PairId> kept = kept_.PairsOf(many, name_gone);
    std::vector<PairId> pairs(kept.begin(), kept.end());
    const std::span<const PairId> included = included_.PairsOf(one, evaluator_.NameGone(one));
    pairs.insert(pairs.end(), included.begin(), included.end());
    std::sort(pairs.begin(), pairs.end(), [&](PairId a, PairId b) {
      return table.At(a).name_text() < table.At(b).name_text();
    });
    return evaluator_.Own(table, pairs);
  }

  Labels WithIncluded(const Row& many, const Row& one, bool name_gone) {
    const Labels of_many = kept_.LabelsOf(many, name_gone);
    const Labels of_one = included_.LabelsOf(one, evaluator_.NameGone(one));
    std::vector<LabelView> all(of_many.begin(), of_many.end());
    all.insert(all.end(), of_one.begin(), of_one.end());
    return Labels::FromViews(std::move(all));
  }

  Evaluator& evaluator_;
  const BinaryExpr& node_;
  const uint32_t pos_;
  const Block& lhs_;
  const Block& rhs_;
  const bool swapped_;     // the right side is the "many" one
  const bool one_to_one_;  // then the left side is searched like a "many" one, each group once
  const bool filter_;
  const bool keeps_name_;
  const bool mixed_;  // there are histograms, or the operator is of histograms
  const Groups groups_;
  std::vector<uint32_t> one_at_;      // group → row of the one side
  std::vector<uint32_t> one_stamp_;   // group → step + 1 at which one_at_ holds
  std::vector<uint32_t> many_stamp_;  // group → step + 1 at which it matched
  std::vector<uint32_t> last_one_;    // many row → its last partner, and what came out
  std::vector<uint32_t> last_out_;
  absl::flat_hash_map<uint64_t, uint32_t> out_of_pair_;  // rows of partners before the last
  std::vector<uint32_t> filled_out_;                     // one row without partner → its out row
  std::vector<uint32_t> out_stamp_;
  LabelKey kept_;      // of the many side
  LabelKey included_;  // of the one side
  RowGroups out_groups_;
  BinaryNote note_;  // of this step
  Block out_;
};

// For each row and step of `block`: has the other side a sample in the same group?
class Presence {
 public:
  Presence(const Block& block, const std::vector<uint32_t>& groups, size_t count)
      : steps_(block.steps), seen_(count * block.steps) {
    for (size_t r = 0; r < block.rows.size(); ++r) {
      for (size_t i = 0; i < steps_; ++i) {
        if (block.HasSample(r, i)) seen_[groups[r] * steps_ + i] = true;
      }
    }
  }
  bool At(uint32_t group, size_t step) const { return seen_[group * steps_ + step]; }

 private:
  size_t steps_;
  std::vector<bool> seen_;
};

// Keeps the samples for which the other side's presence equals `wanted`.
void KeepWhere(Block* block, const std::vector<uint32_t>& groups, const Presence& other,
               bool wanted) {
  for (size_t r = 0; r < block->rows.size(); ++r) {
    const std::span<double> row = block->Of(r);
    for (size_t i = 0; i < row.size(); ++i) {
      if (other.At(groups[r], i) == wanted) continue;
      row[i] = kAbsent;
      block->SetHistogram(r, i, nullptr);
    }
  }
  block->RemoveEmptyRows();
}

}  // namespace

StatusOr<Block> MatchVectors(Evaluator& evaluator, const BinaryExpr& node, uint32_t pos,
                             const Block& lhs, const Block& rhs) {
  return Matching(evaluator, node, pos, lhs, rhs).Run();
}

StatusOr<Block> CombineSets(Evaluator& evaluator, const BinaryExpr& node, Block lhs, Block rhs) {
  const Groups groups = NumberGroups(evaluator, node.matching, lhs, rhs);
  if (node.op != Token::kOr) {
    const Presence right(rhs, groups.rhs, groups.count);
    KeepWhere(&lhs, groups.lhs, right, node.op == Token::kAnd);
    return lhs;
  }
  const Presence left(lhs, groups.lhs, groups.count);
  KeepWhere(&rhs, groups.rhs, left, false);
  const size_t rows_before = lhs.rows.size();
  lhs.rows.insert(lhs.rows.end(), rhs.rows.begin(), rhs.rows.end());
  lhs.values.insert(lhs.values.end(), rhs.values.begin(), rhs.values.end());
  if (rhs.HasHistograms()) {
    lhs.histograms.resize(rows_before);
    lhs.histograms.insert(lhs.histograms.end(), rhs.histograms.begin(), rhs.histograms.end());
  }
  lhs.one_name = false;
  TRY(MergeDuplicates(&lhs, evaluator.delayed()));
  return lhs;
}

}  // namespace outrider::promql
